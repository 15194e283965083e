"""The progress strip of a case: which states it has been through, where it stands, what usually comes next."""

from dataclasses import dataclass
from typing import Any

from portal_core.inbox.flow import Flow
from portal_core.inbox.models import Case, CaseEvent

DONE, NOW, STOP, AHEAD = "done", "now", "stop", ""


@dataclass(frozen=True)
class Step:
    """One station; ``look`` is done, now, stop (ended before its goal) or empty (to come)."""

    label: Any
    look: str


def steps(flow: Flow, case: Case, events: list[CaseEvent]) -> tuple[Step, ...]:
    """Stations of ``flow.path``. A state beside the path (returned, cancelled) stands after the last station that was reached."""
    state = flow.state(case.state)
    if case.state in flow.path:
        here = flow.path.index(case.state)
        now = DONE if state.final else NOW
        return _stations(flow, flow.path[:here], DONE) + (Step(state.label, now),) + _stations(flow, flow.path[here + 1 :], AHEAD)
    been = {event.to_state for event in events} | {flow.initial}
    passed = max((number for number, code in enumerate(flow.path, 1) if code in been), default=0)
    ahead = () if state.final else flow.path[passed:]
    look = STOP if state.final or state.tone == "bad" else NOW
    return _stations(flow, flow.path[:passed], DONE) + (Step(state.label, look),) + _stations(flow, ahead, AHEAD)


def _stations(flow, codes, look):
    return tuple(Step(flow.state(code).label, look) for code in codes)
