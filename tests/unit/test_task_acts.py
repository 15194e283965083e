"""What may be done with a task besides answering it: claim, hand over, added signatures, copies, urging."""

import pytest
import sqlalchemy as sa

from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.inbox import timeline
from portal_core.inbox.acts import TaskActs
from portal_core.inbox.copies import COPIES_MAX, CopyService
from portal_core.inbox.models import DONE, OPEN, READ, VOID, WAITING, Task
from portal_core.inbox.queries import tab_counts, tab_ids
from portal_core.inbox.services import CaseService
from portal_core.inbox.signing import SigningService
from portal_core.inbox.urging import UrgingService
from portal_core.notifications.models import Notification
from portal_core.services import Services
from tests import trial
from tests.trial import APPROVE, apply_for, draft

_loaded_portal, people = trial._loaded_portal, trial.people
AWAITED = frozenset((APPROVE,))


@pytest.fixture
def cases(services):
    return services.get(CaseService)


@pytest.fixture
def acts(services):
    return services.get(TaskActs)


@pytest.fixture
def signing(services):
    return services.get(SigningService)


@pytest.fixture
def copies(services):
    return services.get(CopyService)


@pytest.fixture
def case(services, people):
    return apply_for(services, people.clerk)


def tasks(session, case):
    return list(session.scalars(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id)))


def review(session, case):
    return tasks(session, case)[0]


def todo(session, person):
    ids, parameters = tab_ids("todo", person.identity, AWAITED, 100)
    found = list(session.scalars(ids, parameters))
    assert tab_counts(session, person.identity, AWAITED)["todo"] == len(found)
    return found


def actions(cases, case, person):
    return [t.action for t in cases.available(case, person.identity)]


def lines(session, case):
    return [(event.action, event.actor.name, event.opinion) for event in timeline.events(session, case.id)[1:]]


def messages(session, code):
    return {row.user_id for row in session.scalars(sa.select(Notification).where(Notification.code == code))}


# -- claim and release ---------------------------------------------------------------------------------------------------


def test_a_claimed_task_leaves_the_lists_of_the_others(acts, cases, session, people, case):
    task = review(session, case)
    assert todo(session, people.zhou) == todo(session, people.li) == [task.id]
    acts.claim(case, task.id, people.li.identity, 2)
    assert (todo(session, people.li), todo(session, people.zhou)) == ([task.id], [])
    assert (case.version, case.state) == (3, "pending")
    assert actions(cases, case, people.zhou) == []
    assert "approve" in actions(cases, case, people.li)
    assert lines(session, case) == [("task.claim", "李静", "")]
    assert timeline.broken_at(session, case.id) is None
    cases.perform(case, "approve", people.li.identity, version=3)
    assert review(session, case).done_by_id == people.li.id


def test_who_comes_second_reads_who_claimed(acts, cases, session, people, case):
    task = review(session, case)
    acts.claim(case, task.id, people.li.identity, 2)
    for late in (
        lambda: acts.claim(case, task.id, people.zhou.identity, 2),
        lambda: cases.perform(case, "approve", people.zhou.identity, version=2),
    ):
        with pytest.raises(Stale) as error:
            late()
        assert (error.value.message.interpolate(), error.value.by) == ("Already claimed by 李静", "李静")
    with pytest.raises(Forbidden):
        acts.claim(case, task.id, people.zhou.identity, 3)
    with pytest.raises(Conflict, match="yours already"):
        acts.claim(case, task.id, people.li.identity, 3)


def test_a_claim_between_reading_and_claiming_wins(portal, people, session):
    """Both saw the task in the pool; the row itself decides."""
    services = Services(session, portal)
    made = apply_for(services, people.clerk)
    session.commit()
    task = review(session, made)
    with portal.database.writing() as other:
        first = Services(other, portal)
        first.get(TaskActs).claim(first.get(CaseService).get(made.id), task.id, people.li.identity, 2)
    with pytest.raises(Stale) as error:
        services.get(TaskActs).claim(made, task.id, people.zhou.identity, 2)
    assert error.value.by == "李静"


def test_a_released_task_is_everybodys_again(acts, session, people, case):
    task = review(session, case)
    acts.claim(case, task.id, people.li.identity, 2)
    with pytest.raises(Forbidden):
        acts.release(case, task.id, people.zhou.identity, 3)
    acts.release(case, task.id, people.li.identity, 3)
    assert todo(session, people.zhou) == todo(session, people.li) == [task.id]
    assert [action for action, *_rest in lines(session, case)] == ["task.claim", "task.release"]


