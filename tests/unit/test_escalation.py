"""Overdue to-dos: three reminders in working time, then a copy to the supervisor, each once."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import Department
from portal_core.inbox import timeline
from portal_core.inbox.escalation import IN_INDEX, Escalation, escalate
from portal_core.inbox.models import OPEN, READ, Task
from portal_core.inbox.services import CaseService
from portal_core.notifications.models import Notification
from tests import trial
from tests.trial import apply_for

_loaded_portal, people = trial._loaded_portal, trial.people


@pytest.fixture
def case(services, people):
    """Filed at 9:30 on a Tuesday, due at 13:30: nobody works then, but the clock runs."""
    return apply_for(services, people.clerk)


def run(session, portal, **later):
    portal.clock.advance(**later)
    done = escalate(session, portal, portal.clock)
    session.flush()
    return done


def sent(session):
    return [(m.user_id, m.code) for m in session.scalars(sa.select(Notification).order_by(Notification.id))]


def test_nothing_is_overdue_before_its_time(session, portal, case):
    assert run(session, portal, hours=3, minutes=59) == 0


def test_three_reminders_four_working_hours_apart_then_a_copy(session, portal, services, people, case, make_user):
    head = make_user("head", name="顾伟")
    unit = session.scalar(sa.select(Department).where(Department.name == "机关事务中心"))
    unit.leader_id = head.id
    session.flush()
    assert run(session, portal, hours=4) == 1
    assert run(session, portal) == 0
    assert run(session, portal, hours=4) == 0, "17:30 is four hours by the clock but three by work"
    assert run(session, portal, hours=16, minutes=1) == 1
    assert run(session, portal, days=1) == 1
    everybody = [(people.li.id, "core.overdue"), (people.zhou.id, "core.overdue")]
    assert sent(session) == everybody * 3
    assert run(session, portal, days=1) == 1
    assert sent(session)[6:] == [(head.id, "core.overdue_copy")]
    (copy,) = session.scalars(sa.select(Task).where(Task.kind == READ, Task.case_id == case.id))
    assert (copy.assignee_id, copy.status) == (head.id, OPEN)
    assert timeline.events(session, case.id)[-1].changes == [["抄送", "", "顾伟"]]
    assert timeline.broken_at(session, case.id) is None
    assert services.get(CaseService).may_view(case, head.identity)
    assert run(session, portal, days=7) == 0
    assert case.state == "pending"


def test_without_a_head_the_administrators_are_told(session, portal, people, case, make_user):
    admin = make_user("admin9", roles=["admin"])
    for _turn in range(4):
        run(session, portal, days=3)
    assert (admin.id, "core.overdue_copy") in sent(session)


def test_two_workers_remind_once(session, portal, services, case):
    portal.clock.advance(hours=4)
    (task,) = services.get(CaseService).open_tasks(case)
    escalation, now = Escalation(services), portal.clock.now()
    session.refresh(task, ["case"])
    assert escalation.handle(task, now)
    # The other worker read the task before.
    sa.orm.attributes.set_committed_value(task, "reminders", 0)
    sa.orm.attributes.set_committed_value(task, "reminded_at", None)
    assert not escalation.handle(task, now)


def test_the_search_reads_only_what_is_due(session, portal, case):
    """The index of open to-dos by due time is what finds them, so the rest of the open ones cost nothing."""
    if portal.database.dialect != "sqlite":
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    query = sa.select(Task.id).where(IN_INDEX, Task.due <= portal.clock.now() + dt.timedelta(days=1))
    text = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    word = "EXPLAIN QUERY PLAN" if portal.database.dialect == "sqlite" else "EXPLAIN"
    plan = " ".join(str(row) for row in session.execute(sa.text(f"{word} {text}")))
    assert "ix_core_task_due" in plan
