"""Tables of the tests for users, units, roles, sessions, the login log and imports; see tests.parts."""

import itertools

import sqlalchemy as sa

from portal_core.accounts.models import (
    Department,
    Grant,
    Role,
    RolePermission,
    User,
    UserDepartment,
    UserImport,
    UserRole,
)
from portal_core.accounts.services import AccountService, DepartmentService
from portal_core.accounts.sheets import SheetRow
from portal_core.accounts.userimports import UserImportService
from portal_core.security.models import SecondFactor
from portal_core.testing.sheets import xlsx
from tests.tables import Form, Page

ADMIN = ("admin",)
WRITTEN = (User, UserRole, UserDepartment, Department, Role, RolePermission, UserImport)
_numbers = itertools.count(1)

PAGES = {
    "GET core.users": ("/admin/users", ADMIN),
    "GET core.users.new": ("/admin/users/new", ADMIN),
    "POST core.users.new": ("/admin/users/new", ADMIN),
    "GET core.user": ("/admin/users/{more[person]}", ADMIN),
    "POST core.user": ("/admin/users/{more[person]}", ADMIN),
    "POST core.user.act": ("/admin/users/{more[person]}/act", ADMIN),
    "GET core.users.import": ("/admin/users/import", ADMIN),
    "POST core.users.import": ("/admin/users/import", ADMIN),
    "GET core.users.template": ("/admin/users/import/template.xlsx", ADMIN),
    "GET core.import": ("/admin/users/imports/{more[import]}", ADMIN),
    "POST core.import": ("/admin/users/imports/{more[import]}", ADMIN),
    "POST core.import.passwords": ("/admin/users/imports/{more[import]}/passwords", ADMIN),
    "GET core.departments": ("/admin/departments", ADMIN),
    "GET core.departments.new": ("/admin/departments/new", ADMIN),
    "POST core.departments.new": ("/admin/departments/new", ADMIN),
    "GET core.department": ("/admin/departments/{more[unit]}", ADMIN),
    "POST core.department": ("/admin/departments/{more[unit]}", ADMIN),
    "POST core.department.act": ("/admin/departments/{more[unit]}/act", ADMIN),
    "GET core.roles": ("/admin/roles", ADMIN),
    "GET core.roles.new": ("/admin/roles/new", ADMIN),
    "POST core.roles.new": ("/admin/roles/new", ADMIN),
    "GET core.role": ("/admin/roles/{more[role]}", ADMIN),
    "POST core.role": ("/admin/roles/{more[role]}", ADMIN),
    "GET core.grants": ("/admin/grants", ADMIN),
    "POST core.grant.revoke": ("/admin/grants/999999/revoke", ()),
    "GET core.rights": ("/admin/rights", ADMIN),
    "GET core.user.rights": ("/admin/rights/{more[person]}", ADMIN),
    "POST core.user.rights": ("/admin/rights/{more[person]}", ADMIN),
    "POST core.user.role.remove": ("/admin/rights/{more[person]}/remove", ADMIN),
    "GET core.sessions": ("/admin/sessions", ADMIN),
    "POST core.session.end": ("/admin/sessions/999999/end", ()),
    "GET core.logins": ("/admin/logins", ADMIN),
}


def furnish(scene):
    """Somebody, a unit, a role, and a checked file of the administrator's."""
    with scene.services() as services:
        unit = services.get(DepartmentService).create("档案局")
        person = services.get(AccountService).create("somebody", "某人", unit)[0]
        role = Role(code="archivist", title="档案员")
        services.session.add(role)
        services.session.flush()
        kept = _preview(services, scene, "file-user", unit)
        scene.more |= {"unit": unit.id, "person": person.id, "role": role.id, "import": kept}


def places(services, found):
    """The same of the demo's data, with a file of which a row is wrong."""
    session = services.session
    admin, leader = (session.scalars(sa.select(User).where(User.login == login)).one() for login in ("admin", "leader"))
    found["leader_user"] = leader.id
    found["office"] = session.scalar(sa.select(Department.id).where(Department.name == "市府办公室"))
    found["unit_leader"] = session.scalar(sa.select(Role.id).where(Role.code == "unit-leader"))
    rows = [
        SheetRow(2, {"login": "wu-min", "name": "吴敏", "department": "财政局", "phone": "13900000001", "roles": "clerk"}, {}),
        SheetRow(3, {"login": "leader", "name": "", "department": "财政厅", "phone": "一二三"}, {}),
    ]
    identity = _identity(services, admin.id)
    found["import"] = services.get(UserImportService).preview(identity, "新入职人员.xlsx", rows).id


def _identity(services, user_id):
    from portal_core.accounts.services import RightsService

    return services.get(RightsService).identity_of(user_id)


def _preview(services, scene, login, unit):
    rows = [SheetRow(2, {"login": login, "name": "某人", "department": unit.name}, {})]
    return services.get(UserImportService).preview(_identity(services, scene.people["admin"].id), "users.xlsx", rows).id


def _unit(services):
    return services.session.scalar(sa.select(Department.id).order_by(Department.id).limit(1))