def test_only_a_task_of_the_case_that_is_still_open(acts, cases, session, people, services, case):
    other = review(session, apply_for(services, people.clerk))
    with pytest.raises(NotFound):
        acts.claim(case, other.id, people.li.identity, 2)
    with pytest.raises(Forbidden):
        acts.claim(case, review(session, case).id, people.stranger.identity, 2)
    cases.perform(case, "withdraw", people.clerk.identity, version=2)
    with pytest.raises(Conflict):
        acts.claim(case, review(session, case).id, people.li.identity, 3)


def test_nothing_can_be_done_while_the_module_is_off(acts, copies, portal, session, people, case, monkeypatch):
    monkeypatch.delitem(portal.flows, "trial.thing")
    with pytest.raises(Conflict):
        acts.claim(case, review(session, case).id, people.li.identity, 2)
    with pytest.raises(Conflict):
        copies.send(case, people.clerk.identity, [people.stranger.id])


# -- hand over -----------------------------------------------------------------------------------------------------------


def test_the_new_person_answers_and_the_old_one_only_looks(acts, cases, session, people, case):
    task = review(session, case)
    acts.transfer(case, task.id, people.li.identity, people.stranger.id, 2, " 请您把关 ")
    assert (task.assignee_id, task.owner_id, task.permission) == (people.stranger.id, people.li.id, APPROVE)
    assert todo(session, people.stranger) == [task.id]
    assert todo(session, people.li) == todo(session, people.zhou) == []
    assert actions(cases, case, people.li) == []
    assert cases.visible(case.number, people.stranger.identity) is cases.visible(case.number, people.li.identity)
    assert lines(session, case) == [("task.transfer", "李静", "请您把关")]
    assert timeline.events(session, case.id)[-1].changes == [["办理人", "李静", "王磊"]]
    assert messages(session, "core.transferred") == {people.stranger.id}
    cases.perform(case, "approve", people.stranger.identity, version=3)
    assert (case.state, task.status, task.done_by_id) == ("approved", DONE, people.stranger.id)


def test_the_first_owner_is_remembered(acts, session, people, case):
    task = review(session, case)
    acts.transfer(case, task.id, people.li.identity, people.stranger.id, 2)
    acts.transfer(case, task.id, people.stranger.identity, people.zhou.id, 3)
    assert (task.assignee_id, task.owner_id) == (people.zhou.id, people.li.id)


def test_to_whom_a_task_cannot_be_given(acts, session, people, make_user, case):
    gone = make_user("gone", name="走了", active=True)
    with session.begin_nested():
        session.execute(sa.text("UPDATE core_user SET active = false WHERE login = 'gone'"))
    for to in (people.li.id, people.clerk.id, gone.id, 10**9):
        with pytest.raises(Invalid) as error:
            acts.transfer(case, review(session, case).id, people.li.identity, to, 2)
        assert list(error.value.fields) == ["people"]
    with pytest.raises(Invalid):
        acts.transfer(case, review(session, case).id, people.li.identity, people.zhou.id, 2, "长" * 1001)
    assert (case.version, lines(session, case)) == (2, [])


def test_what_is_awaited_from_the_applicant_stays_with_them(acts, cases, session, people, case):
    cases.perform(case, "return", people.li.identity, opinion="数量不对", version=2)
    with pytest.raises(Conflict):
        acts.transfer(case, tasks(session, case)[1].id, people.clerk.identity, people.zhou.id, 3)


# -- added signatures ----------------------------------------------------------------------------------------------------


def test_the_task_waits_until_all_have_given_their_opinion(signing, cases, session, people, make_user, case):
    other = make_user("gu", name="顾")
    task = review(session, case)
    one, two = signing.ask(case, task.id, people.li.identity, [people.stranger.id, other.id], "before", 2, "请看数量")
    assert (task.status, task.assignee_id, one.status, one.sign) == (WAITING, people.li.id, OPEN, "before")
    assert todo(session, people.li) == todo(session, people.zhou) == []
    assert todo(session, people.stranger) == [one.id]
    assert messages(session, "core.sign_asked") == {people.stranger.id, other.id}
    for person in (people.li, people.stranger, people.zhou):
        assert actions(cases, case, person) == []
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", people.stranger.identity, version=case.version)
    with pytest.raises(Invalid):
        signing.sign(case, one.id, people.stranger.identity, False, " ")
    signing.sign(case, one.id, people.stranger.identity, False, "数量偏多")
    assert (task.status, one.status, one.outcome) == (WAITING, DONE, "disagree")
    signing.sign(case, two.id, other.identity, True, "")
    assert (task.status, task.assignee_id) == (OPEN, people.li.id)
    assert messages(session, "core.signed") == {people.li.id}
    assert [action for action, *_rest in lines(session, case)] == ["task.ask_sign", "task.disagree", "task.agree"]
    assert timeline.broken_at(session, case.id) is None
    with pytest.raises(Conflict):
        signing.sign(case, one.id, people.stranger.identity, True, "")
    cases.perform(case, "approve", people.li.identity, version=case.version)
    assert case.state == "approved"


