"""Delegation for an absence: who sees and answers what, both names in the timeline, and which delegations are refused."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from portal_core.accounts.rights import RightsService
from portal_core.audit.models import AuditEntry
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound
from portal_core.inbox import timeline
from portal_core.inbox.acts import TaskActs
from portal_core.inbox.delegations import DelegationService, NewDelegation
from portal_core.inbox.models import DONE, Delegation, Task
from portal_core.inbox.queries import tab_counts, tab_page
from portal_core.inbox.services import CaseService
from portal_core.inbox.urging import UrgingService
from portal_core.inbox.whose import stand_in_for
from portal_core.notifications.models import Notification
from portal_core.testing.fixtures import NOW, count_statements
from tests import trial
from tests.trial import APPROVE, apply_for

_loaded_portal, people = trial._loaded_portal, trial.people
AWAITED = frozenset((APPROVE,))
DAY = dt.timedelta(days=1)


@pytest.fixture
def cases(services):
    return services.get(CaseService)


@pytest.fixture
def delegations(services):
    return services.get(DelegationService)


@pytest.fixture
def leave(delegations):
    """``leave(person, to, modules, starts, ends)``: ``person`` leaves their to-dos; days are counted from now."""

    def leave(person, to, modules=(), starts=0, ends=3, actor=None):
        new = NewDelegation(to.id, NOW + starts * DAY, NOW + ends * DAY, modules, "出差")
        return delegations.create(person.id, new, (actor or person).identity)

    return leave


def now(services, person):
    """The person's identity as it is now, with those for whom they stand in."""
    return services.get(RightsService).identity_of(person.id)


def todo(session, identity):
    found, _following = tab_page(session, "todo", identity, AWAITED)
    assert tab_counts(session, identity, AWAITED)["todo"] == len(found)
    return found


def review(session, case):
    return session.scalar(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id).limit(1))


def test_a_stand_in_finds_and_answers_what_is_in_the_others_pool(services, session, cases, people, make_user, leave):
    stand_in = make_user("wu", name="吴桂芳")
    case = apply_for(services, people.clerk)
    assert todo(session, now(services, stand_in)) == []
    leave(people.zhou, stand_in)
    identity = now(services, stand_in)
    (task,) = todo(session, identity)
    assert stand_in_for(task, identity).identity.name == "周敏"
    assert cases.visible(case.number, identity) is case
    cases.perform(case, "approve", identity, opinion="同意", version=2)
    assert (task.status, task.done_by_id, task.on_behalf_of_id) == (DONE, stand_in.id, people.zhou.id)
    event = timeline.events(session, case.id)[-1]
    assert (event.actor.name, event.on_behalf_of.name) == ("吴桂芳", "周敏")
    assert timeline.broken_at(session, case.id) is None


def test_a_stand_in_finds_what_is_assigned_and_the_absent_person_does_too(services, session, cases, people, make_user, leave):
    stand_in = make_user("wu", name="吴桂芳")
    case = apply_for(services, people.clerk)
    services.get(TaskActs).claim(case, review(session, case).id, people.li.identity, 2)
    leave(people.li, stand_in)
    assert len(todo(session, now(services, stand_in))) == 1
    assert len(todo(session, people.li.identity)) == 1
    cases.perform(case, "approve", people.li.identity, version=3)
    assert review(session, case).on_behalf_of_id is None


def test_what_both_may_take_is_listed_once_and_answered_in_ones_own_name(services, session, cases, people, leave):
    case = apply_for(services, people.clerk)
    leave(people.zhou, people.li)
    identity = now(services, people.li)
    assert len(todo(session, identity)) == 1
    cases.perform(case, "approve", identity, version=2)
    assert timeline.last_act(session, case.id).on_behalf_of_id is None


def test_a_stand_in_claims_for_the_absent_person(services, session, cases, people, make_user, leave):
    stand_in = make_user("wu", name="吴桂芳")
    case = apply_for(services, people.clerk)
    leave(people.zhou, stand_in)
    identity = now(services, stand_in)
    services.get(TaskActs).claim(case, review(session, case).id, identity, 2)
    assert review(session, case).assignee_id == people.zhou.id
    assert (timeline.last_act(session, case.id).on_behalf_of_id, len(todo(session, identity))) == (people.zhou.id, 1)
    services.get(TaskActs).release(case, review(session, case).id, identity, 3)
    assert len(todo(session, people.li.identity)) == 1


def test_nobody_decides_on_their_own_application_by_delegation(services, session, cases, people, leave):
    case = apply_for(services, people.clerk)
    leave(people.zhou, people.clerk)
    identity = now(services, people.clerk)
    assert todo(session, identity) == []
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", identity, version=2)
    assert "approve" not in [t.action for t in cases.available(case, identity)]


def test_what_is_awaited_from_an_absent_applicant_stays_theirs(services, session, cases, people, make_user, leave):
    case = apply_for(services, people.clerk)
    cases.perform(case, "return", people.li.identity, opinion="数量不对", version=2)
    leave(people.clerk, people.stranger)
    assert todo(session, now(services, people.stranger)) == []
    assert len(todo(session, people.clerk.identity)) == 1


def test_only_the_modules_that_were_left(services, session, cases, people, make_user, leave, delegations):
    one, other = make_user("wu", name="吴桂芳"), make_user("gu", name="顾")
    assert list(delegations.modules()) == ["core", "trial"]
    case = apply_for(services, people.clerk)
    leave(people.zhou, one, ("trial",))
    assert len(todo(session, now(services, one))) == 1
    services.get(TaskActs).claim(case, review(session, case).id, people.li.identity, 2)
    session.add(row(people.li, other, ["elsewhere"]))
    session.flush()
    assert todo(session, now(services, other)) == []
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", now(services, other), version=3)
    with pytest.raises(Invalid):
        leave(people.li, one, ("nowhere",))


