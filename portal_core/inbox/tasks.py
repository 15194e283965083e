"""Ending tasks, and who may not answer them."""

from collections.abc import Sequence

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.inbox.flow import TASK, Flow, TransitionContext
from portal_core.inbox.models import ACT, DONE, OPEN, VOID, Case, Task
from portal_core.inbox.whose import answers, owns


def is_own_case(flow: Flow, case: Case, task: Task, identity: Identity) -> bool:
    """Would ``identity`` approve what they filed themselves?

    A task that names them and was not handed on is theirs all the same: they are asked only where there is nobody else.
    """
    if identity.user_id not in (case.applicant_id, case.handler_id):
        return False
    spec = flow.task_specs.get(task.step)
    return bool(spec and spec.configurable) and bool(task.permission or task.owner_id or task.parent_id)


def close_tasks(tasks: list[Task], ctx: TransitionContext) -> None:
    """End the case's live to-dos with this act: done where the act answers the task, void where it makes the task pointless.

    An applicant who withdraws may by chance be an approver too; that does not mean that they have approved or refused.
    """
    for task in (t for t in tasks if t.kind == ACT):
        end(task, ctx, answered=_is_answered(task, ctx))


def end(task: Task, ctx: TransitionContext, answered: bool) -> None:
    """End ``task`` with this act, as its answer or without one."""
    task.status = DONE if answered else VOID
    task.outcome, task.opinion, task.done_at = ctx.transition.action, ctx.opinion, ctx.now
    task.done_by_id = ctx.actor.user_id if answered else None
    task.on_behalf_of_id = ctx.on_behalf_of_id if answered and not owns(task, ctx.actor) else None


def _is_answered(task, ctx):
    return (
        ctx.actor is not SYSTEM
        and task.status == OPEN
        and answers(task, ctx.actor)
        and (task.assignee_id is not None or TASK in ctx.transition.who or task.permission in ctx.transition.who)
    )


def current_round(tasks: Sequence[Task], step: str, action: str) -> list[Task]:
    """The tasks that the stages of ``step`` have opened since it was begun the last time, oldest first.

    ``action`` says yes to the step. Going back from the newest, a round ends where another answer ended a task, and where a later
    stage comes before an earlier one.
    """
    found: list[Task] = []
    for task in reversed([task for task in tasks if task.step == step and task.parent_id is None]):
        if task.outcome not in ("", action) or (found and task.stage > found[-1].stage):
            break
        found.append(task)
    return found[::-1]
