"""The page of a case, put together for the template from the case, its flow and the plugin's part."""

from dataclasses import dataclass
from typing import Any

import structlog
from pyramid.renderers import render

from portal_core.calendar.services import CalendarService
from portal_core.i18n import _
from portal_core.inbox.acting import LABELS
from portal_core.inbox.flow import NO_OPINION, REQUIRED
from portal_core.inbox.further import Further, FurtherActs, deputies
from portal_core.inbox.models import ACT, Case, CaseEvent
from portal_core.inbox.plans.path import PathService, PathStage
from portal_core.inbox.plans.stages import ANY
from portal_core.inbox.rows import case_url
from portal_core.inbox.services import OPINION_MAX, CaseService
from portal_core.inbox.strip import Step, steps
from portal_core.inbox.timeline import events
from portal_core.inbox.whose import absent_name, awaits
from portal_core.inbox.wording import ABSENT_TITLE, due_text, is_late, state_of, verb_of, why_of

# A task for all administrators names some of them; the rest is a number.
NAMES_SHOWN = 5
BUTTON_LOOKS = {"ok": "btn-p", "bad": "btn-d"}
log = structlog.get_logger("portal.inbox")


@dataclass(frozen=True)
class Act:
    """A button that moves the case; ``look`` is a class of buttons."""

    label: Any
    look: str
    action: str


@dataclass(frozen=True)
class Link:
    """A button that leads to a page of the plugin."""

    label: Any
    look: str
    url: str


@dataclass(frozen=True)
class Waiting:
    """An open task: what is awaited, from whom, why, since and until when. ``others`` counts the people who are not named.

    ``single``: it is with one person, who took it or was given it. ``deputies`` stand in for that person. ``absent`` is for whom
    the reader stands in with it, empty for what is their own.
    """

    verb: Any
    why: Any
    names: tuple[str, ...]
    others: int
    due: Any
    late: bool
    mine: bool
    since: Any
    single: bool
    deputies: tuple[str, ...]
    absent: str


@dataclass(frozen=True)
class Line:
    """A line of the timeline. ``changes`` are ``(label, old, new)``; ``look`` colours its mark.

    ``absent`` is for whom the actor stood in, or empty; ``stays``: the act did not move the case.
    """

    actor: str
    absent: str
    unit: str
    act: Any
    state: Any
    at: Any
    opinion: str
    changes: tuple[tuple[str, str, str], ...]
    look: str
    stays: bool


@dataclass(frozen=True)
class CasePage:
    """Context of ``case.pt``.

    ``facts`` is the summary, unless the plugin's ``panel`` says it all. ``errors`` maps a field of a refused act to its message.
    ``form_page`` gives the phone its sticky bar. ``path`` are the stages of an approval that an administrator has set.
    """

    case: Case
    kind: Any
    state: Any
    steps: tuple[Step, ...]
    facts: tuple
    panel: str
    acts: tuple[Act, ...]
    links: tuple[Link, ...]
    needs_opinion: tuple[Any, ...]
    ask_opinion: bool
    opinion_max: int
    waiting: tuple[Waiting, ...]
    lines: tuple[Line, ...]
    absent: bool
    act_url: str
    opinion: str
    errors: dict
    message: Any
    form_page: bool
    further: Further
    path: tuple[PathStage, ...]


