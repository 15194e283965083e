"""Flows: the life of a kind of case as data.

One ``Flow`` per case kind, written in the plugin's ``flow.py``. The same data moves cases, draws the progress strip and
feeds the tests of reachability. What a plugin must do besides (hold a slot, say) stands in its ``CaseHandler``.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal_core.errors import StartError

APPLICANT, TASK, SYSTEM_ONLY = "applicant", "task", "system"
NO_OPINION, OPTIONAL, REQUIRED = "none", "optional", "required"


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
    ``due``: how long after opening it is due; the handler's ``due(ctx, spec)`` may say otherwise.
    """

    step: str
    verb: str
    permission: str = ""
    to_applicant: bool = False
    why: str = ""
    due: dt.timedelta | None = None
    kind: str = "act"


@dataclass(frozen=True)
class Transition:
    """An act that moves a case. ``who`` lists who may do it: applicant, task (holder of an open task), system, or a permission name.

    ``opinion``: none, optional or required. ``opens``: tasks opened; all open tasks of the case are closed before (those the
    actor may act on as done, the others as void) unless ``keeps_tasks``. ``notify``: notification type sent to the
    applicant and handler, except to the actor. ``offered``: False keeps it off the page's buttons (it has a page of its own).
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


@dataclass
class TransitionContext:
    """What a handler gets for one act. ``data`` is what the plugin's view passed; ``changes`` collects ``[label, old, new]``."""

    services: Any
    case: Any
    transition: Transition
    actor: Any
    now: dt.datetime
    opinion: str = ""
    data: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)


class CaseHandler:
    """A plugin's part in the life of its cases; every method may be overridden. Handlers keep no state."""

    def may_view(self, services, case, identity) -> bool:
        """May ``identity`` see the case, beyond applicant, handler and people with a task or an act on it?"""
        return False

    def offered(self, services, case, identity, transition) -> bool:
        """Is this act possible now (deadlines, own rules)? Asked for every button and again when it is performed."""
        return True

    def scope(self, ctx) -> str:
        """The scope of the candidates of tasks that this act opens, e.g. ``meetings.room:7``; also used for permissions."""
        return ""

    def case_scope(self, services, case) -> str:
        """The scope in which a permission must be held to act on this case."""
        return ""

    def due(self, ctx, spec) -> dt.datetime | None:
        """When a task is due; by default ``spec.due`` after now."""
        return ctx.now + spec.due if spec.due else None

    def apply(self, ctx) -> None:
        """Do the plugin's part of the act, in the same transaction; raise a ServiceError to refuse."""

    def panel(self, request, case):
        """The plugin's part of the case page: ``(template asset spec, context dataclass)`` or None."""
        return None

    def actions(self, request, case, identity):
        """Extra buttons ``[(label, url, tone)]`` that lead to pages of the plugin (change form, rating …)."""
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


def check(flow: Flow, permissions: frozenset[str], owner: Callable[[str], str] = str) -> None:
    """Raise StartError when ``flow`` cannot work: unknown states, unreachable or dead-end states, unknown permissions."""
    codes = {s.code for s in flow.states}
    named = {flow.initial, *flow.path} | {c for t in flow.transitions for c in (*t.sources, t.target)}
    if named - codes:
        raise StartError(f"flow {flow.kind}: unknown state {sorted(named - codes)[0]!r}")
    reached, frontier = {flow.initial}, {flow.initial}
    while frontier:
        frontier = {t.target for t in flow.transitions if set(t.sources) & frontier} - reached
        reached |= frontier
    if codes - reached:
        raise StartError(f"flow {flow.kind}: state {sorted(codes - reached)[0]!r} cannot be reached from {flow.initial!r}")
    for state in flow.states:
        if not state.final and not flow.out_of(state.code):
            raise StartError(f"flow {flow.kind}: no way out of state {state.code!r}, which is not final")
    words = {APPLICANT, TASK, SYSTEM_ONLY}
    asked = {w for t in flow.transitions for w in t.who} - words
    asked |= {spec.permission for t in flow.transitions for spec in t.opens if spec.permission}
    if asked - permissions:
        raise StartError(f"flow {flow.kind}: unknown permission {sorted(asked - permissions)[0]!r}")
