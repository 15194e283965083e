"""What several pages of the plugin need."""

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.response import Response

from portal_core.api import Services, change_rows, path_id, text_param
from portal_meetings.services.states import KIND

__all__ = [
    "change_rows",
    "cover_url",
    "go_to",
    "path_id",
    "posted",
    "reading",
    "state_label",
    "text_param",
    "translator",
]

DOMAIN = "portal_meetings"
COVER_WIDTH = 240


def reading(request) -> Services:
    """Services over the reading session.

    A form reads what it shows with these, also when it is sent: on SQLite the first statement of the writing session queues for
    the only writer, and a form that is refused has no need of it.
    """
    return Services(request.reader, request.registry.portal)


def cover_url(request, cover) -> str:
    """The address of a room's small picture. Making sixty addresses takes a tenth of the grid's time, so they are kept."""
    known = request.registry.setdefault("meetings.cover_urls", {})
    key = (request.script_name, cover)
    if key not in known:
        known[key] = request.file_url(cover, COVER_WIDTH)
    return known[key]


def go_to(request, url: str):
    """The answer to a form that was accepted: the browser goes to ``url``, also when the form stood in the dialog."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": url})
    return HTTPSeeOther(url)


def posted(request):
    """What was sent. None of our forms has a place for files, so one that stands where text belongs is answered with 400."""
    if not all(isinstance(value, str) for value in request.POST.values()):
        raise HTTPBadRequest()
    return request.POST


def translator(request):
    """The request's translator for this plugin's texts."""
    return request.translator(DOMAIN)


def state_label(request, code: str):
    """The name of a booking's state, untranslated."""
    return request.registry.portal.flows[KIND].state(code).label
