"""Flows: the life of a kind of case as data.

One ``Flow`` per case kind, written in the plugin's ``flow.py``. The same data moves cases, draws the progress strip and
feeds the tests of reachability. What a plugin must do besides (hold a slot, say) stands in its ``CaseHandler``.
"""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal_core.calendar.hours import WorkingDays, WorkingHours
from portal_core.calendar.services import CalendarService
from portal_core.errors import StartError

APPLICANT, TASK, SYSTEM_ONLY = "applicant", "task", "system"
NO_OPINION, OPTIONAL, REQUIRED = "none", "optional", "required"
TASK_KINDS = ("act", "read")


@dataclass(frozen=True)
class State:
    """A state of a case. ``tone`` colours its label: warn info vio ok bad mute. ``final`` closes the case."""

    code: str
    label: str
    tone: str = "mute"
    final: bool = False


@dataclass(frozen=True)
class TaskSpec:
    """A task that a transition opens.

    ``to_applicant`` gives it to the case's handler (经办人); otherwise holders of ``permission`` within the scope that the
    handler's ``scope(ctx)`` names are candidates. ``why`` tells the reader which rule sent it.
    ``due``: how long after opening it is due, by the clock or in working time; the handler's ``due(ctx, spec)`` may differ.
    ``kind``: ``act`` is a to-do (待办); ``read`` (待阅) only asks to be read: it ends when its reader opens the case, and gives
    no right to act.
    ``configurable``: an approval whose stages administrators may set (``portal_core.inbox.plans``). Without a plan the holders of
    ``permission`` are its only stage. Applicant and handler never approve their own case.
    """

    step: str
    verb: str
    permission: str = ""
    to_applicant: bool = False
    why: str = ""
    due: dt.timedelta | WorkingHours | WorkingDays | None = None
    kind: str = "act"
    configurable: bool = False


@dataclass(frozen=True)
class Transition:
    """An act that moves a case.

    ``who`` lists who may do it: applicant, task (holder of an open to-do), system, or the name of a permission. ``opinion``: none
    (nothing is asked), optional or required. ``opens``: tasks opened; unless ``keeps_tasks``, the case's open to-dos are closed
    before: done are those that the act was the answer to, void all others. ``notify``: notification type sent to the applicant
    and handler, except to the actor. ``tone`` of its button: ok (the main one), bad (danger) or empty.
    ``offered``: False keeps it off the case page, which refuses it too (it has a form of its own).
    ``completes``: the step of a configurable task to which this act says yes; the case moves when all stages have agreed.
    ``negative``: this act says no to such a task at whatever stage; it always asks for an opinion.
    ``batchable``: it may be done to many cases at once, from the list of to-dos.
    """

    action: str
    label: str
    sources: tuple[str, ...]
    target: str
    who: tuple[str, ...]
    opinion: str = OPTIONAL
    opens: tuple[TaskSpec, ...] = ()
    notify: str = ""
    tone: str = ""
    keeps_tasks: bool = False
    offered: bool = True
    completes: str = ""
    negative: bool = False
    batchable: bool = False


@dataclass
class TransitionContext:
    """What a handler gets for one act. ``data`` is what the plugin's view passed; ``changes`` collects ``[label, old, new]``.

    ``on_behalf_of_id``: for whom the actor stands in with this act, or None.
    """

    services: Any
    case: Any
    transition: Transition
    actor: Any
    now: dt.datetime
    opinion: str = ""
    data: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)
    on_behalf_of_id: int | None = None


class CaseHandler:
    """A plugin's part in the life of its cases; every method may be overridden. Handlers keep no state."""

    def may_view(self, services, case, identity) -> bool:
        """May ``identity`` see the case, beyond applicant, handler and people with a task or an act on it?"""
        return False

    def visible(self, services, identity):
        """The same as ``may_view`` as a SQL condition on ``Case``, for the search; None when it admits nobody further."""
        return

    def offered(self, services, case, identity, transition) -> bool:
        """Is this act possible now (deadlines, own rules)? Asked for every button and again when it is performed."""
        return True

    def scope(self, ctx) -> str:
        """The scope of the candidates of tasks that this act opens, e.g. ``meetings.room:7``; also used for permissions."""
        return ""

    def permission(self, ctx, spec) -> str:
        """Whose holders are candidates of the task ``spec`` that this act opens; by default what the flow says."""
        return spec.permission

    def case_scope(self, services, case) -> str:
        """The scope in which a permission must be held to act on this case."""
        return ""

    def due(self, ctx, spec) -> dt.datetime | None:
        """When a task is due; by default ``spec.due`` after now."""
        return ctx.services.get(CalendarService).due(ctx.now, spec.due)

    def apply(self, ctx) -> None:
        """Do the plugin's part of the act, in the same transaction; raise a ServiceError to refuse."""

    def approver_fields(self, services, case) -> Mapping[str, tuple[Any, Sequence[int]]]:
        """People named in the form who may be approvers: ``{code: (label, ids of users)}``.

        With ``case`` None, for the administrator who sets up stages, the codes and labels alone matter. Asked when a stage with
        such a field is opened, and to predict it.
        """
        return {}

    def task_url(self, case, task) -> str:
        """Where the button of a to-do leads: a page of the plugin (a rating, say), or the empty string for the case's page."""
        return ""

    def draft_url(self, case) -> str:
        """Where a draft is continued: a form of the plugin, or the empty string for the case's page."""
        return ""

    def panel(self, request, case):
        """The plugin's part of the case page: ``(template asset spec, context dataclass)``, or an empty tuple."""
        return ()

    def actions(self, request, case, identity):
        """Extra buttons ``[(label, url, tone)]`` that lead to pages of the plugin (change form …); tones as of transitions."""
        return ()


