"""What several pages of the plugin need."""

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from portal_meetings.services.states import KIND

DOMAIN = "portal_meetings"
COVER_WIDTH = 240


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


def translator(request):
    """The request's translator for this plugin's texts."""
    return request.translator(DOMAIN)


def state_label(request, code: str):
    """The name of a booking's state, untranslated."""
    return request.registry.portal.flows[KIND].state(code).label