def _new_user(scene):
    with scene.services() as services:
        unit = _unit(services)
    fields = {"login": f"form-{next(_numbers)}", "name": "方文", "department": str(unit), "phone": "8800 1234", "email": ""}
    return "/admin/users/new", fields


def _someone(services):
    unit = services.session.get(Department, _unit(services))
    return services.get(AccountService).create(f"form-{next(_numbers)}", "某人", unit)[0]


def _user(scene):
    with scene.services() as services:
        user = _someone(services)
        fields = {"version": "1", "name": "某某", "department": str(user.department_id), "phone": "", "email": "a@b.cn"}
        return f"/admin/users/{user.id}", fields


def _act(scene):
    with scene.services() as services:
        return f"/admin/users/{_someone(services).id}/act", {"act": "sessions"}


def _lost_factor(scene):
    with scene.services() as services:
        person = _someone(services)
        made = person.created
        services.session.add(SecondFactor(user_id=person.id, secret="", created=made, confirmed=made))
        return f"/admin/users/{person.id}/act", {"act": "factor"}


def _rights(scene):
    with scene.services() as services:
        return f"/admin/rights/{_someone(services).id}", {"role": "clerk", "scope": ""}


def _remove(scene):
    with scene.services() as services:
        return f"/admin/rights/{_someone(services).id}/remove", {"role": "clerk", "scope": ""}


def _new_unit(scene):
    fields = {"name": f"新单位{next(_numbers)}", "short_name": "新", "parent": "", "leader": "leader", "position": "100"}
    return "/admin/departments/new", fields


def _made_unit(scene):
    with scene.services() as services:
        return services.get(DepartmentService).create(f"单位{next(_numbers)}").id


def _one_unit(scene):
    _url, fields = _new_unit(scene)
    return f"/admin/departments/{_made_unit(scene)}", {**fields, "version": "1"}


def _unit_act(scene):
    return f"/admin/departments/{_made_unit(scene)}/act", {"act": "deactivate"}


def _new_role(scene):
    return "/admin/roles/new", {"code": f"role-{next(_numbers)}", "title": "新角色"}


def _role(scene):
    with scene.services() as services:
        role = Role(code=f"made-{next(_numbers)}", title="角色")
        services.session.add(role)
        services.session.flush()
        return f"/admin/roles/{role.id}", {"version": "1", "title": "角色", "p.core:case:view_all": "tree"}


def _revoke(scene):
    with scene.services() as services:
        grant = Grant(permission="core:case:view_all", scope=f"test:{next(_numbers)}", user_id=scene.people["staff"].id)
        services.session.add(grant)
        services.session.flush()
        return f"/admin/grants/{grant.id}/revoke", {}


def _upload(scene):
    from webtest import Upload

    with scene.services() as services:
        unit = services.session.get(Department, _unit(services)).name
    data = xlsx([["login", "name", "department"], [f"up-{next(_numbers)}", "方文", unit]])
    return "/admin/users/import", {"file": Upload("users.xlsx", data)}


def _kept(scene):
    with scene.services() as services:
        return _preview(services, scene, f"kept-{next(_numbers)}", services.session.get(Department, _unit(services)))


def _decide(scene):
    return f"/admin/users/imports/{_kept(scene)}", {"act": "confirm"}


def _discard(scene):
    return f"/admin/users/imports/{_kept(scene)}", {"act": "discard"}


FORMS = {
    "new user": Form("admin", _new_user, 200),
    "user": Form("admin", _user),
    "act on a user": Form("admin", _act),
    "remove a second factor": Form("admin", _lost_factor),
    "give a role": Form("admin", _rights),
    "take a role": Form("admin", _remove),
    "new unit": Form("admin", _new_unit),
    "unit": Form("admin", _one_unit),
    "act on a unit": Form("admin", _unit_act),
    "new role": Form("admin", _new_role),
    "role": Form("admin", _role),
    "revoke a grant": Form("admin", _revoke),
    "import": Form("admin", _upload),
    "confirm an import": Form("admin", _decide),
    "discard an import": Form("admin", _discard),
}

BROWSER = (
    Page("admin-users", "admin", "/admin/users"),
    Page("admin-user-new", "admin", "/admin/users/new"),
    Page("admin-user", "admin", "/admin/users/{leader_user}"),
    Page("admin-import", "admin", "/admin/users/import"),
    Page("admin-import-report", "admin", "/admin/users/imports/{import}"),
    Page("admin-departments", "admin", "/admin/departments"),
    Page("admin-department", "admin", "/admin/departments/{office}"),
    Page("admin-roles", "admin", "/admin/roles"),
    Page("admin-role-new", "admin", "/admin/roles/new"),
    Page("admin-role", "admin", "/admin/roles/{unit_leader}"),
    Page("admin-grants", "admin", "/admin/grants"),
    Page("admin-rights-of", "admin", "/admin/rights/{leader_user}"),
    Page("admin-sessions", "admin", "/admin/sessions"),
    Page("admin-logins", "admin", "/admin/logins"),
)
