"""The way of an approval with names: predicted before a case is filed, and as it goes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import User
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, TaskSpec
from portal_core.inbox.models import DONE, OPEN, WAITING, Case, Task
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.rules import ONCE, Asked, Rules, Subject
from portal_core.inbox.plans.services import PlanService
from portal_core.inbox.tasks import current_round
from portal_core.services import Services

# How many of those who could decide are named; the rest is a number.
NAMES_SHOWN = 3
PAST, NOW, AHEAD = "done", "now", ""


@dataclass(frozen=True)
class PathStage:
    """A stage for its reader. ``names`` of those who decide or decided, ``others`` how many more there are.

    ``look`` is done, now or empty (to come). ``passed`` says why nobody is asked; ``empty``: the rule finds nobody, and
    administrators decide.
    """

    number: int
    title: Any
    mode: str
    names: tuple[str, ...]
    others: int
    look: str = AHEAD
    passed: Any = ""
    empty: bool = False


@dataclass
class _Draft:
    """A stage before its people have names."""

    number: int
    stage: s.Stage
    people: list[int]
    look: str = AHEAD
    passed: Any = ""
    empty: bool = False
    mode: str = field(default=s.ANY)


class PathService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.plans = services.get(PlanService)
        self.rules = services.get(Rules)

    def predict(
        self,
        kind: str,
        step: str,
        applicant: Identity,
        scope: str = "",
        fields: Callable[[], Mapping[str, tuple[Any, Sequence[int]]]] = dict,
    ) -> tuple[PathStage, ...]:
        """Who would decide if ``applicant`` filed a case of ``kind`` now. ``scope`` and ``fields`` as the case's own would be.

        Raises NotFound for a step that is not configurable.
        """
        _flow, spec = self.plans.step(kind, step)
        return self.of_plan(self.plans.in_force(kind, step), spec, applicant, scope, fields)

    def of_plan(self, plan: s.Plan, spec: TaskSpec, applicant: Identity, scope="", fields=dict) -> tuple[PathStage, ...]:
        """The same for any plan, saved or not."""
        me = applicant.user_id
        subject = Subject(spec, scope, me, me, applicant.department_id, fields)
        numbers = range(1, len(plan.stages) + 1)
        return self._named(spec, [self._draft(self.rules.ask(plan, number, subject)) for number in numbers])

    def of_case(self, flow: Flow, case: Case, tasks: Sequence[Task]) -> tuple[PathStage, ...]:
        """The stages of the approval that ``case`` is in, or nothing where it follows its flow's own rule.

        ``tasks``: all tasks of the case.
        """
        live = [t for t in tasks if t.status in (OPEN, WAITING) and t.plan_id is not None]
        spec = flow.task_specs.get(live[0].step) if live else None
        action = next((t.action for t in flow.out_of(case.state) if spec and t.completes == spec.step), None)
        if spec is None or action is None:
            return ()
        plan = self.plans.get(live[0].plan_id)
        begun = current_round(tasks, spec.step, action)
        now = max((task.stage for task in begun), default=1)
        fields = lambda: flow.handler.approver_fields(self.services, case)  # noqa: E731 - asked for only where a stage needs it
        subject = Subject(spec, live[0].scope, case.applicant_id, case.handler_id, case.department_id, fields)
        drafts = [_done(n, plan.stages[n - 1], begun) for n in range(1, now)]
        drafts.append(self._current(now, plan.stages[now - 1], begun))
        drafts += [self._draft(self.rules.ask(plan, n, subject)) for n in range(now + 1, len(plan.stages) + 1)]
        return self._named(spec, drafts)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _draft(self, asked: Asked) -> _Draft:
        people = list(asked.people)
        if asked.permission:
            people = sorted(self.rules.members(asked.permission, asked.scope))
        passed: Any = ""
        if asked.done:
            people = [person for person, _reason in asked.passed]
            once = all(reason == ONCE for _person, reason in asked.passed)
            passed = _("has agreed already") if once else _("is the applicant, passed without asking")
        return _Draft(asked.number, asked.stage, people, AHEAD, passed, asked.empty or not people, asked.mode)

    def _current(self, number, stage, begun):
        tasks = [task for task in begun if task.stage == number and task.status in (OPEN, WAITING)]
        people = [task.assignee_id for task in tasks if task.assignee_id is not None]
        for task in (t for t in tasks if t.assignee_id is None):
            people += sorted(self.rules.members(task.permission, task.scope))
        return _Draft(number, stage, people, NOW, mode=tasks[0].mode if tasks else s.ANY)

    def _named(self, spec, drafts: Sequence[_Draft]) -> tuple[PathStage, ...]:
        shown = {person for draft in drafts for person in draft.people[:NAMES_SHOWN]}
        names = dict(self.session.execute(sa.select(User.id, User.name).where(User.id.in_(shown))).all()) if shown else {}
        return tuple(
            PathStage(
                number=draft.number,
                title=s.heading(draft.stage, spec),
                mode=draft.mode,
                names=tuple(names[person] for person in draft.people[:NAMES_SHOWN]),
                others=max(0, len(draft.people) - NAMES_SHOWN),
                look=draft.look,
                passed=draft.passed,
                empty=draft.empty,
            )
            for draft in drafts
        )


def _done(number, stage, begun):
    """A stage that is over. Without a task nobody was asked in it."""
    people = [task.done_by_id for task in begun if task.stage == number and task.status == DONE]
    return _Draft(number, stage, people, PAST, "" if people else _("passed without asking"))
