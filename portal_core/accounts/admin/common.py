"""What the pages for people and rights share."""

from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from wtforms.fields import SelectChoice

from portal_core.accounts.services import DepartmentService
from portal_core.errors import Forbidden, Invalid
from portal_core.services import Services


def reading(request) -> Services:
    """Services over the reading session, for what a page shows also when its form is refused."""
    return Services(request.reader, request.registry.portal)


def everywhere(permission):
    """Arguments of ``add_view``: the page is for those who hold ``permission`` for everything.

    Pyramid's policy opens a page also to those who hold it within one scope, e.g. one meeting room.
    """

    def guarded(view):
        def wrapper(context, request):
            if not request.identity.may(permission):
                raise HTTPForbidden()
            return view(context, request)

        return wrapper

    return {"permission": permission, "decorator": guarded}


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


def address(path, **params):
    """``path`` with those of ``params`` that have a value."""
    given = {name: value for name, value in params.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def unit_choices(tree) -> list[SelectChoice]:
    """Units for a select, indented by their depth; ``tree`` is what ``DepartmentService.tree`` gives."""
    return [SelectChoice(unit.id, "　" * (unit.path.count("/") - 2) + unit.name) for unit in tree]


def units_of(request):
    """The tree of active units."""
    return reading(request).get(DepartmentService).tree()
