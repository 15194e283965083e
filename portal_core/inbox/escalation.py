"""What happens to to-dos that nobody does in time: reminders, then a copy to a supervisor. Nothing is approved by itself.

Rules of canteen-cards-core.md, 2.3: a reminder when it is due and again every four working hours, three in all; with the fourth
turn the supervisor is asked to look.
"""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal_core.accounts.models import Department, User
from portal_core.calendar.services import CalendarService
from portal_core.i18n import _
from portal_core.inbox.acting import Acting
from portal_core.inbox.copies import COPY_STEP
from portal_core.inbox.models import OPEN, READ, Task
from portal_core.inbox.plans.rules import ADMIN_ROLE, Rules
from portal_core.inbox.timeline import add_line
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

REMINDERS, HOURS_BETWEEN = 3, 4
EVERY = dt.timedelta(minutes=5)
# What one run handles at most; the rest is handled by the next one.
RUN_MAX = 500
ESCALATED = "task.escalate"
# Written out, so that both databases see that the index of what is due fits (``Task.__table_args__``).
IN_INDEX = sa.text("core_task.status = 'open' AND core_task.kind = 'act' AND core_task.reminders < 4")


def escalate(session, portal, clock) -> int:
    """Remind of what is overdue, or copy it to supervisors; returns how many tasks were handled."""
    services = Services(session, portal, clock)
    escalation, now = Escalation(services), clock.now()
    # By the clock four hours are the least that four working hours can be; the calendar is asked for those that are left.
    rested = sa.or_(Task.reminded_at.is_(None), Task.reminded_at <= now - dt.timedelta(hours=HOURS_BETWEEN))
    query = sa.select(Task).options(joinedload(Task.case)).where(IN_INDEX, Task.due <= now, rested)
    return sum(
        escalation.handle(task, now) for task in session.scalars(query.order_by(Task.reminders, Task.due).limit(RUN_MAX)).all()
    )


class Escalation:
    """Handles single tasks; see the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.acting = services.get(Acting)

    def handle(self, task: Task, now: dt.datetime) -> bool:
        """Do what is due for ``task``, if it is its turn and no other worker does it. Its case must be loaded."""
        if self.services.portal.flows.get(task.case.kind) is None:
            return False  # Nobody can act while the module is switched off.
        if task.reminded_at and self.services.get(CalendarService).due_after(task.reminded_at, HOURS_BETWEEN) > now:
            return False
        times = task.reminders
        turn = sa.update(Task).where(Task.id == task.id, Task.reminders == times, Task.status == OPEN)
        turn = turn.values(reminders=times + 1, reminded_at=now).returning(Task.id)
        if self.session.scalar(turn.execution_options(synchronize_session=False)) is None:
            return False
        self.session.expire(task, ["reminders", "reminded_at"])
        people = self.acting.awaited_from(task.case, task)
        if times < REMINDERS:
            self._tell("core.overdue", people, task, verb=task.verb, count=str(times + 1), max=str(REMINDERS))
        elif self.acting.official(task.case, task):
            self._copy(task, people, now)
        return True

    # -- parts -----------------------------------------------------------------------------------------------------

    def _copy(self, task, people, now):
        """Ask the supervisors to look: a line under 待阅, a message, and a line of the timeline."""
        case, text = task.case, self.services.portal.default_text
        supervisors = self._supervisors(people)
        if not supervisors:
            return
        self.acting.lock(case)
        names = dict(self.session.execute(sa.select(User.id, User.name).where(User.id.in_({*people, *supervisors}))).all())
        why = text(_("Overdue: three reminders were sent"))
        self.session.add_all(
            Task(
                case_id=case.id,
                kind=READ,
                step=COPY_STEP,
                verb=text(_("Read")),
                why=why,
                assignee_id=supervisor,
                status=OPEN,
                created=now,
            )
            for supervisor in sorted(supervisors)
        )
        changes = [(text(_("Copied to")), "", "、".join(names[one] for one in sorted(supervisors)))]
        fields = {"actor_id": None, "action": ESCALATED, "action_label": text(_("Overdue, copied to the supervisor"))}
        add_line(self.session, case, now, changes=changes, **fields)
        late = "、".join(names[one] for one in sorted(people)[:3] if one in names)
        self._tell("core.overdue_copy", supervisors, task, verb=task.verb, names=late)

    def _supervisors(self, people: Iterable[int]) -> frozenset[int]:
        """The heads of the people's units who are not among them, else the system administrators."""
        head = aliased(User)
        query = (
            sa.select(head.id)
            .join(Department, Department.leader_id == head.id)
            .join(User, User.department_id == Department.id)
            .where(User.id.in_(people), head.id.not_in(people), head.active)
        )
        return frozenset(self.session.scalars(query)) or self.services.get(Rules).with_role(ADMIN_ROLE)

    def _tell(self, code, people, task, **params):
        case = task.case
        texts = {"title": case.title, "number": case.number} | params
        self.services.get(NotificationService).send(code, people, texts, f"/cases/{case.number}", case.id)
