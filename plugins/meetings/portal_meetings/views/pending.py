"""会议审核: what waits for the reviewers of rooms, and acting on many at once."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest

from portal_core.api import BATCH_MAX, Invalid, choice_param, opinion_in, reading
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.services.pending import ACTS, SORTS, PendingService
from portal_meetings.views.common import translator

SORT_TITLES = {"urgent": _("Next meeting first"), "oldest": _("Waiting longest first")}
OPINION_MAX = 1000


@dataclass(frozen=True)
class Line:
    """A booking of the queue; ``value`` is what its tick box sends."""

    waiting: Any
    value: str
    age: str
    checked: bool


@dataclass(frozen=True)
class Result:
    """What became of one booking of the batch that was just sent."""

    number: str
    done: bool
    message: Any


@dataclass(frozen=True)
class PendingPage:
    """Context of ``pending.pt``."""

    lines: list[Line]
    sort: str
    sorts: list[tuple[str, Any, str]]
    results: list[Result]
    opinion: str
    problem: Any
    opinion_error: Any


def show(request) -> PendingPage:
    """``/meetings/pending?sort=urgent|oldest``"""
    return _page(request)


def act(request):
    """Some were chosen and a button pressed. Each is done or refused by itself, and the page says which."""
    post = request.POST
    chosen, action, opinion = _chosen(post), post.get("action", ""), opinion_in(post)
    if action not in ACTS:
        raise HTTPBadRequest()
    if len(opinion) > OPINION_MAX:
        return _refused(
            request, chosen, opinion[:OPINION_MAX], opinion_error=_("At most ${max} characters", mapping={"max": OPINION_MAX})
        )
    if not chosen:
        return _refused(request, chosen, opinion, problem=_("Please choose at least one booking"))
    try:
        outcomes = request.services.get(PendingService).act(request.identity, chosen, action, opinion)
    except Invalid as error:
        request.roll_back()
        return _refused(request, chosen, opinion, error.message, error.fields.get("opinion", ""))
    # The queue is read in the same transaction, so that it shows what was done just now.
    return _page(request, results=[Result(o.number, not o.message, o.message) for o in outcomes], services=request.services)


def _refused(request, chosen, opinion, problem="", opinion_error=""):
    request.response.status_int = 422
    return _page(request, chosen=dict(chosen), opinion=opinion, problem=problem, opinion_error=opinion_error)


def _page(request, results=(), chosen=None, opinion="", problem="", opinion_error="", services=None):
    sort = choice_param(request, "sort", SORTS, "urgent")
    queue = (services or reading(request)).get(PendingService).queue(request.identity, sort)
    translate = translator(request)
    return PendingPage(
        lines=[Line(w, f"{w.case_id}:{w.version}", age(w.waits, translate), w.case_id in (chosen or {})) for w in queue],
        sort=sort,
        sorts=[(code, SORT_TITLES[code], f"/meetings/pending?sort={code}") for code in SORTS],
        results=list(results),
        opinion=opinion,
        problem=problem,
        opinion_error=opinion_error,
    )


def age(waits, translate) -> str:
    """How long something has waited, in the largest fitting unit."""
    minutes = int(waits.total_seconds() // 60)
    if minutes >= 24 * 60:
        return translate(_("${count} days", mapping={"count": minutes // (24 * 60)}))
    if minutes >= 60:
        return translate(_("${count} hours", mapping={"count": minutes // 60}))
    return translate(_("${count} minutes", mapping={"count": max(minutes, 0)}))


def _chosen(post) -> list[tuple[int, int]]:
    """The ticked ``case id:version`` pairs; 400 for anything that the page does not send."""
    pairs = []
    for text in post.getall("chosen"):
        case_id, colon, version = text.partition(":")
        if not colon or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (case_id, version)):
            raise HTTPBadRequest()
        pairs.append((int(case_id), int(version)))
    if len(pairs) > BATCH_MAX:
        raise HTTPBadRequest()
    return pairs


def includeme(config):
    """Route and views."""
    config.add_route("meetings.pending", "/meetings/pending")
    options = {
        "route_name": "meetings.pending",
        "renderer": "portal_meetings:templates/pending.pt",
        "permission": permissions.APPROVE,
    }
    config.add_view(show, request_method="GET", **options)
    config.add_view(act, request_method="POST", **options)
