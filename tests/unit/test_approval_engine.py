"""Stages of approvals: who is asked, in which order, and what a yes or a no leads to."""

import dataclasses

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from portal_core.accounts.models import Department, Role, User, UserRole
from portal_core.accounts.queries import identity_of_user
from portal_core.errors import Forbidden, Invalid, NotFound, Stale
from portal_core.inbox import timeline
from portal_core.inbox.models import DONE, OPEN, VOID, WAITING, CasePlan, Task
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.services import PlanService
from portal_core.inbox.services import CaseService
from portal_core.notifications.models import Notification
from tests import trial
from tests.trial import APPROVE, apply_for

_loaded_portal, people = trial._loaded_portal, trial.people
KIND, STEP = "trial.thing", "review"


@pytest.fixture
def cases(services):
    return services.get(CaseService)


@pytest.fixture
def staff(people, make_user, session):
    """The people of the trial, a head of 财政局 and of the unit above it, an administrator and three named persons."""
    people.head = make_user("shen", name="沈立群", department="财政局")
    people.chief = make_user("gu", name="顾伟", department="市政府")
    people.admin = make_user("admin9", name="王磊二", roles=["admin"])
    people.named = [make_user(f"named{n}", name=f"审批人{n}") for n in range(3)]
    unit = session.scalar(sa.select(Department).where(Department.name == "财政局"))
    above = session.scalar(sa.select(Department).where(Department.name == "市政府"))
    unit.parent_id, unit.path = above.id, f"{above.path}{unit.id}/"
    unit.leader_id, above.leader_id = people.head.id, people.chief.id
    session.flush()
    return people


@pytest.fixture
def set_plan(services, staff):
    """Makes a plan of the given stages the one in force."""

    def make(*stages, once=False):
        plans = services.get(PlanService)
        seen = next((row.version for row in plans.versions(KIND, STEP)), 0)
        return plans.save(staff.admin.identity, KIND, STEP, s.Plan(stages, once), seen)

    return make


def asked(session, case):
    """The tasks of the approval that are awaited now or later, as ``(assignee or permission, status)``."""
    query = sa.select(Task).where(Task.case_id == case.id, Task.step == STEP, Task.status.in_((OPEN, WAITING))).order_by(Task.id)
    return [(task.assignee_id or task.permission, task.status) for task in session.scalars(query)]


def say(cases, case, person, action="approve", opinion="同意"):
    return cases.perform(case, action, person.identity, opinion=opinion, version=case.version)


def lines(session, case):
    found = timeline.events(session, case.id)
    return [(event.action, event.actor.name if event.actor else "", event.to_state) for event in found]


def user(*persons, **fields):
    return s.Stage(rule=s.USER, users=tuple(person.id for person in persons), **fields)


def test_without_a_plan_the_flows_own_rule_is_the_only_stage(cases, services, session, staff):
    case = apply_for(services, staff.clerk)
    assert asked(session, case) == [(APPROVE, OPEN)]
    say(cases, case, staff.li)
    assert case.state == "approved"
    assert session.scalar(sa.select(sa.func.count()).select_from(CasePlan)) == 0


def test_two_stages_are_passed_one_after_the_other(cases, services, session, staff, set_plan):
    set_plan(s.Stage("部门负责人", s.LEADER), s.Stage())
    case = apply_for(services, staff.clerk)
    assert asked(session, case) == [(staff.head.id, OPEN)]
    with pytest.raises(Forbidden):
        say(cases, case, staff.li)
    say(cases, case, staff.head)
    assert (case.state, case.version, asked(session, case)) == ("pending", 3, [(APPROVE, OPEN)])
    say(cases, case, staff.zhou)
    assert case.state == "approved"
    assert lines(session, case) == [
        ("submit", "杨晓", "pending"),
        ("approve", "沈立群", "pending"),
        ("approve", "周敏", "approved"),
    ]
    assert timeline.broken_at(session, case.id) is None


def test_a_partial_yes_tells_the_next_and_not_the_applicant_nor_the_plugin(cases, services, session, staff, set_plan):
    set_plan(user(staff.named[0]), user(staff.named[1]))
    case = apply_for(services, staff.clerk)
    cases.perform(case, "approve", staff.named[0].identity, version=2, data={"raise": RuntimeError("the plugin was called")})
    sent = [(message.user_id, message.code) for message in session.scalars(sa.select(Notification).order_by(Notification.id))]
    assert sent == [(staff.named[0].id, "core.todo"), (staff.named[1].id, "core.todo")]


