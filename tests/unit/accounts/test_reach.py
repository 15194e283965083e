"""Data scope: how far a permission of a role reaches, asked of one object and of a query, and what never widens it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from portal_core.accounts.identity import Identity, widest
from portal_core.accounts.models import Department, Role, RolePermission, UserDepartment
from portal_core.accounts.reach import within
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.inbox.models import Case, Task
from portal_core.inbox.queries import reach_of
from portal_core.inbox.services import CaseService, awaits
from portal_core.testing.fixtures import count_statements

VIEW = "core:case:view_all"
REACHES = ("all", "tree", "department", "own")
# Whose case it is: in which unit of the tree below, and by whom. The person asking is of "bureau" and, too, of "fire".
PLACES = ("root", "bureau", "section", "other", "fire", "station", None)
IN_REACH = {
    "all": set(PLACES),
    "tree": {"bureau", "section", "fire", "station"},
    "department": {"bureau", "fire"},
    "own": set(),
}


@pytest.fixture
def units(services):
    """机关 with 财政局 (and 预算处 below), 应急局 (and 消防站 below) and 信访局."""
    departments = services.get(DepartmentService)
    root = departments.create("机关")
    bureau, fire = departments.create("财政局", root), departments.create("应急局", root)
    return {
        "root": root,
        "bureau": bureau,
        "section": departments.create("预算处", bureau),
        "fire": fire,
        "station": departments.create("消防站", fire),
        "other": departments.create("信访局", root),
    }


@pytest.fixture
def person(services, units):
    """Of 财政局, and further of 应急局; without rights."""
    user = services.get(AccountService).create("shen", "沈立群", units["bureau"])[0]
    services.session.add(UserDepartment(user_id=user.id, department_id=units["fire"].id))
    services.session.flush()
    return user


@pytest.fixture
def colleague(services, units):
    """Somebody else, who owns the cases."""
    return services.get(AccountService).create("li", "李静", units["other"])[0]


def give(services, user, reach, code=None, scope=""):
    """A role that carries VIEW as far as ``reach``."""
    role = Role(code=code or f"test-{reach}", title=reach)
    services.session.add(role)
    services.session.flush()
    services.session.add(RolePermission(role_id=role.id, permission=VIEW, reach=reach))
    services.session.flush()
    services.get(RightsService).assign(user, role.code, scope)
    return role


def identity(services, user):
    return services.get(RightsService).identity_of(user.id)


def a_case(services, units, place, owner):
    now = services.clock.now()
    unit = units[place].id if place else None
    names = {"kind": "test.none", "number": f"T-{place}-{owner.id}", "title": "x", "state": "s", "state_label": "s", "tone": ""}
    case = Case(**names, applicant_id=owner.id, handler_id=owner.id, department_id=unit, created=now, changed=now, version=1)
    services.session.add(case)
    services.session.flush()
    return case


@pytest.mark.parametrize("reach", [*REACHES, None])
@pytest.mark.parametrize("mine", [False, True])
def test_every_reach_of_every_unit(services, units, person, colleague, reach, mine):
    if reach:
        give(services, person, reach)
    asking = identity(services, person)
    owner = person if mine else colleague
    cases = {place: a_case(services, units, place, owner) for place in PLACES}
    expected = set(PLACES) if mine and reach else IN_REACH.get(reach, set())

    covered = {p for p in PLACES if asking.covers(VIEW, units[p].path if p else None, (owner.id,))}
    by_id = within(asking, VIEW, Case.department_id, (Case.applicant_id, Case.handler_id))
    found = set(services.session.scalars(sa.select(Case.id).where(by_id)))
    assert covered == expected
    assert found & {case.id for case in cases.values()} == {cases[place].id for place in expected}


@pytest.mark.parametrize("reach", REACHES)
def test_a_column_with_paths_gives_the_same(services, units, person, reach):
    give(services, person, reach)
    reached = within(identity(services, person), VIEW, Department.path)
    paths = services.session.scalars(sa.select(Department.path).where(reached))
    assert set(paths) & {u.path for u in units.values()} == {units[p].path for p in IN_REACH[reach] if p}


@pytest.mark.parametrize("first", REACHES)
@pytest.mark.parametrize("second", REACHES)
def test_the_union_of_roles_is_the_widest(services, person, first, second):
    give(services, person, first, "test-1")
    give(services, person, second, "test-2")
    asking = identity(services, person)
    assert asking.reach(VIEW) == widest((first, second))
    assert asking.may(VIEW) is ("all" in (first, second))
    assert asking.may_somewhere(VIEW)


def test_a_limited_reach_is_not_the_permission(services, person):
    give(services, person, "tree")
    asking = identity(services, person)
    assert not asking.may(VIEW)
    assert not asking.may(VIEW, "meetings.room:7")
    assert asking.may_somewhere(VIEW)
    assert person.id not in services.get(RightsService).holders(VIEW)
    assert person.id not in services.get(RightsService).holders(VIEW, "meetings.room:7")


def test_a_limited_reach_makes_nobody_candidate_of_a_task(services, person):
    give(services, person, "tree")
    asking = identity(services, person)
    assert reach_of(asking, frozenset({VIEW})).everywhere == ()
    assert not awaits(Task(permission=VIEW, scope=""), asking)


def test_a_direct_grant_reaches_everything(services, person):
    give(services, person, "own")
    services.get(RightsService).grant(VIEW, user_id=person.id)
    assert identity(services, person).reach(VIEW) == "all"


@pytest.mark.parametrize("reach", REACHES[1:])
def test_a_limited_reach_within_one_scope_gives_nothing(services, person, reach):
    give(services, person, reach, scope="meetings.room:7")
    asking = identity(services, person)
    assert asking.reach(VIEW) is None
    assert not asking.may_somewhere(VIEW)
    assert not asking.covers(VIEW, None, (person.id,))


def test_a_grant_to_a_further_unit_reaches_the_person_by_every_way(services, units, person):
    rights = services.get(RightsService)
    rights.grant(VIEW, department_id=units["fire"].id)
    assert identity(services, person).may(VIEW)
    assert person.id in rights.holders(VIEW)
    rights.revoke(VIEW, department_id=units["fire"].id)
    rights.grant(VIEW, department_id=units["station"].id)
    assert not identity(services, person).may(VIEW)
    assert person.id not in rights.holders(VIEW)


def test_the_paths_of_all_units_come_with_the_rights_in_one_statement(services, units, person):
    give(services, person, "tree")
    with count_statements(services.session.get_bind()) as statements:
        asking = identity(services, person)
    assert statements.count == 1
    assert asking.department_paths == (units["bureau"].path, units["fire"].path)
    assert asking.department_ids == (units["bureau"].id, units["fire"].id)


def test_who_has_no_unit_reaches_only_what_they_own(services):
    user = services.get(AccountService).create("nobody", "无单位")[0]
    give(services, user, "tree")
    asking = identity(services, user)
    assert asking.covers(VIEW, None, (user.id,))
    assert not asking.covers(VIEW, "", ())
    assert not asking.covers(VIEW, "/1/", ())


def test_a_unit_whose_number_begins_alike_is_another_unit():
    asking = Identity(1, "a", "A", department_paths=("/1/2/",), reaches={VIEW: "tree"})
    assert asking.covers(VIEW, "/1/2/5/")
    assert not asking.covers(VIEW, "/1/21/")
    assert not replace(asking, reaches={VIEW: "department"}).covers(VIEW, "/1/2/5/")


@pytest.mark.parametrize("reach", [*REACHES, None])
def test_the_head_of_a_unit_reads_the_cases_of_the_tree_only(services, units, person, colleague, reach):
    if reach:
        give(services, person, reach)
    asking = identity(services, person)
    cases = services.get(CaseService)
    seen = {place for place in PLACES if cases.may_view(a_case(services, units, place, colleague), asking)}
    assert seen == IN_REACH.get(reach, set())
