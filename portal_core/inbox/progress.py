"""How an approval goes on: its stages are opened one after the other, and only when all have agreed does the case move.

A stage is over when nobody in it is awaited any more: one of several (any), each of them at once (all) or one after the other
(in turn), and whoever they asked for a further signature (加签). The tasks themselves are the memory of this. Whatever opens or
ends tasks of a case raises its version, and an act moves the case only from the version that its actor saw; so two approvers can
never both take the same last signature for the missing one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import User
from portal_core.calendar.hours import WorkingHours
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, TaskSpec, TransitionContext
from portal_core.inbox.models import DONE, OPEN, WAITING, Case, Task
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.rules import ONCE, Asked, Rules, Subject
from portal_core.inbox.plans.services import PlanService
from portal_core.inbox.tasks import current_round, end, is_own_case
from portal_core.inbox.timeline import add_line
from portal_core.inbox.whose import AFTER, answers, owns
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

WHY_MAX = 200
PASSED = "pass_stage"
REASONS = {ONCE: _("${name} has agreed in the step before"), "": _("${name} is the applicant")}


@dataclass(frozen=True)
class Answer:
    """What a yes leads to.

    ``root`` is the stage's own task, ``ended`` are the tasks that the yes answers, ``void`` those that need no answer any more,
    ``woken`` those whose turn has come, ``left`` all that are
    still to be answered; ``asked`` are the following stages, up to the first that asks somebody. ``complete``:
    nobody is left to be asked.
    """

    plan: s.Plan
    spec: TaskSpec
    root: Task
    ended: list[Task]
    void: list[Task]
    woken: list[Task]
    left: list[Task]
    asked: list[Asked]
    complete: bool


class Progress:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.plans = services.get(PlanService)
        self.rules = services.get(Rules)

    # -- what comes of an act --------------------------------------------------------------------------------------

    def answer(self, flow: Flow, ctx: TransitionContext, tasks: Sequence[Task]) -> Answer | None:
        """What the act of ``ctx`` leads to, if it says yes to a configurable task; nothing is written.

        ``tasks``: all tasks of the case. None for every other act, and for the portal's own: they move the case as its flow says.
        """
        step = ctx.transition.completes
        if not step or ctx.actor is SYSTEM:
            return None
        live = [task for task in tasks if task.step == step and task.status in (OPEN, WAITING)]
        ended = _answered(flow, ctx, live)
        if not ended:
            return None
        root = _root(ended[0], tasks)
        plan, spec = self.plans.get(root.plan_id), flow.task_specs[step]
        left = [task for task in live if task not in ended]
        # Where one suffices, nobody else is asked any more, but for the signatures that this one wants.
        void = [task for task in left if _root(task, tasks) is not root] if root.mode == s.ANY else []
        left = [task for task in left if task not in void]
        asked: list[Asked] = []
        if not left:
            agreed = _agreed(ctx, root, ended, tasks)
            asked = self.rules.ahead(plan, max(root.stage, 1), self._subject(flow, ctx, spec, root.scope), agreed)
        woken = _next_in_turn(ended, left, root)
        complete = not left and all(found.done for found in asked)
        return Answer(plan, spec, root, ended, void, woken, left, asked, complete)

    def go_on(self, flow: Flow, ctx: TransitionContext, answer: Answer) -> None:
        """Write what an answer leads to that does not complete the approval."""
        for task in answer.ended:
            end(task, ctx, answered=True)
        for task in answer.void:
            end(task, ctx, answered=False)
        for task in answer.woken:
            task.status, task.created = OPEN, ctx.now
            task.due = self._due(flow, ctx, answer.spec, answer.plan.stages[max(answer.root.stage, 1) - 1])
        self._close_messages(ctx, answer)
        opened = self._open(flow, ctx, answer.spec, answer.plan, answer.asked)
        self._tell(ctx, [*answer.woken, *opened])

    def begin(self, flow: Flow, ctx: TransitionContext, spec: TaskSpec, tasks: Sequence[Task]) -> list[Asked]:
        """Open a configurable task: the first stage in which somebody is asked. Returns the stages up to it.

        ``tasks``: all tasks of the case before the act. When no stage asks anybody, nothing is opened.
        """
        plan = self.plans.of_case(ctx.case, spec.step, tasks)
        asked = self.rules.ahead(plan, 0, self._subject(flow, ctx, spec, flow.handler.scope(ctx)))
        opened = self._open(flow, ctx, spec, plan, asked)
        if plan.id is not None:
            self._tell(ctx, opened)
        return asked

    def note_passed(self, ctx: TransitionContext, spec: TaskSpec, asked: Sequence[Asked]) -> None:
        """A line of the timeline for each stage of which somebody was not asked, with who and why; after the line of the act."""
        told = [found for found in asked if found.passed]
        if not told:
            return
        people = {person for found in told for person, _reason in found.passed}
        names = dict(self.session.execute(sa.select(User.id, User.name).where(User.id.in_(people))).all())
        for found in told:
            text = self.services.portal.default_text
            label = text(s.heading(found.stage, spec))
            reasons = [REASONS.get(reason, REASONS[""]) % {"name": names[person]} for person, reason in found.passed]
            fields = {"actor_id": None, "action": PASSED, "action_label": text(_("Passed without asking"))}
            add_line(self.session, ctx.case, ctx.now, changes=[(label, "", text(reason)) for reason in reasons], **fields)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _subject(self, flow, ctx, spec, scope):
        case = ctx.case
        fields = partial(flow.handler.approver_fields, self.services, case)
        return Subject(spec, scope, case.applicant_id, case.handler_id, case.department_id, fields, ctx.actor)

    def _open(self, flow, ctx, spec, plan, asked) -> list[Task]:
        """Tasks for the last of ``asked``, unless nobody has to be asked there."""
        if not asked or asked[-1].done:
            return []
        found = asked[-1]
        make = partial(
            Task,
            case_id=ctx.case.id,
            step=spec.step,
            verb=self._text(spec.verb),
            why=self._why(spec, plan, found),
            scope=found.scope,
            due=self._due(flow, ctx, spec, found.stage),
            created=ctx.now,
            plan_id=plan.id,
            stage=found.number if plan.id else 0,
            mode=found.mode,
        )
        if found.permission:
            opened = [make(permission=found.permission, status=OPEN)]
        else:
            waiting = WAITING if found.mode == s.IN_TURN else OPEN
            opened = [make(assignee_id=person, status=waiting if n else OPEN) for n, person in enumerate(found.people)]
        self.session.add_all(opened)
        return opened

    def _due(self, flow, ctx, spec, stage):
        if stage.due_hours is not None:
            spec = replace(spec, due=WorkingHours(stage.due_hours))
        return flow.handler.due(ctx, spec)

    def _why(self, spec, plan, found) -> str:
        """The rule that sends the task, for its reader."""
        if plan.id is None and not found.empty:
            return self._text(spec.why)
        rule = self._text(s.RULES[found.stage.rule])
        parts = {"number": found.number, "title": self._text(s.heading(found.stage, spec)), "rule": rule}
        why = _("Step ${number} of the approval, ${title}: ${rule}", mapping=parts)
        if found.empty:
            why = _("Step ${number} of the approval, ${title}: nobody was found, so administrators decide", mapping=parts)
        return self._text(why)[:WHY_MAX]

    def _tell(self, ctx: TransitionContext, tasks: Sequence[Task]) -> None:
        """A message to everybody who is awaited from now on."""
        people = self._people(task for task in tasks if task.status == OPEN)
        case: Case = ctx.case
        params = {"title": case.title, "number": case.number, "verb": tasks[0].verb if tasks else "", "actor": ctx.actor.name}
        others = people - {ctx.actor.user_id}
        self.services.get(NotificationService).send("core.todo", others, params, f"/cases/{case.number}", case.id)

    def _close_messages(self, ctx: TransitionContext, answer: Answer) -> None:
        """The messages that told of the tasks which this answer ends are read, but for those who are still asked themselves."""
        over = self._people([*answer.ended, *answer.void]) | {ctx.actor.user_id}
        over -= self._people(task for task in answer.left if task.status == OPEN)
        self.services.get(NotificationService).close_todos(ctx.case.id, over)

    def _people(self, tasks: Iterable[Task]) -> set[int]:
        people: set[int] = set()
        for task in tasks:
            if task.assignee_id is not None:
                people.add(task.assignee_id)
            else:
                people |= self.rules.members(task.permission, task.scope)
        return people

    def _text(self, message: Any) -> str:
        return self.services.portal.default_text(message)


def _answered(flow, ctx, live) -> list[Task]:
    """The tasks that the actor's yes answers: their own, or those of the one person for whom they stand in."""
    actor = ctx.actor
    mine = [t for t in live if t.status == OPEN and answers(t, actor) and not is_own_case(flow, ctx.case, t, actor)]
    own = [task for task in mine if owns(task, actor)]
    if own:
        return own
    absent = ctx.on_behalf_of_id
    return [task for task in mine if task.assignee_id in (None, absent)]


def _root(task: Task, tasks: Sequence[Task]) -> Task:
    """The task of the stage from which an added signature comes, at the end of whatever chain; a task of a stage itself."""
    by_id = {other.id: other for other in tasks}
    while task.parent_id in by_id:
        task = by_id[task.parent_id]
    return task


def _next_in_turn(ended, left, root) -> list[Task]:
    """Waiting tasks whose turn has come: signatures wanted after this answer, else the next of a stage that asks in turn."""
    ids = {task.id for task in ended}
    after = [task for task in left if task.status == WAITING and task.sign == AFTER and task.parent_id in ids]
    if after or root.mode != s.IN_TURN or any(task.status == OPEN for task in left):
        return after
    return [task for task in left if task.sign == ""][:1]


def _agreed(ctx, root, ended, tasks) -> set[int]:
    """Who has said yes in the stage that ends with this act, in this round of the approval."""
    same = (task for task in current_round(tasks, root.step, ctx.transition.action) if task.stage == root.stage)
    done = [task for task in same if task.status == DONE and task not in ended]
    return {ctx.on_behalf_of_id or ctx.actor.user_id, *(task.on_behalf_of_id or task.done_by_id for task in done)}