def test_a_partial_yes_reads_the_message_of_who_said_it_and_of_nobody_who_is_still_asked(
    cases, services, session, staff, set_plan
):
    set_plan(user(*staff.named[:2], mode=s.EVERY), user(staff.named[2]))
    case = apply_for(services, staff.clerk)

    def unread():
        session.expire_all()
        return [n.user_id for n in session.scalars(sa.select(Notification).order_by(Notification.id)) if n.read_at is None]

    first, second, third = (person.id for person in staff.named)
    assert unread() == [first, second]
    say(cases, case, staff.named[0])
    assert unread() == [second]
    say(cases, case, staff.named[1])
    assert unread() == [third]


def test_any_of_several_suffices(cases, services, session, staff, set_plan):
    set_plan(user(*staff.named))
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.named[1])
    statuses = session.scalars(sa.select(Task.status).where(Task.case_id == case.id, Task.step == STEP).order_by(Task.id))
    assert (case.state, list(statuses)) == ("approved", [VOID, DONE, VOID])


def test_all_must_agree_in_whatever_order(cases, services, session, staff, set_plan):
    set_plan(user(*staff.named, mode=s.EVERY))
    case = apply_for(services, staff.clerk)
    for person in (staff.named[2], staff.named[0]):
        say(cases, case, person)
        assert case.state == "pending"
    assert asked(session, case) == [(staff.named[1].id, OPEN)]
    say(cases, case, staff.named[1])
    assert case.state == "approved"


def test_one_after_the_other(cases, services, session, staff, set_plan):
    set_plan(user(*reversed(staff.named), mode=s.IN_TURN))
    case = apply_for(services, staff.clerk)
    with pytest.raises(Forbidden):
        say(cases, case, staff.named[0])
    for person in reversed(staff.named):
        assert asked(session, case)[0] == (person.id, OPEN)
        say(cases, case, person)
    assert case.state == "approved"


def test_a_no_ends_it_at_any_stage(cases, services, session, staff, set_plan):
    set_plan(user(*staff.named, mode=s.EVERY), s.Stage())
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.named[0])
    with pytest.raises(Invalid):
        say(cases, case, staff.named[1], "return", "")
    session.expire_all()
    say(cases, case, staff.named[1], "return", "数量不对")
    assert (case.state, asked(session, case)) == ("returned", [])


def test_submitted_again_it_begins_with_the_first_stage_of_its_own_plan(cases, services, session, staff, set_plan):
    set_plan(user(staff.named[0]), user(staff.named[1]))
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.named[0])
    say(cases, case, staff.named[1], "return", "数量不对")
    set_plan(user(staff.named[2]))
    cases.perform(case, "submit", staff.clerk.identity, version=case.version)
    assert asked(session, case) == [(staff.named[0].id, OPEN)]
    assert asked(session, apply_for(services, staff.clerk)) == [(staff.named[2].id, OPEN)]


def test_a_case_that_began_without_a_plan_stays_without(cases, services, session, staff, set_plan):
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.li, "return", "数量不对")
    set_plan(user(staff.named[0]))
    cases.perform(case, "submit", staff.clerk.identity, version=case.version)
    assert asked(session, case) == [(APPROVE, OPEN)]


def test_heads_of_units(cases, services, session, staff, set_plan):
    set_plan(s.Stage(rule=s.PARENT_LEADER))
    assert asked(session, apply_for(services, staff.clerk)) == [(staff.chief.id, OPEN)]


def test_a_role_is_asked_as_a_group(cases, services, session, staff, set_plan, make_user):
    clerk = make_user("role1", name="角色人", roles=["leader"])
    set_plan(s.Stage(rule=s.ROLE, role="leader"))
    case = apply_for(services, staff.clerk)
    assert asked(session, case) == [("role:leader", OPEN)]
    holder = dataclasses.replace(clerk, identity=identity_of_user(session, clerk.id))
    assert cases.may_view(case, holder.identity)
    say(cases, case, holder)
    assert case.state == "approved"


def test_who_is_named_in_the_form(services, session, staff, set_plan, make_user):
    keeper = make_user("keeper", name="保管人")
    set_plan(s.Stage(rule=s.FIELD, field="keeper"))
    assert asked(session, apply_for(services, staff.clerk)) == [(keeper.id, OPEN)]