def test_signatures_end_with_the_step(signing, cases, session, people, case):
    (child,) = signing.ask(case, review(session, case).id, people.li.identity, [people.stranger.id], "before", 2)
    cases.perform(case, "withdraw", people.clerk.identity, version=3)
    assert (review(session, case).status, child.status) == (VOID, VOID)
    with pytest.raises(Conflict):
        signing.sign(case, child.id, people.stranger.identity, True, "")


def test_who_can_be_asked_for_a_signature(signing, session, people, make_user, case):
    task = review(session, case)
    crowd = [make_user(f"s{number}").id for number in range(6)]
    for names in ([], crowd, [people.li.id], [people.clerk.id], [10**9]):
        with pytest.raises(Invalid) as error:
            signing.ask(case, task.id, people.li.identity, names, "before", 2)
        assert list(error.value.fields) == ["people"]
    with pytest.raises(Invalid):
        signing.ask(case, task.id, people.li.identity, crowd[:1], "beside", 2)
    signing.ask(case, task.id, people.li.identity, crowd[:3], "after", 2)
    with pytest.raises(Invalid):
        signing.ask(case, task.id, people.li.identity, crowd[:1], "after", 3)
    with pytest.raises(Invalid):
        signing.ask(case, task.id, people.li.identity, crowd[3:], "after", 3)


def test_the_asker_may_go_on_without_the_missing_signatures(signing, cases, session, people, case):
    task = review(session, case)
    (child,) = signing.ask(case, task.id, people.li.identity, [people.stranger.id], "before", 2)
    with pytest.raises(Forbidden):
        signing.recall(case, task.id, people.zhou.identity, 3)
    signing.recall(case, task.id, people.li.identity, 3)
    assert (task.status, child.status) == (OPEN, VOID)
    assert timeline.events(session, case.id)[-1].changes == [["未签署", "王磊", ""]]
    with pytest.raises(Conflict):
        signing.recall(case, task.id, people.li.identity, 4)
    cases.perform(case, "approve", people.li.identity, version=4)


def test_an_opinion_is_asked_of_a_person_and_not_handed_on(signing, acts, session, people, case):
    (child,) = signing.ask(case, review(session, case).id, people.li.identity, [people.stranger.id], "before", 2)
    with pytest.raises(Conflict):
        acts.transfer(case, child.id, people.stranger.identity, people.zhou.id, 3)
    with pytest.raises(Conflict):
        signing.ask(case, child.id, people.stranger.identity, [people.zhou.id], "before", 3)


def test_signatures_after_wait_for_the_answer(signing, session, people, case):
    (child,) = signing.ask(case, review(session, case).id, people.li.identity, [people.stranger.id], "after", 2)
    assert (review(session, case).status, child.status) == (OPEN, WAITING)
    assert (todo(session, people.stranger), messages(session, "core.sign_asked")) == ([], set())


# -- copies --------------------------------------------------------------------------------------------------------------


def test_a_copy_is_to_be_read_and_opens_the_case_for_good(copies, cases, session, people, case):
    with pytest.raises(NotFound):
        cases.visible(case.number, people.stranger.identity)
    copies.send(case, people.clerk.identity, [people.stranger.id, people.zhou.id], "请知悉")
    assert case.version == 2
    assert cases.visible(case.number, people.stranger.identity) is case
    assert tab_counts(session, people.stranger.identity, AWAITED)["read"] == 1
    assert messages(session, "core.cc") == {people.stranger.id, people.zhou.id}
    cases.mark_seen(case, people.stranger.identity)
    assert tab_counts(session, people.stranger.identity, AWAITED)["read"] == 0
    ids, parameters = tab_ids("seen", people.stranger.identity, AWAITED, 10)
    assert [session.get(Task, number).kind for number in session.scalars(ids, parameters)] == [READ]
    assert cases.visible(case.number, people.stranger.identity) is case
    assert actions(cases, case, people.stranger) == []
    assert timeline.broken_at(session, case.id) is None
    cases.perform(case, "approve", people.li.identity, version=2)