def row(absent, to, plugins=(), starts=0, ends=3):
    period = {"starts_at": NOW + starts * DAY, "ends_at": NOW + ends * DAY}
    fields = {"plugins": list(plugins), "created": NOW, "created_by_id": absent.id}
    return Delegation(from_user_id=absent.id, to_user_id=to.id, **period, **fields)


def test_a_delegation_holds_from_its_beginning_to_its_end(services, portal, session, people, make_user, leave, delegations):
    stand_in = make_user("wu", name="吴桂芳")
    apply_for(services, people.clerk)
    made = leave(people.zhou, stand_in, starts=1, ends=2)
    expected = ((0, 0, "planned"), (24, 1, "active"), (23, 1, "active"), (1, 0, "over"))
    for hours, found, state in expected:
        portal.clock.advance(hours=hours)
        assert len(todo(session, now(services, stand_in))) == found
        assert [line.state for line in delegations.given(people.zhou.id)] == [state]
    with pytest.raises(Conflict):
        delegations.end(made.id, people.zhou.identity)


def test_an_early_end(services, session, people, make_user, leave, delegations):
    stand_in = make_user("wu", name="吴桂芳")
    apply_for(services, people.clerk)
    made = leave(people.zhou, stand_in)
    for person in (stand_in, people.clerk):
        with pytest.raises(NotFound):
            delegations.end(made.id, person.identity)
    delegations.end(made.id, people.zhou.identity)
    assert todo(session, now(services, stand_in)) == []
    with pytest.raises(Conflict):
        delegations.end(made.id, people.zhou.identity)
    with pytest.raises(NotFound):
        delegations.end(10**9, people.zhou.identity)
    assert messages(session, "core.delegated") == messages(session, "core.delegation_ended") == {stand_in.id}
    acts = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.object_type == "core.delegation"))
    assert list(acts) == ["core.delegation_created", "core.delegation_ended"]


def messages(session, code):
    return {message.user_id for message in session.scalars(sa.select(Notification).where(Notification.code == code))}


def test_an_administrator_sets_it_for_somebody_who_is_ill(services, session, people, make_user, leave, delegations):
    keeper = make_user("keeper", permissions=["core:delegation:manage"])
    stand_in = make_user("wu", name="吴桂芳")
    with pytest.raises(Forbidden):
        leave(people.zhou, stand_in, actor=people.li)
    made = leave(people.zhou, stand_in, actor=keeper)
    assert messages(session, "core.delegated") == {people.zhou.id, stand_in.id}
    assert [line.to_name for line in delegations.page()[0]] == ["吴桂芳"]
    delegations.end(made.id, keeper.identity)


def test_to_one_person_at_a_time(people, make_user, leave):
    one, two = make_user("wu", name="吴桂芳"), make_user("gu", name="顾")
    leave(people.zhou, one, starts=0, ends=3)
    for starts, ends, modules in ((0, 1, ()), (2, 9, ("trial",))):
        with pytest.raises(Invalid) as error:
            leave(people.zhou, two, modules, starts, ends)
        assert "吴桂芳" in error.value.fields["people"].interpolate()
    leave(people.zhou, two, starts=3, ends=5)


def test_circles_and_long_chains_are_refused(services, session, people, make_user, leave):
    a, b, c, d, e = (make_user(login, name=login.upper()) for login in ("aa", "bb", "cc", "dd", "ee"))
    leave(a, b)
    leave(b, c)
    with pytest.raises(Invalid):
        leave(c, a)
    leave(c, d)
    for absent, to in ((d, e), (e, a)):
        with pytest.raises(Invalid):
            leave(absent, to)
    leave(e, a, starts=4, ends=5)
    assert [s.identity.login for s in now(services, d).stand_ins] == ["cc", "bb", "aa"]


def test_a_chain_is_walked_for_the_common_modules_only(services, session, people, make_user):
    b, c = make_user("bb"), make_user("cc")
    session.add_all([row(people.zhou, b, ["trial"]), row(b, c, ["other"])])
    session.flush()
    assert [s.identity.login for s in now(services, c).stand_ins] == ["bb"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_at": NOW - DAY, "starts_at": NOW - 2 * DAY}, "ends"),
        ({"ends_at": NOW}, "ends"),
        ({"ends_at": NOW + 400 * DAY}, "ends"),
        ({"reason": "长" * 201}, "reason"),
        ({"to_id": 10**9}, "people"),
    ],
)
def test_what_a_form_can_say_wrong(delegations, people, change, field):
    new = NewDelegation(people.li.id, NOW, NOW + DAY)
    with pytest.raises(Invalid) as error:
        delegations.create(people.zhou.id, replace(new, **change), people.zhou.identity)
    assert list(error.value.fields) == [field]
    with pytest.raises(Invalid):
        delegations.create(people.zhou.id, replace(new, to_id=people.zhou.id), people.zhou.identity)


def test_who_urges_reaches_the_stand_in(services, session, people, make_user, leave):
    stand_in = make_user("wu", name="吴桂芳")
    case = apply_for(services, people.clerk)
    leave(people.zhou, stand_in)
    services.get(UrgingService).urge(case, people.clerk.identity)
    assert messages(session, "core.urged") == {people.li.id, people.zhou.id, stand_in.id}


def test_without_delegations_nothing_costs_more(portal, services, session, people, make_user):
    apply_for(services, people.clerk)
    session.commit()
    with portal.database.reading() as reading, count_statements(portal.database.engine) as seen:
        identity = type(services)(reading, portal).get(RightsService).identity_of(people.li.id)
        tab_page(reading, "todo", identity, AWAITED)
        tab_counts(reading, identity, AWAITED)
    assert seen.count == 4
