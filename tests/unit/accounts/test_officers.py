"""三员: system, security and audit administration in different hands, attacked from every side."""

from dataclasses import replace

import pytest

from portal_core.accounts import officers
from portal_core.accounts.health import administrators_separated
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Grant
from portal_core.accounts.roles import RoleService
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.accounts.userdata import UserData
from portal_core.accounts.users import UserService
from portal_core.errors import Conflict, Forbidden

MANAGE, READ = "core:user:manage", "core:log:view"


@pytest.fixture
def separated(services):
    """Services of a portal with the setting on."""
    settings = services.portal.settings
    before = settings[officers.SETTING]
    settings[officers.SETTING] = True
    yield services
    settings[officers.SETTING] = before


@pytest.fixture
def people(separated):
    """One officer of each kind, a security officer more, and somebody."""
    unit = separated.get(DepartmentService).create("信息中心")
    make = separated.get(AccountService).create
    made = {name: make(name, name, unit)[0] for name in ("system", "security", "security2", "audit", "somebody")}
    rights = separated.get(RightsService)
    for name, code in (("system", "system-admin"), ("security", "security-admin"), ("security2", "security-admin")):
        rights.assign(made[name], code)
    rights.assign(made["audit"], "audit-admin")
    return made


@pytest.fixture
def who(separated, people):
    return lambda name: separated.get(RightsService).identity_of(people[name].id)


def test_each_holds_the_own_area_only(who):
    areas = {name: officers.areas_of(officers.held(who(name))) for name in ("system", "security", "audit")}
    assert areas == {"system": {"system"}, "security": {"security"}, "audit": {"audit"}}
    assert all(who(name).may("core:admin:view") for name in areas)
    assert not any(who(name).may("core:case:view_all") for name in areas)


@pytest.mark.parametrize("code", ["admin", "system-admin", "audit-admin"])
def test_no_second_office_can_be_given(separated, people, who, code):
    with pytest.raises(Conflict):
        separated.get(UserService).assign(who("security"), people["security2"], code)


@pytest.mark.parametrize("code", ["admin"])
def test_the_role_of_all_areas_can_be_given_to_nobody(separated, people, who, code):
    with pytest.raises(Conflict):
        separated.get(UserService).assign(who("security"), people["somebody"], code)


def test_a_second_office_within_one_scope_is_one_too(separated, people, who):
    with pytest.raises(Conflict):
        separated.get(UserService).assign(who("security"), people["audit"], "system-admin", "meetings.room:7")


def test_an_office_cannot_be_smuggled_into_a_role_that_officers_hold(separated, people, who):
    roles, users = separated.get(RoleService), separated.get(UserService)
    role = roles.create(who("security"), "harmless", "无害")
    users.assign(who("security"), people["audit"], "harmless")
    with pytest.raises(Conflict):
        roles.update(who("security"), role, "无害", {MANAGE: "all"}, role.version)


def test_a_role_of_two_areas_can_be_held_by_nobody(separated, people, who):
    roles = separated.get(RoleService)
    role = roles.create(who("security"), "both", "两者")
    roles.update(who("security"), role, "两者", {MANAGE: "all", READ: "all"}, role.version)
    with pytest.raises(Conflict):
        separated.get(UserService).assign(who("security"), people["somebody"], "both")


def test_whoever_holds_two_areas_by_rows_alone_holds_none(separated, people, who):
    separated.session.add(Grant(permission=READ, user_id=people["system"].id))
    separated.session.flush()
    assert officers.held(who("system")) == frozenset()
    assert who("system").may("core:admin:view")
    assert people["system"].id not in separated.get(RightsService).holders(MANAGE)
    with pytest.raises(Forbidden):
        separated.get(UserService).create(who("system"), "new", UserData("新", None), None)


@pytest.mark.parametrize("way", ["everyone", "department", "role"])
def test_a_grant_to_many_takes_the_force_of_the_others(separated, people, who, way):
    role = separated.get(RightsService).role("system-admin")
    subject = {
        "everyone": {"everyone": True},
        "department": {"department_id": people["system"].department_id},
        "role": {"role_id": role.id},
    }
    separated.get(RightsService).grant(READ, **subject[way])
    assert officers.held(who("system")) == frozenset()


def test_the_old_all_in_one_administrator_loses_the_areas_and_keeps_the_rest(separated, people, who):
    separated.get(RightsService).assign(people["somebody"], "admin")
    assert officers.held(who("somebody")) == frozenset()
    assert who("somebody").may("core:case:view_all")


def test_without_the_setting_one_may_hold_everything(services):
    user = services.get(AccountService).create("boss", "老板")[0]
    services.get(RightsService).assign(user, "admin")
    assert len(officers.areas_of(officers.held(services.get(RightsService).identity_of(user.id)))) == 3


@pytest.mark.parametrize("target", ["security", "audit"])
@pytest.mark.parametrize("act", ["reset_password", "deactivate"])
def test_the_system_officer_cannot_become_another_by_the_password(separated, people, who, target, act):
    initial = separated.get(AccountService).prepare("x")
    more = (initial,) if act == "reset_password" else ()
    with pytest.raises(Forbidden):
        getattr(separated.get(UserService), act)(who("system"), people[target], *more)


@pytest.mark.parametrize("name", ["security", "audit"])
def test_the_others_do_not_keep_accounts(separated, people, who, name):
    with pytest.raises(Forbidden):
        separated.get(UserService).reset_password(who(name), people["somebody"], separated.get(AccountService).prepare("x"))


@pytest.mark.parametrize("name", ["system", "audit"])
def test_the_others_give_no_rights(separated, people, who, name):
    with pytest.raises(Forbidden):
        separated.get(UserService).assign(who(name), people["somebody"], "leader")
    with pytest.raises(Forbidden):
        separated.get(RoleService).create(who(name), "mine", "我的")


def test_the_last_officer_who_gives_rights_stays(separated, people, who):
    users = separated.get(UserService)
    users.unassign(who("security"), people["security2"], "security-admin")
    separated.get(RightsService).assign(people["security2"], "security-admin")
    users.unassign(who("security"), people["security2"], "security-admin")
    with pytest.raises(Forbidden):
        users.unassign(who("security"), people["security"], "security-admin")


def test_doctor_names_who_holds_more_than_one(separated, people):
    assert administrators_separated(separated.session, separated.portal) is None
    separated.get(RightsService).assign(people["somebody"], "admin")
    assert "somebody" in administrators_separated(separated.session, separated.portal)


def test_every_permission_of_administration_has_an_area_or_is_no_administration(services):
    """A new permission of the core falls to the system officer by default, never to nobody."""
    roles = {role.code: set(role.permissions) for role in services.portal.roles}
    shares = [roles[code] - {"core:admin:view"} for code in officers.OFFICERS]
    core = {name for name in roles["admin"] if name.startswith("core:")}
    assert set.union(*shares) >= core - {"core:admin:view", "core:case:view_all"}
    assert not (shares[0] & shares[1] or shares[1] & shares[2] or shares[0] & shares[2])


def test_restraint_is_a_pure_rule():
    both = Identity(1, "a", "A", permissions=frozenset((MANAGE, "core:case:view_all")), scoped={READ: frozenset(("x:1",))})
    on, off = {officers.SETTING: True}, {officers.SETTING: False}
    assert officers.restrained(both, off) is both
    left = officers.restrained(both, on)
    assert (left.permissions, left.scoped) == ({"core:case:view_all"}, {})
    one = replace(both, scoped={})
    assert officers.restrained(one, on) is one
