"""Handing over all that is open with a person who leaves."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.audit.models import AuditEntry
from portal_core.errors import Invalid
from portal_core.inbox import timeline
from portal_core.inbox.acts import TaskActs
from portal_core.inbox.delegations import DelegationService, NewDelegation
from portal_core.inbox.handover import HandoverService
from portal_core.inbox.models import Task
from portal_core.inbox.services import CaseService
from portal_core.inbox.signing import SigningService
from portal_core.testing.fixtures import NOW
from tests import trial
from tests.trial import apply_for

_loaded_portal, people = trial._loaded_portal, trial.people


@pytest.fixture
def handover(services):
    return services.get(HandoverService)


@pytest.fixture
def admin(make_user):
    return make_user("admin", name="管理员").identity


@pytest.fixture
def user(session):
    """``user(person)``: the row of a ``Person``."""
    return lambda person: session.get_one(User, person.id)


def review(session, case):
    return session.scalar(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id).limit(1))


def claimed(services, people, title="打印纸 20 箱"):
    case = apply_for(services, people.clerk, title)
    services.get(TaskActs).claim(case, review(services.session, case).id, people.li.identity, 2)
    return case


def test_everything_that_is_with_the_person_goes_over(handover, services, session, people, user, admin):
    taken, waiting = claimed(services, people), claimed(services, people)
    signing = services.get(SigningService)
    signing.ask(waiting, review(session, waiting).id, people.li.identity, [people.zhou.id], "before", 3)
    asked = apply_for(services, people.clerk)
    (child,) = signing.ask(asked, review(session, asked).id, people.zhou.identity, [people.li.id], "before", 2)
    items = handover.open_items(user(people.li))
    assert [item.case for item in items.tasks] == [taken, waiting, asked]
    assert not items.nothing
    left = handover.hand_over(user(people.li), user(people.stranger), admin)
    assert left.nothing
    for task in (review(session, taken), review(session, waiting), child):
        assert (task.assignee_id, task.owner_id) == (people.stranger.id, people.li.id)
    event = timeline.last_act(session, taken.id)
    assert (event.action, event.actor_id, event.changes) == ("task.hand_over", admin.user_id, [["办理人", "李静", "王磊"]])
    assert timeline.broken_at(session, taken.id) is None
    services.get(CaseService).perform(taken, "approve", people.stranger.identity, version=taken.version)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "core.handed_over")).one()
    assert entry.detail == {"to": "wang", "tasks": 3}


def test_delegations_end(handover, services, people, user, admin):
    delegations = services.get(DelegationService)
    delegations.create(people.li.id, NewDelegation(people.zhou.id, NOW, NOW.replace(hour=20)), people.li.identity)
    delegations.create(people.stranger.id, NewDelegation(people.li.id, NOW, NOW.replace(hour=20)), people.stranger.identity)
    assert handover.open_items(user(people.li)).delegations == 2
    assert handover.hand_over(user(people.li), user(people.zhou), admin).delegations == 0
    assert {line.state for line in delegations.given(people.li.id)} == {"over"}


def test_nobody_gets_their_own_application_to_decide_on(handover, services, session, people, user, admin):
    case = claimed(services, people)
    (item,) = handover.open_items(user(people.li), user(people.clerk)).tasks
    assert item.blocked
    left = handover.hand_over(user(people.li), user(people.clerk), admin)
    assert [item.case for item in left.tasks] == [case]
    assert review(session, case).assignee_id == people.li.id


def test_what_is_awaited_from_an_applicant_takes_the_case_along(handover, services, session, people, user, admin):
    cases = services.get(CaseService)
    case = apply_for(services, people.clerk)
    cases.perform(case, "return", people.li.identity, opinion="数量不对", version=2)
    assert handover.hand_over(user(people.clerk), user(people.stranger), admin).nothing
    assert (case.applicant_id, case.handler_id) == (people.clerk.id, people.stranger.id)
    assert [change[0] for change in timeline.last_act(session, case.id).changes] == ["办理人", "经办人"]
    cases.perform(case, "submit", people.stranger.identity, version=case.version)


def test_cases_for_which_nobody_would_be_left(handover, services, session, people, user, admin):
    case = apply_for(services, people.clerk)
    assert handover.open_items(user(people.li)).nothing
    session.execute(sa.text("DELETE FROM core_grant WHERE user_id = :zhou"), {"zhou": people.zhou.id})
    items = handover.open_items(user(people.li))
    assert ([item.case for item in items.orphans], items.tasks, items.nothing) == ([case], (), False)
    assert [item.case for item in handover.hand_over(user(people.li), user(people.zhou), admin).orphans] == [case]
    session.execute(sa.text("UPDATE core_user SET active = false WHERE id = :li"), {"li": people.li.id})
    session.expire_all()
    assert handover.open_items(user(people.li)).orphans == ()


def test_to_whom(handover, people, user, admin, make_user, session):
    gone = make_user("gone", name="走了")
    session.execute(sa.text("UPDATE core_user SET active = false WHERE login = 'gone'"))
    for to in (people.li, gone):
        with pytest.raises(Invalid) as error:
            handover.hand_over(user(people.li), user(to), admin)
        assert list(error.value.fields) == ["people"]