def test_an_unknown_role_cannot_be_saved(staff, set_plan):
    with pytest.raises(NotFound):
        set_plan(s.Stage(rule=s.ROLE, role="nobody"))


def test_all_holders_of_a_right(cases, services, session, staff, set_plan):
    set_plan(s.Stage(mode=s.EVERY))
    case = apply_for(services, staff.clerk)
    assert asked(session, case) == [(staff.li.id, OPEN), (staff.zhou.id, OPEN)]


@pytest.mark.parametrize("own", [s.FORBIDDEN, s.PASSED_UP])
def test_an_applicant_in_a_group_is_left_out(services, session, staff, set_plan, own):
    set_plan(s.Stage(own=own))
    assert asked(session, apply_for(services, staff.li))[-1] == (staff.zhou.id, OPEN)


def test_a_head_who_applies_is_passed_and_the_timeline_says_so(cases, services, session, staff, set_plan):
    set_plan(s.Stage("部门负责人", s.LEADER, own=s.SKIPPED), s.Stage())
    case = apply_for(services, staff.head)
    assert asked(session, case) == [(APPROVE, OPEN)]
    passed = timeline.events(session, case.id)[1]
    assert (passed.action, passed.actor, passed.changes[0][0]) == ("pass_stage", None, "部门负责人")
    assert "沈立群" in passed.changes[0][2]
    assert timeline.broken_at(session, case.id) is None


def test_when_every_stage_is_passed_the_case_moves_by_itself(cases, services, session, staff, set_plan):
    set_plan(s.Stage(rule=s.LEADER, own=s.SKIPPED))
    case = apply_for(services, staff.head)
    assert (case.state, asked(session, case)) == ("approved", [])
    assert [action for action, *_rest in lines(session, case)] == ["submit", "pass_stage", "approve"]
    assert timeline.broken_at(session, case.id) is None


def test_a_head_who_applies_is_passed_up(services, session, staff, set_plan):
    set_plan(s.Stage(rule=s.LEADER, own=s.PASSED_UP))
    assert asked(session, apply_for(services, staff.head)) == [(staff.chief.id, OPEN)]


def test_an_empty_stage_falls_to_the_administrators_of_the_plugin(services, session, staff, set_plan, portal):
    set_plan(s.Stage(rule=s.LEADER))
    case = apply_for(services, staff.head)
    (task,) = session.scalars(sa.select(Task).where(Task.case_id == case.id))
    assert (task.assignee_id, task.mode, "管理员" in task.why) == (staff.li.id, s.ANY, True)


def test_without_any_administrator_of_the_plugin_it_falls_to_those_of_the_system(services, session, staff, set_plan):
    set_plan(s.Stage(rule=s.LEADER))
    session.get_one(User, staff.li.id).active = False
    session.get_one(User, staff.zhou.id).active = False
    session.flush()
    assert asked(session, apply_for(services, staff.head)) == [(staff.admin.id, OPEN)]


def test_who_has_left_is_not_asked(services, session, staff, set_plan):
    set_plan(user(*staff.named[:2]))
    session.get_one(User, staff.named[0].id).active = False
    session.flush()
    assert asked(session, apply_for(services, staff.clerk)) == [(staff.named[1].id, OPEN)]


def test_who_agreed_need_not_agree_again(cases, services, session, staff, set_plan):
    set_plan(user(staff.named[0]), user(*staff.named[:2], mode=s.EVERY), user(staff.named[0]), once=True)
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.named[0])
    assert asked(session, case) == [(staff.named[1].id, OPEN)]
    say(cases, case, staff.named[1])
    assert asked(session, case) == [(staff.named[0].id, OPEN)]


def test_who_agreed_in_a_group_need_not_agree_again(cases, services, session, staff, set_plan):
    set_plan(user(staff.li), s.Stage(), once=True)
    case = apply_for(services, staff.clerk)
    say(cases, case, staff.li)
    assert case.state == "approved"
    assert [action for action, *_rest in lines(session, case)] == ["submit", "approve", "pass_stage"]


def test_two_at_once_both_count(cases, services, session, staff, set_plan):
    """The slower of two who agree at the same moment is told to look again, and then agrees."""
    set_plan(user(*staff.named[:2], mode=s.EVERY))
    case = apply_for(services, staff.clerk)
    cases.perform(case, "approve", staff.named[0].identity, version=2)
    with pytest.raises(Stale):
        cases.perform(case, "approve", staff.named[1].identity, version=2)
    cases.perform(case, "approve", staff.named[1].identity, version=3)
    assert case.state == "approved"


