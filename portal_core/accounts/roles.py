"""What administrators do with roles and grants, and why somebody may do something."""

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.guard import ROLES, RightsGuard
from portal_core.accounts.identity import ALL, REACHES, Identity
from portal_core.accounts.models import Department, Grant, PermissionRow, Role, RolePermission, User, UserDepartment, UserRole
from portal_core.accounts.queries import scopes_meet
from portal_core.audit.services import AuditService
from portal_core.errors import Forbidden, Invalid, NotFound, Stale
from portal_core.i18n import _
from portal_core.services import Services

CODE = re.compile(r"[a-z][a-z0-9-]{1,63}")
MAX_TITLE = 80
PAGE = 30


@dataclass(frozen=True)
class RoleLine:
    """A role with how many permissions it carries and how many active people hold it."""

    id: int
    code: str
    title: str
    permissions: int
    people: int


@dataclass(frozen=True)
class Holder:
    """A person who holds a role, everywhere or within ``scope``."""

    user_id: int
    name: str
    login: str
    department: str
    scope: str


@dataclass(frozen=True)
class GrantLine:
    """A direct grant. ``kind`` is user, role, department or everyone; ``subject`` is its name."""

    id: int
    permission: str
    title: str
    scope: str
    kind: str
    subject: str


@dataclass(frozen=True)
class Reason:
    """One way in which a person holds a permission: ``way`` is role, user, granted_role, department or everyone."""

    permission: str
    title: Any
    way: str
    by: str
    scope: str
    reach: str


