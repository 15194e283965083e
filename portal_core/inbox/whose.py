"""Whose a task is: assigned to a person, theirs to take, or answered by them for somebody who is away."""

from portal_core.accounts.identity import Identity, StandIn
from portal_core.inbox.models import ACT, Task

# Added signatures (加签): an opinion before the task is answered, or a further answer after it.
BEFORE, AFTER = "before", "after"


def owns(task: Task, identity: Identity) -> bool:
    """Is (or was) the task ``identity``'s own: assigned to them, or theirs to take?"""
    if task.assignee_id is not None:
        return task.assignee_id == identity.user_id
    return bool(task.permission) and identity.may(task.permission, task.scope)


def stand_in_for(task: Task, identity: Identity) -> StandIn | None:
    """For whom ``identity`` may answer the task during an absence, or None; the task's case must be loaded.

    What is awaited from an absent applicant (a rating, a correction) stays theirs. And nobody decides on their own application
    because the reviewer, or the reviewer's application is theirs to decide on, left them the to-dos.
    """
    if task.kind != ACT:
        return None
    case = task.case
    for stand_in in identity.stand_ins:
        absent = stand_in.identity
        if {identity.user_id, absent.user_id} & {case.applicant_id, case.handler_id}:
            continue
        if stand_in.covers(case.kind) and owns(task, absent):
            return stand_in
    return None


def awaits(task: Task, identity: Identity) -> bool:
    """Is (or was) the task awaited from ``identity``, as their own or for somebody who is away?"""
    return owns(task, identity) or stand_in_for(task, identity) is not None


def absent_name(task: Task, identity: Identity) -> str:
    """The name of the person for whom ``identity`` may answer the task; empty for what is their own or not theirs at all."""
    stand_in = None if owns(task, identity) else stand_in_for(task, identity)
    return stand_in.identity.name if stand_in else ""


def concerns(task: Task, identity: Identity) -> bool:
    """Has the task ever been ``identity``'s business? Who could have taken it must be able to read who did."""
    if awaits(task, identity) or task.owner_id == identity.user_id:
        return True
    return bool(task.permission) and identity.may(task.permission, task.scope)


def answers(task: Task, identity: Identity) -> bool:
    """May ``identity`` move the case by this task? Whoever was asked for an opinion beforehand may only give it."""
    return task.kind == ACT and task.sign != BEFORE and awaits(task, identity)
