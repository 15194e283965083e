"""What administrators do with accounts and roles, and what is refused to everybody."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import Department, Role, User, UserRole
from portal_core.accounts.roles import RoleService
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.accounts.userdata import UserData, email_problem, phone_problem
from portal_core.accounts.userlist import PAGE, UserFilter, UserList
from portal_core.accounts.users import UserService
from portal_core.audit.models import AuditEntry
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.inbox.models import OPEN, Case, Task


@pytest.fixture
def unit(services):
    return services.get(DepartmentService).create("财政局")


@pytest.fixture
def people(services, unit):
    """Two administrators, a keeper of accounts without roles, and somebody."""
    accounts, rights = services.get(AccountService), services.get(RightsService)
    made = {login: accounts.create(login, login.title(), unit)[0] for login in ("boss", "boss2", "clerk", "keeper")}
    rights.assign(made["boss"], "admin")
    rights.assign(made["boss2"], "admin")
    rights.grant("core:user:manage", user_id=made["keeper"].id)
    return made


@pytest.fixture
def users(services):
    return services.get(UserService)


@pytest.fixture
def who(services, people):
    return lambda login: services.get(RightsService).identity_of(people[login].id)


def initial(services):
    return services.get(AccountService).prepare("somebody")


def last_audit(services):
    services.session.flush()
    return services.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_making_and_changing_an_account(services, users, unit, who):
    other = services.get(DepartmentService).create("审计局")
    user = users.create(who("boss"), "Li-Na", UserData("李娜", unit.id, (other.id, unit.id), "8800 1234"), initial(services))
    assert (user.login, user.must_change_password) == ("li-na", True)
    assert [each.name for each in users.further(user)] == ["审计局"], "the main unit is not a further one too"

    users.update(who("boss"), user, UserData("李娜", other.id, (), "", "li@x.cn"), user.version)
    said = last_audit(services)
    assert said.action == "core.user_changed"
    assert ["department", "财政局", "审计局"] in said.detail["changes"]
    assert ["phone", "8800 1234", ""] in said.detail["changes"]


def test_who_saves_second_is_told(services, users, people, unit, who):
    data = UserData("新名", unit.id)
    users.update(who("boss"), people["clerk"], data, 1)
    with pytest.raises(Stale):
        users.update(who("boss2"), people["clerk"], data, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "字" * 41}, "name"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"department_id": None}, "department"),
        ({"department_id": 999_999}, "department"),
        ({"further_ids": (999_999,)}, "further"),
    ],
)
def test_wrong_data_is_told_at_the_field(services, users, people, unit, who, changes, field):
    data = UserData(**{"name": "某人", "department_id": unit.id, **changes})
    with pytest.raises(Invalid) as refused:
        users.update(who("boss"), people["clerk"], data, 1)
    assert field in refused.value.fields


def test_a_unit_out_of_use_takes_nobody(services, users, people, who):
    closed = services.get(DepartmentService).create("旧局")
    closed.active = False
    services.session.flush()
    with pytest.raises(Invalid):
        users.update(who("boss"), people["clerk"], UserData("某人", closed.id), 1)


@pytest.mark.parametrize("phone", ["13800000000", "0575-88001234-801", "+86 575 88001234", "8800 1234", ""])
def test_telephone_numbers(phone):
    assert phone_problem(phone) is None


@pytest.mark.parametrize("phone", ["一二三", "12", "138 0000 0000 ext", "=1+1", "1" * 40])
def test_no_telephone_numbers(phone):
    assert phone_problem(phone)


@pytest.mark.parametrize(("email", "right"), [("a@b.cn", True), ("a@b", False), ("a b@c.cn", False), ("李@b.cn", False)])
def test_mail_addresses(email, right):
    assert (email_problem(email) is None) is right


# -- nobody gives rights to themselves ---------------------------------------------------------------------------------


def test_nobody_changes_their_own_roles(users, people, who):
    with pytest.raises(Forbidden):
        users.assign(who("boss"), people["boss"], "leader")
    with pytest.raises(Forbidden):
        users.unassign(who("boss"), people["boss"], "admin")


def test_nobody_grants_to_themselves(services, people, who):
    with pytest.raises(Forbidden):
        services.get(RightsService).grant("core:case:view_all", user_id=people["boss"].id, by=who("boss"))


def test_nobody_moves_themselves_into_a_unit_with_rights(services, users, people, who):
    rich = services.get(DepartmentService).create("有权局")
    with pytest.raises(Forbidden):
        users.update(who("keeper"), people["keeper"], UserData("Keeper", rich.id), 1)


def test_nobody_widens_a_role_that_they_hold(services, people, who):
    roles = services.get(RoleService)
    role = roles.create(who("boss"), "archivist", "档案员")
    services.get(UserService).assign(who("boss2"), people["boss"], "archivist")
    with pytest.raises(Forbidden):
        roles.update(who("boss"), role, "档案员", {"core:case:view_all": "own"}, role.version)
    roles.update(who("boss2"), role, "档案员", {"core:case:view_all": "tree"}, role.version)
    with pytest.raises(Forbidden):
        roles.update(who("boss"), role, "档案员", {"core:case:view_all": "all"}, role.version)
    roles.update(who("boss"), role, "档案员", {"core:case:view_all": "own"}, role.version)
    assert roles.reaches(role) == {"core:case:view_all": "own"}


# -- who may touch whose account ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["reset_password", "deactivate", "reactivate"])
def test_who_keeps_accounts_cannot_become_an_administrator_by_it(services, users, people, who, act):
    more = () if act == "deactivate" else (initial(services),)
    if act == "reactivate":
        services.get(AccountService).deactivate(people["boss2"])
    with pytest.raises(Forbidden):
        getattr(users, act)(who("keeper"), people["boss2"], *more)


def test_who_keeps_accounts_resets_those_without_more_rights(services, users, people, who):
    users.reset_password(who("keeper"), people["clerk"], initial(services))
    assert people["clerk"].must_change_password


@pytest.mark.parametrize("login", ["clerk", "keeper"])
def test_roles_are_for_those_who_may_give_them(users, people, who, login):
    with pytest.raises(Forbidden):
        users.assign(who(login), people["clerk"], "leader")


def test_a_right_within_one_scope_is_none_over_accounts(services, users, people, unit, who):
    services.get(RightsService).assign(people["clerk"], "admin", "meetings.room:7")
    with pytest.raises(Forbidden):
        users.create(who("clerk"), "new", UserData("新", unit.id), initial(services))


# -- the last administrator --------------------------------------------------------------------------------------------


def test_the_last_administrator_cannot_be_taken_away(services, users, people, who):
    users.unassign(who("boss"), people["boss2"], "admin")
    boss = who("boss")
    services.get(RightsService).grant("core:user:manage", user_id=people["boss2"].id)
    services.get(RightsService).grant("core:role:manage", user_id=people["boss2"].id)
    users.unassign(who("boss2"), people["boss"], "admin")
    with pytest.raises(Forbidden):
        users.deactivate(boss, people["boss"])
    (grant,) = services.get(RoleService).grants("core:role:manage")[0]
    with pytest.raises(Conflict):
        services.get(RoleService).revoke(who("boss2"), grant.id)


def test_nobody_empties_the_role_of_the_administrators(services, who):
    roles = services.get(RoleService)
    role = services.session.scalars(sa.select(Role).where(Role.code == "admin")).one()
    with pytest.raises(Conflict):
        roles.update(who("boss"), role, role.title, {}, role.version)


def test_two_administrators_cannot_both_leave(services, users, people, who):
    users.deactivate(who("boss"), people["boss2"])
    with pytest.raises(Forbidden):
        users.deactivate(who("boss"), people["boss"])


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_an_account_with_to_dos_is_not_closed(services, users, people, unit, who):
    now = services.clock.now()
    names = {"kind": "test.none", "number": "T-1", "title": "x", "state": "s", "state_label": "s", "tone": ""}
    case = Case(**names, applicant_id=people["boss"].id, handler_id=people["boss"].id, created=now, changed=now, version=1)
    services.session.add(case)
    services.session.flush()
    waiting = {"kind": "act", "step": "s", "verb": "v", "why": "w", "status": OPEN, "created": now}
    task = Task(case_id=case.id, assignee_id=people["clerk"].id, **waiting)
    services.session.add(task)
    services.session.flush()
    with pytest.raises(Conflict):
        users.deactivate(who("boss"), people["clerk"])
    task.assignee_id = people["boss"].id
    services.session.flush()
    users.deactivate(who("boss"), people["clerk"])
    assert not people["clerk"].active
    users.reactivate(who("boss"), people["clerk"], initial(services))
    assert people["clerk"].active


# -- the list ----------------------------------------------------------------------------------------------------------


def logins(page):
    return [line.login for line in page.lines]


def test_pages_go_forth_and_back(services, unit):
    services.session.add_all(
        User(
            login=f"page-{number:03}",
            name="分页",
            department_id=unit.id,
            password_hash="x",
            password_changed=services.clock.now(),
            created=services.clock.now(),
        )
        for number in range(2 * PAGE + 3)
    )
    services.session.flush()
    found, wanted = services.get(UserList), UserFilter("page-")
    first = found.page(wanted)
    second = found.page(wanted, after=first.after)
    third = found.page(wanted, after=second.after)
    assert (first.before, third.after) == (None, None)
    assert len(logins(first) + logins(second) + logins(third)) == 2 * PAGE + 3
    assert logins(found.page(wanted, before=third.before)) == logins(second)
    assert found.page(wanted, before=second.before).before is None


def test_filters(services, users, people, unit, who):
    below = services.get(DepartmentService).create("预算处", unit)
    users.create(who("boss"), "wu", UserData("吴敏%", below.id, (), "13911112222"), initial(services))
    found = services.get(UserList)
    for text in ("吴", "敏%", "WU", "1391"):
        assert logins(found.page(UserFilter(text))) == ["wu"], text
    assert logins(found.page(UserFilter("_u"))) == [], "no wildcard"
    assert "wu" in logins(found.page(UserFilter(department_id=unit.id)))
    assert logins(found.page(UserFilter(department_id=below.id))) == ["wu"]
    assert logins(found.page(UserFilter(department_id=unit.id, role="admin"))) == ["boss", "boss2"]
    services.get(AccountService).deactivate(people["clerk"])
    assert "clerk" in logins(found.page(UserFilter(state="closed")))
    assert "clerk" not in logins(found.page(UserFilter(state="initial")))


def test_why_somebody_may_do_something(services, people, unit):
    rights, roles = services.get(RightsService), services.get(RoleService)
    below = services.get(DepartmentService).create("预算处", unit)
    people["clerk"].department_id = below.id
    services.session.flush()
    rights.assign(people["clerk"], "leader")
    rights.grant("core:admin:view", department_id=unit.id)
    rights.grant("core:log:view", role_id=rights.role("leader").id)
    rights.grant("core:user:manage", "x:1", user_id=people["clerk"].id)
    found = {(r.permission, r.way, r.scope) for r in roles.reasons(people["clerk"])}
    assert found >= {
        ("core:case:view_all", "role", ""),
        ("core:admin:view", "department", ""),
        ("core:log:view", "granted_role", ""),
        ("core:user:manage", "user", "x:1"),
    }


def test_unknown_people_and_roles(services, users, people, who):
    with pytest.raises(NotFound):
        users.get(999_999)
    with pytest.raises(NotFound):
        users.assign(who("boss"), people["clerk"], "nonsense")
    with pytest.raises(Invalid):
        users.assign(who("boss"), people["clerk"], "leader", "everything")
    assert services.session.get(Department, 999_999) is None
    assert services.session.scalar(sa.select(sa.func.count()).where(UserRole.user_id == people["clerk"].id)) == 0


def test_a_permission_without_data_scope_reaches_all_or_nothing(services, who):
    roles = services.get(RoleService)
    role = roles.create(who("boss"), "odd", "怪")
    for wrong in ({"core:user:manage": "own"}, {"core:case:view_all": "far"}, {"no:such:thing": "all"}):
        with pytest.raises(Invalid):
            roles.update(who("boss"), role, "怪", wrong, role.version)
