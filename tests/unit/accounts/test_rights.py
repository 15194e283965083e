"""Who may what: roles, the four kinds of grants, scopes, and the two ways of asking."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import Grant, PermissionRow, Role, RolePermission
from portal_core.accounts.services import AccountService, DepartmentService, RightsService, sync_permissions
from portal_core.declarations import Permission, RoleDefault
from portal_core.errors import Invalid, NotFound
from portal_core.testing.fixtures import count_statements

VIEW, ALL = "core:admin:view", "core:case:view_all"
ROOM = "meetings.room:7"


@pytest.fixture
def rights(services):
    return services.get(RightsService)


@pytest.fixture
def tree(services):
    """A root, a unit below it and a unit below that."""
    departments = services.get(DepartmentService)
    root = departments.create("机关")
    bureau = departments.create("财政局", root)
    return root, bureau, departments.create("预算处", bureau)


@pytest.fixture
def li(services, tree):
    """A person in the lowest unit, without any role."""
    return services.get(AccountService).create("li-jing", "李静", tree[2])[0]


def agree(rights, user, permission, scope, expected):
    """Both ways of asking give ``expected``: what this person may, and who may this."""
    assert rights.identity_of(user.id).may(permission, scope) is expected
    assert (user.id in rights.holders(permission, scope)) is expected


def test_nothing_is_allowed_at_first(rights, li):
    agree(rights, li, VIEW, "", False)
    agree(rights, li, VIEW, ROOM, False)


def test_a_role_everywhere_holds_in_every_scope(rights, li):
    rights.assign(li, "admin")
    agree(rights, li, VIEW, "", True)
    agree(rights, li, VIEW, ROOM, True)
    rights.unassign(li, "admin")
    agree(rights, li, VIEW, "", False)


def test_a_role_within_a_scope_holds_only_there(rights, li):
    rights.assign(li, "admin", ROOM)
    agree(rights, li, VIEW, "", False)
    agree(rights, li, VIEW, ROOM, True)
    agree(rights, li, VIEW, "meetings.room:8", False)
    assert rights.identity_of(li.id).may_somewhere(VIEW)


def test_a_grant_to_a_person(rights, li):
    rights.grant(VIEW, ROOM, user_id=li.id)
    agree(rights, li, VIEW, ROOM, True)
    agree(rights, li, VIEW, "", False)
    rights.revoke(VIEW, ROOM, user_id=li.id)
    agree(rights, li, VIEW, ROOM, False)


def test_a_grant_to_a_unit_reaches_those_below_and_not_those_above(rights, li, tree, services):
    root, bureau, _office = tree
    boss = services.get(AccountService).create("boss", "沈立群", root)[0]
    rights.grant(VIEW, ROOM, department_id=bureau.id)
    agree(rights, li, VIEW, ROOM, True)
    agree(rights, boss, VIEW, ROOM, False)


def test_a_unit_whose_number_begins_alike_is_another_unit(rights, services):
    """``/1/`` is no beginning of ``/11/``: paths are compared with their slashes."""
    departments, accounts = services.get(DepartmentService), services.get(AccountService)
    units = [departments.create(f"单位{n}") for n in range(12)]
    first = units[0]
    others = [accounts.create(f"clerk{u.id}", "科员", u)[0] for u in units[1:]]
    rights.grant(VIEW, department_id=first.id)
    assert rights.holders(VIEW).isdisjoint(o.id for o in others)
    assert not any(rights.identity_of(o.id).may(VIEW) for o in others)


def test_a_grant_to_everyone(rights, li):
    rights.grant(VIEW, ROOM, everyone=True)
    agree(rights, li, VIEW, ROOM, True)
    agree(rights, li, VIEW, "", False)


@pytest.mark.parametrize(
    ("role_scope", "grant_scope", "reach"),
    [("", "", ("", ROOM)), (ROOM, "", (ROOM,)), ("", ROOM, (ROOM,)), (ROOM, ROOM, (ROOM,)), ("meetings.room:8", ROOM, ())],
)
def test_a_grant_to_a_role_reaches_where_both_scopes_do(rights, li, role_scope, grant_scope, reach):
    rights.assign(li, "clerk", role_scope)
    rights.grant(VIEW, grant_scope, role_id=rights.role("clerk").id)
    for scope in ("", ROOM):
        agree(rights, li, VIEW, scope, scope in reach)


def test_a_deactivated_person_holds_nothing(rights, li, services):
    rights.grant(VIEW, everyone=True)
    services.get(AccountService).deactivate(li)
    assert li.id not in rights.holders(VIEW)
    with pytest.raises(NotFound):
        rights.identity_of(li.id)


def test_grants_are_given_once_whatever_is_null(rights, li, session):
    for _i in range(2):
        rights.grant(VIEW, ROOM, user_id=li.id)
        rights.grant(VIEW, ROOM, everyone=True)
    assert session.scalar(sa.select(sa.func.count()).select_from(Grant)) == 2
    session.add(Grant(permission=VIEW, scope=ROOM))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_a_grant_needs_exactly_one_subject_and_a_declared_permission(rights, li, tree):
    for subject in ({}, {"user_id": li.id, "everyone": True}, {"user_id": li.id, "department_id": tree[0].id}):
        with pytest.raises(Invalid):
            rights.grant(VIEW, ROOM, **subject)
    with pytest.raises(NotFound):
        rights.grant("core:no:such", ROOM, user_id=li.id)
    with pytest.raises(NotFound):
        rights.assign(li, "no-such-role")


def test_subjects_are_listed_with_their_names(rights, li, tree):
    rights.grant(VIEW, ROOM, user_id=li.id)
    rights.grant(VIEW, ROOM, role_id=rights.role("clerk").id)
    rights.grant(VIEW, ROOM, department_id=tree[1].id)
    rights.grant(VIEW, ROOM, everyone=True)
    rights.grant(VIEW, "meetings.room:8", everyone=True)
    found = rights.subjects(VIEW, ROOM)
    assert [s.kind for s in found] == ["everyone", "department", "role", "user"]
    assert [s.name for s in found][1::2] == ["财政局", "李静"]


def test_the_identity_knows_the_way_to_the_root(rights, li, tree):
    identity = rights.identity_of(li.id)
    assert identity.department_path == tuple(unit.id for unit in tree)
    assert identity.department_name == "预算处" and identity.initial == "李"


def test_the_tree_is_listed_depth_first(services, tree, session):
    root, bureau, office = tree
    departments = services.get(DepartmentService)
    other = departments.create("审计局", root)
    listed = [unit.id for unit in departments.tree()]
    assert [i for i in listed if i in {root.id, bureau.id, office.id, other.id}] == [root.id, bureau.id, office.id, other.id]


def test_units_are_found_by_path_or_by_a_name_that_is_unique(services, tree):
    departments = services.get(DepartmentService)
    assert departments.find_or_create_path("机关/财政局/预算处") is tree[2]
    assert departments.find_or_create_path("预算处") is tree[2]
    made = departments.find_or_create_path("机关/审计局/一处")
    assert made.path == f"/{tree[0].id}/{made.parent_id}/{made.id}/"
    departments.create("一处", tree[1])
    ambiguous = departments.find_or_create_path("一处")
    assert ambiguous.parent_id is None
    for name in ("", " ", "x" * 81, "/"):
        with pytest.raises(Invalid):
            departments.find_or_create_path(name)


class Declared:
    """What ``sync_permissions`` needs of a portal."""

    def __init__(self, permissions, roles):
        self.permissions = {name: Permission(name, name) for name in permissions}
        self.roles = roles

    @staticmethod
    def default_text(message):
        return f"zh {message}"


def carried(session, code):
    """The permissions of a role."""
    query = sa.select(RolePermission.permission).join(Role, Role.id == RolePermission.role_id).where(Role.code == code)
    return set(session.scalars(query))


def test_defaults_are_applied_when_a_permission_first_appears(session):
    role = RoleDefault("keeper", "Keeper", ("x:a:view", "x:a:edit"))
    sync_permissions(session, Declared(["x:a:view", "x:a:edit"], [role]))
    assert carried(session, "keeper") == {"x:a:view", "x:a:edit"}
    assert session.get(PermissionRow, "x:a:view").title == "zh x:a:view"


def test_what_an_administrator_took_away_stays_away(session):
    role = RoleDefault("keeper", "Keeper", ("x:a:view",))
    sync_permissions(session, Declared(["x:a:view"], [role]))
    session.execute(sa.delete(RolePermission))
    wider = RoleDefault("keeper", "Keeper", ("x:a:view", "x:b:view"))
    for _i in range(2):
        sync_permissions(session, Declared(["x:a:view", "x:b:view"], [wider]))
    assert carried(session, "keeper") == {"x:b:view"}


def test_a_new_role_gets_old_permissions(session):
    sync_permissions(session, Declared(["x:a:view"], []))
    sync_permissions(session, Declared(["x:a:view"], [RoleDefault("keeper", "Keeper", ("x:a:view",))]))
    assert carried(session, "keeper") == {"x:a:view"}


def test_a_default_for_an_undeclared_permission_is_an_error(session):
    with pytest.raises(LookupError, match="x:a:veiw"):
        sync_permissions(session, Declared(["x:a:view"], [RoleDefault("keeper", "Keeper", ("x:a:veiw",))]))


def test_reading_an_identity_costs_one_statement(rights, li, portal, tree):
    rights.assign(li, "admin")
    rights.grant(VIEW, ROOM, department_id=tree[0].id)
    with count_statements(portal.database.engine) as seen:
        rights.identity_of(li.id)
    assert seen.count == 1