def test_nobody_gets_a_second_copy(copies, session, people, case):
    copies.send(case, people.clerk.identity, [people.stranger.id])
    done = copies.send(case, people.clerk.identity, [people.stranger.id, people.zhou.id])
    assert ([p.name for p in done.sent], [p.name for p in done.known]) == (["周敏"], ["王磊"])
    with pytest.raises(Invalid) as error:
        copies.send(case, people.clerk.identity, [people.stranger.id, people.clerk.id])
    assert list(error.value.fields) == ["people"]
    assert sum(task.kind == READ for task in tasks(session, case)) == 2


def test_who_may_send_copies(copies, services, cases, people, make_user, case):
    leader = make_user("leader", permissions=["core:case:view_all"])
    for person, may in ((people.clerk, True), (people.li, True), (people.zhou, True), (people.stranger, False), (leader, False)):
        assert copies.may_send(case, person.identity) is may
    with pytest.raises(Forbidden):
        copies.send(case, leader.identity, [people.stranger.id])
    cases.perform(case, "approve", people.li.identity, version=2)
    assert copies.may_send(case, people.li.identity)
    assert not copies.may_send(case, people.zhou.identity)
    assert not copies.may_send(draft(services, people.clerk), people.clerk.identity)
    with pytest.raises(Invalid):
        copies.send(case, people.clerk.identity, range(10**6, 10**6 + COPIES_MAX + 1))


# -- urging --------------------------------------------------------------------------------------------------------------


def test_urging_tells_everybody_who_could_act(services, session, people, case):
    urging = services.get(UrgingService)
    assert urging.urge(case, people.clerk.identity) == 2
    assert messages(session, "core.urged") == {people.li.id, people.zhou.id}
    assert (review(session, case).urges, case.version) == (1, 2)
    assert timeline.broken_at(session, case.id) is None
    for person in (people.li, people.stranger):
        assert urging.standing(case, person.identity) is None
        with pytest.raises(Forbidden):
            urging.urge(case, person.identity)


def test_four_working_hours_lie_between_two_times_and_three_are_enough(services, portal, people, case):
    urging = services.get(UrgingService)
    urging.urge(case, people.clerk.identity)
    # 09:30 + 4 working hours, with the break from 12:00 to 14:00, is 15:30.
    standing = urging.standing(case, people.clerk.identity)
    assert (standing.tasks, standing.times, portal.clock.local(standing.next_at).strftime("%H:%M")) == ((), 1, "15:30")
    portal.clock.advance(hours=5, minutes=59)
    with pytest.raises(Conflict) as error:
        urging.urge(case, people.clerk.identity)
    assert error.value.message.interpolate() == "This can be urged again from 11-24 15:30."
    portal.clock.advance(minutes=1)
    urging.urge(case, people.clerk.identity)
    portal.clock.advance(days=2)
    urging.urge(case, people.clerk.identity)
    portal.clock.advance(days=2)
    with pytest.raises(Conflict, match="times already"):
        urging.urge(case, people.clerk.identity)


def test_only_what_others_have_to_do_is_urged(services, cases, people, case):
    urging = services.get(UrgingService)
    cases.perform(case, "return", people.li.identity, opinion="数量不对", version=2)
    assert urging.standing(case, people.clerk.identity) is None
    with pytest.raises(Conflict, match="Nothing is awaited"):
        urging.urge(case, people.clerk.identity)


def test_a_claimed_task_urges_one_person(services, acts, session, people, case):
    acts.claim(case, review(session, case).id, people.li.identity, 2)
    services.get(UrgingService).urge(case, people.clerk.identity)
    assert messages(session, "core.urged") == {people.li.id}


# -- withdrawal ----------------------------------------------------------------------------------------------------------


def test_withdrawn_only_until_the_next_step_has_acted(cases, people, case):
    cases.perform(case, "approve", people.li.identity, version=2)
    assert "withdraw" not in actions(cases, case, people.clerk)
    with pytest.raises(Stale) as error:
        cases.perform(case, "withdraw", people.clerk.identity, version=2)
    assert error.value.by == "李静"


def test_a_task_never_comes_to_the_one_who_applied(acts, session, services, people):
    own = apply_for(services, people.li)
    with pytest.raises(Invalid) as error:
        acts.transfer(own, review(session, own).id, people.zhou.identity, people.li.id, 2)
    assert list(error.value.fields) == ["people"]
    with pytest.raises(Forbidden):
        acts.claim(own, review(session, own).id, people.li.identity, 2)