class RoleService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.guard = services.get(RightsGuard)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, role_id: int) -> Role:
        """The role. Raises NotFound."""
        role = self.session.get(Role, role_id)
        if role is None:
            raise NotFound()
        return role

    def lines(self) -> list[RoleLine]:
        """All roles by title. One statement."""
        carried = sa.select(sa.func.count()).where(RolePermission.role_id == Role.id).scalar_subquery()
        people = sa.select(sa.func.count(UserRole.user_id.distinct())).join(User, User.id == UserRole.user_id)
        held = people.where(UserRole.role_id == Role.id, User.active).scalar_subquery()
        rows = self.session.execute(sa.select(Role.id, Role.code, Role.title, carried, held).order_by(Role.title))
        return [RoleLine(*row) for row in rows]

    def reaches(self, role: Role) -> dict[str, str]:
        """What the role carries: the reach by permission."""
        carried = sa.select(RolePermission.permission, RolePermission.reach).where(RolePermission.role_id == role.id)
        return dict(self.session.execute(carried).all())

    def holders(self, role: Role, after: int = 0) -> tuple[list[Holder], int | None]:
        """At most ``PAGE`` active people who hold the role, by id after the user ``after``; and the key for the next page."""
        query = (
            sa.select(User.id, User.name, User.login, sa.func.coalesce(Department.name, ""), UserRole.scope)
            .join(UserRole, UserRole.user_id == User.id)
            .outerjoin(Department, Department.id == User.department_id)
            .where(UserRole.role_id == role.id, User.active, User.id > after)
            .order_by(User.id, UserRole.scope)
            .limit(PAGE + 1)
        )
        rows = [Holder(*row) for row in self.session.execute(query)]
        return rows[:PAGE], rows[PAGE - 1].user_id if len(rows) > PAGE else None

    def grants(self, permission: str = "", login: str = "", before: int | None = None) -> tuple[list[GrantLine], int | None]:
        """At most ``PAGE`` direct grants, newest first, and the key for the next page."""
        query = (
            sa.select(Grant, PermissionRow.title, User.name, Role.title, Department.name)
            .join(PermissionRow, PermissionRow.name == Grant.permission)
            .outerjoin(User, User.id == Grant.user_id)
            .outerjoin(Role, Role.id == Grant.role_id)
            .outerjoin(Department, Department.id == Grant.department_id)
            .order_by(Grant.id.desc())
            .limit(PAGE + 1)
        )
        if permission:
            query = query.where(Grant.permission == permission)
        if login:
            query = query.where(User.login == login)
        if before is not None:
            query = query.where(Grant.id < before)
        rows = self.session.execute(query).all()
        lines = [_grant_line(*row) for row in rows[:PAGE]]
        return lines, lines[-1].id if len(rows) > PAGE else None

    def reasons(self, user: User) -> list[Reason]:
        """Every way in which the person holds a permission, as rows say it: by roles and by grants of four kinds."""
        found = [*self._by_roles(user), *self._by_grants(user)]
        titles = {name: permission.title for name, permission in self.services.portal.permissions.items()}
        rows = (Reason(name, titles[name], way, by, scope, reach) for name, way, by, scope, reach in found if name in titles)
        return sorted(rows, key=lambda row: (row.permission, row.way, row.by, row.scope))

    def _by_roles(self, user):
        carried = (
            sa.select(RolePermission.permission, Role.title, UserRole.scope, RolePermission.reach)
            .join(Role, Role.id == RolePermission.role_id)
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == user.id)
        )
        return [(name, "role", title, scope, reach) for name, title, scope, reach in self.session.execute(carried)]

    def _by_grants(self, user):
        direct = sa.select(Grant.permission, Grant.scope).where(Grant.user_id == user.id)
        found = [(name, "user", "", scope, ALL) for name, scope in self.session.execute(direct)]
        narrowed = sa.case((Grant.scope == "", UserRole.scope), else_=Grant.scope)
        to_role = (
            sa.select(Grant.permission, Role.title, narrowed)
            .join(Role, Role.id == Grant.role_id)
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == user.id, scopes_meet())
        )
        found += [(name, "granted_role", title, scope, ALL) for name, title, scope in self.session.execute(to_role)]
        units = sa.select(UserDepartment.department_id).where(UserDepartment.user_id == user.id)
        mine = sa.select(Department.path).where(Department.id.in_(units) | (Department.id == user.department_id)).subquery()
        above = sa.exists().where(mine.c.path.startswith(Department.path))
        to_unit = sa.select(Grant.permission, Department.name, Grant.scope).join(Department, Department.id == Grant.department_id)
        found += [(name, "department", unit, scope, ALL) for name, unit, scope in self.session.execute(to_unit.where(above))]
        nobody = (Grant.user_id.is_(None), Grant.role_id.is_(None), Grant.department_id.is_(None))
        everyone = sa.select(Grant.permission, Grant.scope).where(*nobody)
        return found + [(name, "everyone", "", scope, ALL) for name, scope in self.session.execute(everyone)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def create(self, actor: Identity, code: str, title: str) -> Role:
        """Make a role without permissions. Raises Invalid with the fields that are wrong."""
        self.guard.require(actor, ROLES)
        errors = {}
        if not CODE.fullmatch(code):
            errors["code"] = _("A code has 2 to 64 small letters, digits or dashes and begins with a letter.")
        elif self.session.scalar(sa.select(Role.id).where(Role.code == code)) is not None:
            errors["code"] = _("There is a role with this code already.")
        errors |= _title_problem(title)
        if errors:
            raise Invalid(fields=errors)
        role = Role(code=code, title=title)
        self.session.add(role)
        self.session.flush()
        self._note(actor, "core.role_created", role.id, {"code": code, "title": title})
        return role

    def update(self, actor: Identity, role: Role, title: str, reaches: dict[str, str], version: int) -> None:
        """Set the title and what the role carries: the reach by permission.

        Permissions that no enabled plugin declares stay as they are. Raises Forbidden when somebody who holds the role would get
        more by it, Invalid for a reach that a permission does not know, Conflict, and Stale.
        """
        self.guard.require(actor, ROLES)
        if problems := _title_problem(title):
            raise Invalid(fields=problems)
        self._check_reaches(reaches)
        declared = self.services.portal.permissions
        old = {name: reach for name, reach in self.reaches(role).items() if name in declared}
        if _widens(old, reaches) and self._holds(actor, role):
            raise Forbidden(_("You hold this role: nobody can give themselves more rights. Ask another administrator."))
        renewed = sa.update(Role).where(Role.id == role.id, Role.version == version).values(version=version + 1, title=title)
        if not self.session.execute(renewed, execution_options={"synchronize_session": False}).rowcount:  # type: ignore[attr-defined]
            raise Stale(_("This has changed meanwhile; please look again."))
        with self.guard.watching():
            self._store(role, old, reaches)
        before, after = {"title": role.title, **old}, {"title": title, **reaches}
        self.session.expire(role)
        self.services.get(AuditService).record_change(actor, "core.role", role.id, before, after, detail={"code": role.code})

    def revoke(self, actor: Identity, grant_id: int) -> None:
        """Take back a direct grant. Raises NotFound, and Conflict for the last administrator."""
        self.guard.require(actor, ROLES)
        grant = self.session.get(Grant, grant_id)
        if grant is None:
            raise NotFound()
        names = ("permission", "scope", "user_id", "role_id", "department_id")
        detail = {name: getattr(grant, name) for name in names}
        with self.guard.watching():
            self.session.delete(grant)
        self._note(actor, "core.grant_revoked", grant_id, detail)

    def _check_reaches(self, reaches):
        declared = self.services.portal.permissions
        for name, reach in reaches.items():
            if name not in declared or reach not in REACHES or (reach != ALL and not declared[name].reaches):
                raise Invalid(fields={"permissions": _("Please choose from the list")})

    def _holds(self, actor, role):
        mine = sa.select(UserRole.role_id).where(UserRole.user_id == actor.user_id, UserRole.role_id == role.id)
        return self.session.scalar(mine.limit(1)) is not None

    def _store(self, role, old, new):
        gone = old.keys() - new.keys()
        mine = RolePermission.role_id == role.id
        self.session.execute(sa.delete(RolePermission).where(mine, RolePermission.permission.in_(gone)))
        for name, reach in new.items():
            if name not in old:
                self.session.add(RolePermission(role_id=role.id, permission=name, reach=reach))
            elif old[name] != reach:
                changed = sa.update(RolePermission).where(mine, RolePermission.permission == name)
                self.session.execute(changed.values(reach=reach), execution_options={"synchronize_session": False})
        self.session.flush()

    def _note(self, actor, action, object_id, detail):
        kind = "core.grant" if action == "core.grant_revoked" else "core.role"
        self.services.get(AuditService).record(actor, action, kind, object_id, detail=detail)


def _widens(old, new):
    """Does ``new`` give anything that ``old`` does not?"""
    return any(name not in old or REACHES.index(reach) < REACHES.index(old[name]) for name, reach in new.items())


def _title_problem(title):
    if title and len(title) <= MAX_TITLE:
        return {}
    return {"title": _("Please give a name of at most ${count} characters.", mapping={"count": MAX_TITLE})}


def _grant_line(grant, title, person, role, unit):
    if grant.user_id is not None:
        kind, subject = "user", person
    elif grant.role_id is not None:
        kind, subject = "role", role
    else:
        kind, subject = ("department", unit) if grant.department_id is not None else ("everyone", "")
    return GrantLine(grant.id, grant.permission, title, grant.scope, kind, subject or "")
