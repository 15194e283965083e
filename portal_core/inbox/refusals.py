"""How a refused act on a case is answered: the case again with what was typed, or who was faster and when."""

from dataclasses import dataclass
from typing import Any

from pyramid.renderers import render_to_response

from portal_core.errors import Conflict, Invalid, Stale
from portal_core.inbox import casepage
from portal_core.inbox.services import CaseService

CASE = "portal_core:templates/inbox/case.pt"
STALE = "portal_core:templates/inbox/stale.pt"


@dataclass(frozen=True)
class StalePage:
    """Context of ``stale.pt``: somebody else was faster. ``by`` and ``at`` are None when it was the portal itself."""

    message: Any
    by: str | None
    at: Any
    url: str
    number: str
    opinion: str


def refused(request, error: Conflict | Invalid, opinion: str = ""):
    """The answer to an act on the request's case that raised ``error``; ``opinion`` is what was typed."""
    if isinstance(error, Stale):
        return stale(request, error, opinion)
    if isinstance(error, Invalid):
        return _case_again(request, 422, opinion, error.fields, error.message)
    return _case_again(request, 409, opinion, {}, error.message)


def stale(request, error: Stale, opinion: str = ""):
    """Who was faster and when, with the way to the present state."""
    request.roll_back()
    number = request.matchdict["number"]
    page = StalePage(error.message, error.by, error.at, f"/cases/{number}", number, opinion)
    response = render_to_response(STALE, page, request=request)
    response.status_int = 409
    return response


def _case_again(request, status, opinion, errors, message):
    """The case as it is now, with the refused opinion still in its box."""
    request.roll_back()
    case = request.services.get(CaseService).visible(request.matchdict["number"], request.identity)
    page = casepage.build(request, case, opinion, errors, message)
    response = render_to_response(CASE, page, request=request)
    response.status_int = status
    return response
