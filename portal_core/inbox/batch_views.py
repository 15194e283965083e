"""批量同意: the chosen rows of 待办 are agreed to, and a page says of each what became of it."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.renderers import render_to_response

from portal_core.errors import Invalid
from portal_core.inbox.batch import BATCH_MAX, BatchOutcome, BatchService
from portal_core.inbox.phrases import opinion_in

RESULT = "portal_core:templates/inbox/batch.pt"


@dataclass(frozen=True)
class BatchPage:
    """Context of ``batch.pt``. ``problem`` says why nothing was tried at all."""

    outcomes: tuple[BatchOutcome, ...]
    done: int
    problem: Any


def agree(request):
    """``POST /inbox/batch``: ``chosen`` (``task id:version of its case``, several) and ``opinion``; 422 when nothing is tried."""
    chosen, opinion = chosen_in(request.POST), opinion_in(request.POST)
    try:
        outcomes = tuple(request.services.get(BatchService).agree(request.identity, chosen, opinion))
    except Invalid as error:
        request.roll_back()
        response = render_to_response(RESULT, BatchPage((), 0, error.message), request=request)
        response.status_int = 422
        return response
    return BatchPage(outcomes, sum(not outcome.message for outcome in outcomes), "")


def chosen_in(post) -> list[tuple[int, int]]:
    """The ticked pairs ``id:version`` of a form; 400 for what no page of ours sends, and for more than a batch holds."""
    pairs = []
    for text in post.getall("chosen"):
        first, colon, version = text.partition(":")
        if not colon or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (first, version)):
            raise HTTPBadRequest()
        pairs.append((int(first), int(version)))
    if len(pairs) > BATCH_MAX:
        raise HTTPBadRequest()
    return pairs


def includeme(config):
    """Route and view."""
    config.add_route("inbox.batch", "/inbox/batch")
    config.add_view(agree, route_name="inbox.batch", request_method="POST", renderer=RESULT)