def build(request, case: Case, opinion: str = "", errors=None, message="") -> CasePage:
    """The page of ``case`` for the person who asks. ``opinion``, ``errors``, ``message``: of an act that was refused."""
    cases, identity = request.services.get(CaseService), request.identity
    cases.keep_tasks(case)
    flow, timeline = cases.flow(case), events(request.services.session, case.id)
    offered = [t for t in cases.available(case, identity) if t.offered]
    links, panel = _links(request, flow, case), _panel(request, flow, case)
    awaited = [task for task in cases.open_tasks(case) if task.kind == ACT]
    further = FurtherActs(request.services, case, identity).page()
    return CasePage(
        case=case,
        kind=flow.title if flow else ABSENT_TITLE,
        state=state_of(flow, case),
        steps=steps(flow, case, timeline) if flow else (),
        facts=() if panel else tuple(case.summary),
        panel=panel,
        acts=tuple(Act(t.label, BUTTON_LOOKS.get(t.tone, ""), t.action) for t in offered),
        links=links,
        needs_opinion=tuple(t.label for t in offered if t.opinion == REQUIRED),
        ask_opinion=any(t.opinion != NO_OPINION for t in offered),
        opinion_max=OPINION_MAX,
        waiting=_waiting(request, flow, case, awaited),
        path=request.services.get(PathService).of_case(flow, case, cases.tasks(case)) if flow else (),
        lines=tuple(line_of(flow, event) for event in timeline),
        absent=flow is None,
        act_url=f"{case_url(case)}/act",
        opinion=opinion,
        errors=errors or {},
        message=message,
        form_page=bool(offered or further.sign_task),
        further=further,
    )


def _links(request, flow, case):
    """The plugin's own buttons; when it fails, the page comes without them."""
    if flow is None:
        return ()
    try:
        found = flow.handler.actions(request, case, request.identity)
        return tuple(Link(label, BUTTON_LOOKS.get(tone, ""), url) for label, url, tone in found)
    except Exception:
        log.exception("actions of a case failed", kind=case.kind, number=case.number)
        return ()


def _panel(request, flow, case):
    """The plugin's part as markup, or nothing: an error in it must not hide who is to act."""
    if flow is None:
        return ""
    try:
        panel = flow.handler.panel(request, case)
        return render(*panel, request=request) if panel else ""
    except Exception:
        log.exception("panel of a case failed", kind=case.kind, number=case.number)
        return ""


def _waiting(request, flow, case, awaited) -> tuple[Waiting, ...]:
    """Open to-dos as lines; those of one stage in which any one suffices are one line."""
    services, reader = request.services, request.identity
    stand_ins = deputies(services, case, awaited)
    people = services.get(CaseService).candidates(awaited, NAMES_SHOWN)
    groups: dict[Any, list] = {}
    for task in awaited:
        alone = task.parent_id is not None or task.mode != ANY
        groups.setdefault(task.id if alone else (task.step, task.stage, task.why), []).append(task)
    return tuple(_waiting_line(services, flow, tasks, people, stand_ins, reader) for tasks in groups.values())


def _waiting_line(services, flow, tasks, people, stand_ins, reader):
    mine = next((task for task in tasks if awaits(task, reader)), None)
    task = mine or tasks[0]
    names = [name for each in tasks for name in people[each.id][0]][:NAMES_SHOWN]
    return Waiting(
        verb=verb_of(flow, task),
        why=why_of(flow, task),
        names=tuple(names),
        others=sum(people[each.id][1] for each in tasks) - len(names),
        due=due_text(task, services.clock, services.get(CalendarService)) if task.due else "",
        late=is_late(task, services.clock),
        mine=mine is not None,
        since=task.created,
        single=task.assignee_id is not None and len(tasks) == 1,
        deputies=tuple(name for each in tasks for name in stand_ins.get(each.assignee_id, ())),
        absent=absent_name(task, reader),
    )


def line_of(flow, event: CaseEvent) -> Line:
    """A line of the timeline for its reader. ``flow`` is None when the plugin is absent."""
    transition = flow.transition(event.from_state, event.action) if flow else None
    codes = {state.code: state for state in flow.states} if flow else {}
    state = codes.get(event.to_state)
    unit = event.actor.department if event.actor else None
    stays = event.action in LABELS
    return Line(
        actor=event.actor.name if event.actor else _("The portal"),
        absent=event.on_behalf_of.name if event.on_behalf_of else "",
        unit=unit.name if unit else "",
        act=transition.label if transition else LABELS.get(event.action, event.action_label),
        state=state.label if state else event.to_label,
        at=event.at,
        opinion=event.opinion,
        changes=tuple(tuple(change) for change in event.changes),
        look=state.tone if state and state.tone in ("ok", "bad") and not stays else "",
        stays=stays,
    )
