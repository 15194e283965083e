"""Jobs of evaluations: reminding people of what they have not rated yet, and closing what nobody rated or answered in time.

One message three days after the to-do was opened and one a day before it ends, each at most once, which the ledger's key proves.
"""

import datetime as dt

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.identity import SYSTEM
from portal_core.db import insert_into
from portal_core.errors import Conflict
from portal_core.evaluations.follow_up_flow import ANSWERED, KIND
from portal_core.evaluations.models import EvaluationReminder
from portal_core.inbox.models import ACT, OPEN, Case, Task
from portal_core.inbox.services import CaseService
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

EARLY, LATE = "early", "late"
AFTER, BEFORE_END = dt.timedelta(days=3), dt.timedelta(days=1)
# A run is one transaction; what is left over waits for the next.
BATCH = 200

log = structlog.get_logger("portal.evaluations")


def remind(session: Session, portal, clock) -> None:
    """Send the messages that are due now about open rating to-dos."""
    services, now = Services(session, portal, clock), clock.now()
    for form in portal.evaluation_forms.values():
        if form.task is None:
            continue
        # Only the later one is worth sending when both have become due, as after a day on which no worker ran.
        late = Task.due <= now + BEFORE_END
        for kind, due in ((LATE, late), (EARLY, sa.and_(Task.created <= now - AFTER, ~late))):
            for task in _not_reminded(session, form.task, kind, due, now):
                if _note(session, task.id, kind, now):
                    _send(services, form, task)


def close_overdue(session: Session, portal, clock) -> None:
    """Close rating to-dos whose time is over, and follow-ups to whose answer the rater said nothing."""
    services, now = Services(session, portal, clock), clock.now()
    for form in portal.evaluation_forms.values():
        if form.task is not None:
            _perform(services, _open_tasks(session, form.task.kind, form.task.step, Task.due <= now), form.task.close)
    _perform(services, _open_tasks(session, KIND, "judge", Task.due <= now, Case.state == ANSWERED), "close")


def _open_tasks(session, kind, step, *conditions):
    query = (
        sa.select(Task)
        .options(joinedload(Task.case))
        .join(Case, Case.id == Task.case_id)
        .where(Task.status == OPEN, Task.kind == ACT, Task.step == step, Case.kind == kind, *conditions)
    )
    return list(session.scalars(query.order_by(Task.id).limit(BATCH)))


def _not_reminded(session, task, kind, due, now):
    sent = sa.exists().where(EvaluationReminder.task_id == Task.id, EvaluationReminder.kind == kind)
    return _open_tasks(session, task.kind, task.step, due, Task.due > now, ~sent)


def _note(session, task_id, kind, now):
    """Write the reminder down; False when another worker was faster."""
    statement = insert_into(session, EvaluationReminder).values(task_id=task_id, kind=kind, at=now).on_conflict_do_nothing()
    return session.scalar(statement.returning(EvaluationReminder.task_id)) is not None


def _send(services, form, task):
    case = task.case
    url = services.portal.flows[case.kind].handler.task_url(case, task) or f"/cases/{case.number}"
    until = services.clock.local(task.due)
    params = {"title": case.title, "form": services.portal.default_text(form.title), "until": f"{until:%Y-%m-%d %H:%M}"}
    services.get(NotificationService).send("core.rating_reminder", {task.assignee_id}, params, url, case.id)


def _perform(services, tasks, action):
    """Do the system's act on each case in a savepoint of its own: one that somebody moved meanwhile stops no other."""
    cases = services.get(CaseService)
    for task in tasks:
        try:
            with services.session.begin_nested():
                cases.perform(task.case, action, SYSTEM)
        except Conflict:
            log.info("case moved meanwhile", case=task.case_id, action=action)
