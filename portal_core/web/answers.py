"""How views answer a form: what its page reads, the page again after a refusal, the way on after success."""

from pyramid.httpexceptions import HTTPSeeOther

from portal_core.errors import Forbidden, Invalid
from portal_core.services import Services


def reading(request) -> Services:
    """Services over the reading session.

    A form reads what it shows with these, also when it is sent: on SQLite the first statement of the writing session queues for
    the only writer, and a form that is refused has no need of it.
    """
    return Services(request.reader, request.registry.portal)


def done(request, url, message):
    """Back to ``url`` with a message."""
    request.flash("ok", message)
    return HTTPSeeOther(url)


def refused(request, form, error):
    """Undo what was written and put the messages of ``error`` (a ServiceError) into ``form``, for the page that follows."""
    request.roll_back()
    form.add_errors(error)
    request.response.status_int = status_of(error)


def turned_away(request, url, error):
    """Undo what was written and go back to ``url`` with the reason, for a button that stands alone."""
    request.roll_back()
    request.flash("bad", error.message or next(iter(getattr(error, "fields", {}).values()), ""))
    return HTTPSeeOther(url)


def status_of(error) -> int:
    """422 for wrong fields, 403 for what is not the person's to do, 409 for what collides."""
    if isinstance(error, Invalid):
        return 422
    return 403 if isinstance(error, Forbidden) else 409
