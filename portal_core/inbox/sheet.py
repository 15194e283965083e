"""办理单: a case on one sheet of paper, with what was decided, by whom and when."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal_core.inbox.casepage import Line, line_of
from portal_core.inbox.models import Case
from portal_core.inbox.services import CaseService
from portal_core.inbox.timeline import events
from portal_core.inbox.wording import ABSENT_TITLE, state_of

SHEET = "portal_core:templates/inbox/sheet.pt"


@dataclass(frozen=True)
class SheetPage:
    """Context of ``sheet.pt``. ``facts`` are label and value; ``opinions`` the lines of the timeline in which one was given."""

    case: Case
    kind: Any
    state: Any
    facts: tuple
    opinions: tuple[Line, ...]
    lines: tuple[Line, ...]
    printed: dt.datetime


def sheet(request) -> SheetPage:
    """``/cases/<number>/sheet``, for whoever may see the case."""
    cases = request.services.get(CaseService)
    case = cases.visible(request.matchdict["number"], request.identity)
    flow = cases.flow(case)
    lines = tuple(line_of(flow, event) for event in events(request.services.session, case.id))
    return SheetPage(
        case=case,
        kind=flow.title if flow else ABSENT_TITLE,
        state=state_of(flow, case),
        facts=tuple(case.summary),
        opinions=tuple(line for line in lines if line.opinion),
        lines=lines,
        printed=request.services.clock.now(),
    )


def includeme(config):
    """Route and view."""
    config.add_route("case.sheet", "/cases/{number:[A-Za-z]{1,16}[0-9]{8}-[0-9]{1,8}}/sheet")
    config.add_view(sheet, route_name="case.sheet", request_method="GET", renderer=SHEET)