def test_due_times_of_stages(services, session, staff, set_plan, portal):
    set_plan(user(staff.named[0], due_hours=1))
    case = apply_for(services, staff.clerk)
    (task,) = session.scalars(sa.select(Task).where(Task.case_id == case.id))
    assert (task.due - case.created).total_seconds() == 3600


def test_versions_and_the_audit_log(services, session, staff, set_plan):
    set_plan(s.Stage())
    set_plan(s.Stage(), s.Stage())
    plans = services.get(PlanService)
    assert [(row.version, len(row.stages)) for row in plans.versions(KIND, STEP)] == [(2, 2), (1, 1)]
    assert plans.all_in_force()[KIND, STEP].version == 2
    with pytest.raises(Stale):
        plans.save(staff.admin.identity, KIND, STEP, s.Plan(), 1)
    with pytest.raises(NotFound):
        plans.save(staff.admin.identity, KIND, "rate", s.Plan(), 0)
    with pytest.raises(Invalid):
        plans.save(staff.admin.identity, KIND, STEP, s.Plan(()), 2)


# -- never stuck -------------------------------------------------------------------------------------------------------

STAGES = st.builds(
    s.Stage,
    rule=st.sampled_from((s.DEFAULT, s.ROLE, s.LEADER, s.PARENT_LEADER, s.USER, s.FIELD)),
    role=st.sampled_from(("leader", "clerk")),
    users=st.lists(st.integers(0, 8), max_size=3, unique=True).map(tuple),
    field=st.sampled_from(("keeper", "nobody")),
    mode=st.sampled_from(tuple(s.MODES)),
    own=st.sampled_from(tuple(s.SELF_APPROVALS)),
)


@hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
@hypothesis.given(
    stages=st.lists(STAGES, min_size=1, max_size=4),
    once=st.booleans(),
    applicant=st.integers(0, 8),
    answers=st.lists(st.tuples(st.integers(0, 20), st.sampled_from(("approve", "approve", "approve", "return"))), max_size=12),
)
def test_an_approval_is_never_stuck(services, session, staff, stages, once, applicant, answers):
    """Whatever is configured and answered: the case has moved on, or somebody who is there is awaited."""
    everybody = _everybody(session, staff)
    cases, plans = services.get(CaseService), services.get(PlanService)
    stages = [dataclasses.replace(stage, users=tuple(everybody[n].user_id for n in stage.users)) for stage in stages]
    seen = next((row.version for row in plans.versions(KIND, STEP)), 0)
    plans.save(everybody[0], KIND, STEP, s.Plan(tuple(stages), once), seen)
    everybody = [identity_of_user(session, one.user_id) for one in everybody]
    case = cases.open(KIND, title="打印纸", applicant=everybody[applicant])
    cases.perform(case, "submit", everybody[applicant], version=1)
    _check(cases, case, everybody)
    for number, action in answers:
        able = [one for one in everybody if action in [t.action for t in cases.available(case, one)]]
        if case.state != "pending" or not able:
            break
        cases.perform(case, action, able[number % len(able)], opinion="意见", version=case.version)
        _check(cases, case, everybody)
    for _number in range(40):
        if case.state != "pending":
            break
        able = [one for one in everybody if "approve" in [t.action for t in cases.available(case, one)]]
        cases.perform(case, "approve", able[0], version=case.version)
        _check(cases, case, everybody)
    assert case.state in ("approved", "returned")


def _everybody(session, staff):
    if not session.scalar(sa.select(sa.func.count()).select_from(UserRole).where(UserRole.user_id == staff.stranger.id)):
        for person, code in ((staff.stranger, "leader"), (staff.zhou, "leader"), (staff.head, "clerk")):
            role = session.scalar(sa.select(Role.id).where(Role.code == code))
            session.add(UserRole(user_id=person.id, role_id=role))
        session.flush()
    persons = (staff.admin, staff.clerk, staff.li, staff.zhou, staff.stranger, staff.head, staff.chief, *staff.named)
    return [identity_of_user(session, person.id) for person in persons]


def _check(cases, case, everybody):
    """While it waits, somebody can say yes, and every open to-do is somebody's."""
    if case.state != "pending":
        return
    assert any("approve" in [t.action for t in cases.available(case, one)] for one in everybody)
    tasks = [task for task in cases.open_tasks(case) if task.step == STEP]
    assert tasks
    assert all(task.assignee_id or task.permission for task in tasks)
