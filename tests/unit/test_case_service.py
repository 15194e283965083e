"""Cases: who may do what, what an act leaves behind, and what is refused without a trace."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.inbox import timeline
from portal_core.inbox.models import DONE, OPEN, VOID, Case, Task
from portal_core.inbox.services import OPINION_MAX, CaseService
from portal_core.notifications.models import Notification
from portal_core.services import Services
from portal_core.testing.fixtures import NOW
from tests import trial
from tests.trial import APPROVE, MANAGE, SCOPE, apply_for, draft

_loaded_portal, people = trial._loaded_portal, trial.people


@pytest.fixture
def cases(services):
    return services.get(CaseService)


def tasks(session, case):
    return list(session.scalars(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id)))


def statuses(session, case):
    return [(task.step, task.status) for task in tasks(session, case)]


def actions(cases, case, person):
    return [t.action for t in cases.available(case, person.identity)]


def test_a_new_case_has_a_number_of_its_day_and_nothing_else(services, session, people):
    one, two = draft(services, people.clerk), draft(services, people.clerk)
    assert (one.number, two.number) == ("WP20261124-001", "WP20261124-002")
    assert (one.state, one.state_label, one.version) == ("draft", "草稿", 1)
    assert one.department_id == people.clerk.identity.department_id
    assert one.summary == [["物品", "打印纸"], ["数量", "20 箱"], ["用途", "年终总结"]]
    assert tasks(session, one) == []


def test_numbers_count_by_the_day_of_the_users(services, portal, people):
    portal.clock.moment = dt.datetime(2026, 11, 24, 16, 30, tzinfo=dt.UTC)  # half past midnight in Shanghai
    assert draft(services, people.clerk).number == "WP20261125-001"


def test_a_summary_has_at_most_five_pairs(cases, services, people):
    case = draft(services, people.clerk)
    with pytest.raises(ValueError, match="at most 5 pairs"):
        cases.describe(case, title="x", summary=[("a", "b")] * 6)
    cases.describe(case, title="新" * 300, summary=[("数量", 3)])
    assert (len(case.title), case.summary) == (200, [["数量", "3"]])


def test_submitting_opens_the_review(services, session, people):
    case = apply_for(services, people.clerk)
    (task,) = tasks(session, case)
    assert (case.state, case.tone, case.version, case.closed) == ("pending", "warn", 2, None)
    assert (task.permission, task.scope, task.verb, task.why, task.status) == (APPROVE, SCOPE, "审核", "物品管理员审核申领", OPEN)
    assert task.due == NOW + dt.timedelta(hours=4)


def test_who_may_do_what(cases, services, people):
    case = apply_for(services, people.clerk)
    assert actions(cases, case, people.li) == actions(cases, case, people.zhou) == ["approve", "return", "reject", "note"]
    assert actions(cases, case, people.clerk) == ["withdraw", "cancel"]
    assert actions(cases, case, people.stranger) == []


def test_the_clerk_who_typed_it_may_do_what_the_applicant_may(cases, services, people, make_user):
    typist = make_user("chen", name="陈国强")
    case = apply_for(services, people.clerk, handler=typist.identity)
    assert actions(cases, case, typist) == ["withdraw", "cancel"]
    cases.perform(case, "return", people.li.identity, opinion="数量不对", version=2)
    assert cases.open_tasks(case)[0].assignee_id == typist.id


def test_approving_ends_the_review_and_asks_the_applicant(cases, services, session, people):
    case = apply_for(services, people.clerk)
    done = cases.perform(case, "approve", people.li.identity, opinion=" 同意 \r\n", version=2)
    assert done.transition.target == case.state == "approved"
    review, rate, heed = tasks(session, case)
    assert (review.status, review.done_by_id, review.outcome, review.opinion) == (DONE, people.li.id, "approve", "同意")
    assert (rate.assignee_id, rate.status, rate.kind, heed.kind) == (people.clerk.id, OPEN, "act", "read")
    assert rate.due == NOW + dt.timedelta(days=7)


def test_the_timeline_tells_everything_and_is_chained(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, opinion="同意", version=2, data={"changes": [["数量", 20, 10]]})
    submit, approve = timeline.events(session, case.id)
    assert (submit.actor.name, submit.action_label, submit.from_state, submit.to_label) == ("杨晓", "提交", "draft", "待审核")
    assert (approve.actor.name, approve.opinion, approve.changes) == ("李静", "同意", [["数量", "20", "10"]])
    assert (submit.prev_hash, approve.prev_hash) == ("", submit.hash)
    assert timeline.broken_at(session, case.id) is None


def test_a_forged_line_is_found(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    first = timeline.events(session, case.id)[0]
    first.opinion = "forged"
    with session.no_autoflush:
        assert timeline.broken_at(session, case.id) == first.id
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.flush()


@pytest.mark.parametrize("opinion", ["", "  \n ", "\u200b"])
def test_a_required_opinion_is_required(cases, services, people, opinion):
    case = apply_for(services, people.clerk)
    with pytest.raises(Invalid) as error:
        cases.perform(case, "return", people.li.identity, opinion=opinion, version=2)
    assert list(error.value.fields) == ["opinion"]


def test_an_opinion_has_an_end(cases, services, people):
    case = apply_for(services, people.clerk)
    with pytest.raises(Invalid):
        cases.perform(case, "approve", people.li.identity, opinion="长" * (OPINION_MAX + 1), version=2)
    assert cases.perform(case, "approve", people.li.identity, opinion="长" * OPINION_MAX, version=2)


def test_a_stranger_is_refused(cases, services, people):
    case = apply_for(services, people.clerk)
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", people.stranger.identity, version=2)
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", people.clerk.identity, version=2)


def test_the_second_reads_who_was_first(cases, services, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    with pytest.raises(Stale) as error:
        cases.perform(case, "reject", people.zhou.identity, opinion="不行", version=2)
    assert (error.value.by, error.value.at) == ("李静", NOW)


def test_a_forged_version_is_stale(cases, services, people):
    case = apply_for(services, people.clerk)
    with pytest.raises(Stale):
        cases.perform(case, "approve", people.li.identity, version=99)


def test_an_act_of_another_state_is_a_conflict(cases, services, people):
    case = apply_for(services, people.clerk)
    for action in ("rate", "submit", "burn", ""):
        with pytest.raises(Conflict) as error:
            cases.perform(case, action, people.clerk.identity, version=2)
        assert not isinstance(error.value, Stale)


def test_the_plugin_may_say_not_now(cases, services, people):
    case = apply_for(services, people.clerk, "不可取消的申领")
    assert actions(cases, case, people.clerk) == ["withdraw"]
    with pytest.raises(Conflict):
        cases.perform(case, "cancel", people.clerk.identity, opinion="不要了", version=2)


def test_the_plugin_may_refuse_within_the_act(cases, services, people):
    case = apply_for(services, people.clerk)
    with pytest.raises(Conflict, match="taken"):
        cases.perform(case, "approve", people.li.identity, version=2, data={"raise": Conflict("taken")})


def test_returned_and_submitted_again(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "return", people.zhou.identity, opinion="数量不对", version=2)
    assert statuses(session, case) == [("review", DONE), ("correct", OPEN)]
    cases.perform(case, "submit", people.clerk.identity, version=3)
    assert statuses(session, case) == [("review", DONE), ("correct", DONE), ("review", OPEN)]


def test_what_nobody_answered_is_void(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "withdraw", people.clerk.identity, version=2)
    (task,) = tasks(session, case)
    assert (task.status, task.done_by_id, task.outcome) == (VOID, None, "withdraw")
    assert case.closed == NOW


def test_an_applicant_who_is_an_approver_does_not_answer_the_review_by_withdrawing(cases, services, session, people):
    case = apply_for(services, people.li)
    cases.perform(case, "withdraw", people.li.identity, version=2)
    assert statuses(session, case) == [("review", VOID)]


def test_a_permission_that_the_act_names_without_the_task(cases, services, session, people, make_user):
    manager = make_user("gu", permissions=[MANAGE])
    case = apply_for(services, people.clerk)
    assert cases.may_view(case, manager.identity)
    cases.perform(case, "cancel", manager.identity, opinion="停办", version=2)
    assert statuses(session, case) == [("review", VOID)]
    assert cases.visible(case.number, manager.identity) is case


def test_an_act_may_leave_the_tasks(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "note", people.li.identity, opinion="请补充用途", version=2)
    assert (case.version, statuses(session, case)) == (3, [("review", OPEN)])


def test_what_is_only_to_be_read_gives_no_right_and_ends_when_seen(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    _review, rate, heed = tasks(session, case)
    assert cases.unseen(case, people.li.identity) == []
    assert cases.unseen(case, people.clerk.identity) == [rate, heed]
    cases.mark_seen(case, people.clerk.identity)
    assert (heed.status, heed.done_by_id, rate.status, rate.first_seen) == (DONE, people.clerk.id, OPEN, NOW)
    assert cases.unseen(case, people.clerk.identity) == []


def test_an_act_does_not_take_away_what_is_to_be_read(cases, services, session, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    cases.perform(case, "rate", people.clerk.identity, version=3)
    assert statuses(session, case) == [("review", DONE), ("rate", DONE), ("heed", OPEN)]


def test_the_program_itself_acts(cases, services, session, people):
    case = apply_for(services, people.clerk)
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", SYSTEM)
    cases.perform(case, "lapse", SYSTEM)
    assert (case.state, statuses(session, case)) == ("rejected", [("review", VOID)])
    assert timeline.last_act(session, case.id).actor is None
    with pytest.raises(Stale) as error:
        cases.perform(case, "approve", people.li.identity, version=2)
    assert error.value.by is None


def test_nobody_else_may_act_for_the_program(cases, services, people, make_user):
    case = apply_for(services, people.clerk)
    with pytest.raises(Forbidden):
        cases.perform(case, "lapse", people.li.identity, version=2)


def test_applicant_and_typist_are_told(cases, services, session, people, make_user):
    typist = make_user("chen", name="陈国强")
    case = apply_for(services, people.clerk, handler=typist.identity)
    cases.perform(case, "approve", people.li.identity, opinion="同意", version=2)
    sent = list(session.scalars(sa.select(Notification)))
    assert {message.user_id for message in sent} == {people.clerk.id, typist.id}
    assert sent[0].params == {"title": case.title, "number": case.number, "actor": "李静", "opinion": "同意"}


def test_nobody_approves_their_own_application(cases, services, session, people):
    case = apply_for(services, people.li)
    assert [(task.assignee_id, task.permission) for task in cases.open_tasks(case)] == [(people.zhou.id, "")]
    with pytest.raises(Forbidden):
        cases.perform(case, "approve", people.li.identity, version=2)


def test_who_may_see_a_case(cases, services, people, make_user):
    leader = make_user("leader", permissions=["core:case:view_all"])
    case = apply_for(services, people.clerk)
    for person in (people.clerk, people.li, people.zhou, leader):
        assert cases.visible(case.number, person.identity) is case
    with pytest.raises(NotFound):
        cases.visible(case.number, people.stranger.identity)
    with pytest.raises(NotFound):
        cases.visible("WP20261124-999", people.li.identity)


def test_who_could_have_acted_may_still_look(cases, services, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    assert cases.visible(case.number, people.zhou.identity) is case


def test_who_has_acted_may_look_even_without_the_right(cases, services, people):
    case = apply_for(services, people.clerk)
    cases.perform(case, "approve", people.li.identity, version=2)
    former = type(people.li.identity)(people.li.id, "li", "李静")
    assert cases.visible(case.number, former) is case


def test_drafts_are_private(cases, services, people):
    case = draft(services, people.clerk)
    with pytest.raises(NotFound):
        cases.visible(case.number, people.li.identity)


def test_a_case_without_its_plugin_can_be_read_but_not_moved(cases, services, portal, people, monkeypatch):
    case = apply_for(services, people.clerk)
    monkeypatch.delitem(portal.flows, "trial.thing")
    assert cases.visible(case.number, people.clerk.identity) is case
    assert cases.available(case, people.clerk.identity) == []
    with pytest.raises(Conflict):
        cases.perform(case, "withdraw", people.clerk.identity, version=2)


def test_candidates_are_named_up_to_a_limit(cases, services, people):
    case = apply_for(services, people.clerk)
    (task,) = cases.open_tasks(case)
    assert cases.candidates([task], 5) == {task.id: (["李静", "周敏"], 2)}
    assert cases.candidates([task], 1) == {task.id: (["李静"], 2)}
    cases.perform(case, "approve", people.li.identity, version=2)
    (rate, _heed) = cases.open_tasks(case)
    assert cases.candidates([rate], 5) == {rate.id: (["杨晓"], 1)}


def test_get(cases, services, people):
    case = draft(services, people.clerk)
    assert cases.get(case.id) is case
    with pytest.raises(NotFound):
        cases.get(case.id + 1)


def test_a_colleague_between_reading_and_acting_is_named(portal, people, session):
    """The loser read the case before the winner's commit and its tasks after it: a missing task is not a missing right."""
    services = Services(session, portal)
    case = apply_for(services, people.clerk)
    session.commit()
    seen = session.get(Case, case.id)
    with portal.database.writing() as other:
        winner = Services(other, portal).get(CaseService)
        winner.perform(winner.get(case.id), "approve", people.li.identity, version=2)
    with pytest.raises(Stale) as error:
        services.get(CaseService).perform(seen, "reject", people.zhou.identity, opinion="不行", version=2)
    assert error.value.by == "李静"