@dataclass(frozen=True)
class Flow:
    """The life of one kind of case. ``kind`` is ``<plugin>.<word>``, ``prefix`` starts its numbers (``HY`` → ``HY20261124-001``).

    ``path`` names the states of the progress strip in their usual order.
    """

    kind: str
    title: str
    prefix: str
    icon: str
    tone: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    initial: str
    path: tuple[str, ...] = ()
    handler: CaseHandler = field(default_factory=CaseHandler)

    @cached_property
    def task_specs(self) -> Mapping[str, TaskSpec]:
        """The tasks that this flow opens, by step."""
        return {spec.step: spec for transition in reversed(self.transitions) for spec in transition.opens}

    def state(self, code: str) -> State:
        """The state ``code``; KeyError when the flow has none."""
        for state in self.states:
            if state.code == code:
                return state
        raise KeyError(code)

    def transition(self, state: str, action: str) -> Transition | None:
        """The transition for ``action`` out of ``state``, or None."""
        return next((t for t in self.transitions if t.action == action and state in t.sources), None)

    def out_of(self, state: str) -> tuple[Transition, ...]:
        """All transitions out of ``state``."""
        return tuple(t for t in self.transitions if state in t.sources)


def check(flow: Flow, permissions: Set[str], notification_types: Set[str]) -> None:
    """Raise StartError when ``flow`` cannot work; the sets hold what is declared."""
    for find in CHECKS:
        problem = find(flow)
        if problem:
            raise StartError(f"flow {flow.kind}: {problem}")
    words = {APPLICANT, TASK, SYSTEM_ONLY}
    asked = {w for t in flow.transitions for w in t.who} - words
    asked |= {spec.permission for t in flow.transitions for spec in t.opens if spec.permission}
    sent = {t.notify for t in flow.transitions if t.notify}
    for kind, unknown in (("permission", asked - permissions), ("notification type", sent - notification_types)):
        if unknown:
            raise StartError(f"flow {flow.kind}: unknown {kind} {min(unknown)!r}")


def _unknown_state(flow):
    named = {flow.initial, *flow.path} | {c for t in flow.transitions for c in (*t.sources, t.target)}
    unknown = named - {s.code for s in flow.states}
    return f"unknown state {min(unknown)!r}" if unknown else None


def _unreachable_state(flow):
    reached, frontier = {flow.initial}, {flow.initial}
    while frontier:
        frontier = {t.target for t in flow.transitions if set(t.sources) & frontier} - reached
        reached |= frontier
    left = {s.code for s in flow.states} - reached
    return f"state {min(left)!r} cannot be reached from {flow.initial!r}" if left else None


def _dead_end(flow):
    for state in flow.states:
        if not state.final and not flow.out_of(state.code):
            return f"no way out of state {state.code!r}, which is not final"
    return None


def _ambiguous_act(flow):
    """``transition(state, action)`` must have one answer, or a button would do something else than it says."""
    seen = set()
    for transition in flow.transitions:
        for pair in ((source, transition.action) for source in transition.sources):
            if pair in seen:
                return f"action {pair[1]!r} leads two ways out of state {pair[0]!r}"
            seen.add(pair)
    return None


def _nobodys_task(flow):
    """A to-do is either somebody's or a permission's; what only asks to be read would vanish for all when one reads it."""
    for transition in flow.transitions:
        for spec in transition.opens:
            if bool(spec.permission) == spec.to_applicant:
                return f"task {spec.step!r} must go either to a permission or to the applicant"
            if spec.kind not in TASK_KINDS or (spec.kind == "read" and not spec.to_applicant):
                return f"task {spec.step!r} of kind {spec.kind!r} cannot be opened for a permission"
    return None


def _silent_refusal(flow):
    """Who is told no must be told why."""
    for transition in flow.transitions:
        if transition.negative and transition.opinion != REQUIRED:
            return f"action {transition.action!r} is negative and must require an opinion"
    return None


def _endless_approval(flow):
    """An approval that is configurable needs an act that says yes wherever it waits, and every other answer must be a no."""
    steps = {step for step, spec in flow.task_specs.items() if spec.configurable}
    unknown = {t.completes for t in flow.transitions} - steps - {""}
    if unknown:
        return f"an action completes {min(unknown)!r}, which is no configurable step"
    for opening in flow.transitions:
        for spec in (spec for spec in opening.opens if spec.configurable):
            problem = _unfit_answers(flow, opening.target, spec)
            if problem:
                return problem
    return None


def _unfit_answers(flow, state, spec):
    if spec.to_applicant:
        return f"step {spec.step!r} is configurable and must ask for a permission"
    answers = [t for t in flow.out_of(state) if TASK in t.who and not t.keeps_tasks]
    if not any(t.completes == spec.step for t in answers):
        return f"no action out of state {state!r} completes step {spec.step!r}"
    unclear = [t.action for t in answers if t.completes != spec.step and not t.negative]
    return f"action {unclear[0]!r} answers step {spec.step!r} neither with yes nor with no" if unclear else None


CHECKS = (_unknown_state, _unreachable_state, _dead_end, _ambiguous_act, _nobodys_task, _silent_refusal, _endless_approval)
