"""Roles and grants: giving, taking, and asking who may.

A *scope* names one thing of a plugin, e.g. ``meetings.room:7``; the empty scope means everywhere.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from portal_core.accounts import officers
from portal_core.accounts.identity import ALL, Identity
from portal_core.accounts.models import (
    Department,
    Grant,
    PermissionRow,
    Role,
    RolePermission,
    User,
    UserDepartment,
    UserRole,
)
from portal_core.accounts.officers import area_of, restrained
from portal_core.accounts.queries import active_person, scopes_meet
from portal_core.accounts.standins import stand_ins
from portal_core.errors import Forbidden, Invalid, NotFound
from portal_core.i18n import _
from portal_core.services import Services


@dataclass(frozen=True)
class GrantSubject:
    """Who got a grant. ``kind`` is user, role, department or everyone; ``id`` is None for everyone; ``name`` is for people."""

    kind: str
    id: int | None
    name: str


class RightsService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def role(self, code: str) -> Role | None:
        """The role with ``code``, or None."""
        return self.session.scalar(sa.select(Role).where(Role.code == code))

    def roles(self) -> list[Role]:
        """All roles by title."""
        return list(self.session.scalars(sa.select(Role).order_by(Role.title)))

    def assign(self, user: User, role_code: str, scope: str = "") -> None:
        """Give ``user`` a role; nothing happens when it is held already. Raises NotFound for an unknown role."""
        role_id = self._role_id(role_code)
        if self.session.get(UserRole, (user.id, role_id, scope)) is None:
            self.session.add(UserRole(user_id=user.id, role_id=role_id, scope=scope))
            self.session.flush()

    def unassign(self, user: User, role_code: str, scope: str = "") -> None:
        """Take a role from ``user``; nothing happens when it is not held. Raises NotFound for an unknown role."""
        held = self.session.get(UserRole, (user.id, self._role_id(role_code), scope))
        if held is not None:
            self.session.delete(held)
            self.session.flush()

    def grant(
        self,
        permission: str,
        scope: str = "",
        *,
        user_id: int | None = None,
        role_id: int | None = None,
        department_id: int | None = None,
        everyone: bool = False,
        by: Identity | None = None,
    ) -> None:
        """Give ``permission`` within ``scope`` to exactly one subject; nothing happens when it is given already.

        A department stands for its people and those of all units below. Raises Invalid unless exactly one subject is named, and
        NotFound for a permission that no plugin declares. ``by`` is who gives it: to themselves nobody can (Forbidden).
        """
        if by is not None and user_id == by.user_id:
            raise Forbidden(_("Nobody can give rights to themselves."))
        subject = _subject(user_id, role_id, department_id, everyone)
        if permission not in self.services.portal.permissions:
            raise NotFound()
        if self.session.scalar(sa.select(Grant.id).where(*_is(permission, scope, subject))) is None:
            self.session.add(Grant(permission=permission, scope=scope, **subject))
            self.session.flush()

    def revoke(
        self,
        permission: str,
        scope: str = "",
        *,
        user_id: int | None = None,
        role_id: int | None = None,
        department_id: int | None = None,
        everyone: bool = False,
    ) -> None:
        """Take back what ``grant`` with the same arguments gave; nothing happens when it was not given."""
        subject = _subject(user_id, role_id, department_id, everyone)
        self.session.execute(sa.delete(Grant).where(*_is(permission, scope, subject)))

    def subjects(self, permission: str, scope: str = "") -> list[GrantSubject]:
        """To whom ``permission`` is granted for exactly this ``scope``: everyone, units, roles, people, in this order.

        What roles carry by themselves is not among them.
        """
        rows = self.session.execute(
            sa.select(Grant.user_id, Grant.role_id, Grant.department_id, User.name, Role.title, Department.name.label("unit"))
            .outerjoin(User, User.id == Grant.user_id)
            .outerjoin(Role, Role.id == Grant.role_id)
            .outerjoin(Department, Department.id == Grant.department_id)
            .where(Grant.permission == permission, Grant.scope == scope)
            .order_by(Grant.user_id, Grant.role_id, Grant.department_id)
        )
        return sorted((_grant_subject(row) for row in rows), key=lambda s: (_KINDS.index(s.kind), s.name))

    def holders(self, permission: str, scope: str = "") -> frozenset[int]:
        """Ids of the active users who hold ``permission`` within ``scope`` or everywhere, by whatever way.

        Used to tell before submission that nobody could act, and to address messages. Who holds it for a part of the data only is
        not among them: a task waits for people who may act on all of its kind.
        """
        reaching = Grant.scope.in_({"", scope})
        carried = (RolePermission.reach == ALL, UserRole.scope.in_({"", scope}))
        people = self._holding([permission], [reaching], carried, [UserRole.scope.in_({"", scope})])
        return people - self.joining_areas() if area_of(permission) else people

    def joining_areas(self) -> frozenset[int]:
        """With the three administrators separated: the active users who hold permissions of more than one area, so of none."""
        portal = self.services.portal
        if not portal.settings[officers.SETTING]:
            return frozenset()
        areas: dict[str, list[str]] = {}
        for name in portal.permissions:
            if area := area_of(name):
                areas.setdefault(area, []).append(name)
        found: Counter[int] = Counter()
        for names in areas.values():
            found.update(self._holding(names, [], [], []))
        return frozenset(user_id for user_id, count in found.items() if count > 1)

    def people(self, ids: frozenset[int]) -> list[User]:
        """The users with these ids, by name."""
        return list(self.session.scalars(sa.select(User).where(User.id.in_(ids)).order_by(User.name, User.id))) if ids else []

    def _holding(self, permissions, granted, carried, held) -> frozenset[int]:
        """Active users with one of ``permissions``; more conditions for grants, for what roles carry, and for roles as held."""
        granted = (Grant.permission.in_(permissions), *granted)
        unit = aliased(Department)
        by_role = (
            sa.select(UserRole.user_id)
            .join(RolePermission, RolePermission.role_id == UserRole.role_id)
            .where(RolePermission.permission.in_(permissions), *carried)
        )
        to_user = sa.select(Grant.user_id).where(*granted, Grant.user_id.is_not(None))
        to_role = sa.select(UserRole.user_id).join(Grant, Grant.role_id == UserRole.role_id).where(*granted, *held, scopes_meet())
        belongs = sa.union_all(
            sa.select(User.id.label("user_id"), User.department_id),
            sa.select(UserDepartment.user_id, UserDepartment.department_id),
        ).subquery()
        to_unit = (
            sa.select(belongs.c.user_id)
            .join(Department, Department.id == belongs.c.department_id)
            .join(unit, Department.path.startswith(unit.path))
            .join(Grant, Grant.department_id == unit.id)
            .where(*granted)
        )
        to_all = sa.exists().where(*granted, Grant.user_id.is_(None), Grant.role_id.is_(None), Grant.department_id.is_(None))
        someway = User.id.in_(sa.union_all(by_role, to_user, to_role, to_unit).subquery().select())
        return frozenset(self.session.scalars(sa.select(User.id).where(User.active, someway | to_all)))

    def identity_of(self, user_id: int) -> Identity:
        """The identity of an active user, stand-ins included, for acts without a request. Raises NotFound."""
        now = self.services.clock.now()
        identity, stands_in = active_person(self.session, user_id, now)
        if identity is None:
            raise NotFound()
        identity = restrained(identity, self.services.portal.settings)
        return replace(identity, stand_ins=stand_ins(self.session, user_id, now)) if stands_in else identity

    def _role_id(self, code: str) -> int:
        role = self.role(code)
        if role is None:
            raise NotFound(_("There is no role ${code}.", mapping={"code": code}))
        return role.id


_KINDS = ("everyone", "department", "role", "user")


def _grant_subject(row: Any) -> GrantSubject:
    if row.user_id is not None:
        return GrantSubject("user", row.user_id, row.name)
    if row.role_id is not None:
        return GrantSubject("role", row.role_id, row.title)
    if row.department_id is not None:
        return GrantSubject("department", row.department_id, row.unit)
    return GrantSubject("everyone", None, "")


def _subject(user_id: int | None, role_id: int | None, department_id: int | None, everyone: bool) -> dict[str, int | None]:
    subject = {"user_id": user_id, "role_id": role_id, "department_id": department_id}
    if sum(value is not None for value in subject.values()) + everyone != 1:
        raise Invalid(_("Name exactly one person, role or unit, or everyone."))
    return subject


def _is(permission: str, scope: str, subject: dict[str, int | None]) -> list[sa.ColumnElement[bool]]:
    """Conditions on ``Grant`` for one row; ``==`` with None is SQL's IS NULL."""
    return [
        Grant.permission == permission,
        Grant.scope == scope,
        *(getattr(Grant, name) == value for name, value in subject.items()),
    ]


def sync_permissions(session: Session, portal: Any) -> None:
    """Make rows for what is declared: permissions, roles, and what roles may do at first.

    A role gets a default permission when the permission or the role first appears. What an administrator took away or added
    later stays. Raises LookupError when a default names a permission that nobody declares.
    """
    known = {row.name: row for row in session.scalars(sa.select(PermissionRow))}
    new = portal.permissions.keys() - known.keys()
    for name, permission in portal.permissions.items():
        title = portal.default_text(permission.title)
        if name in new:
            session.add(PermissionRow(name=name, title=title))
        else:
            known[name].title = title
    session.flush()
    for default in portal.roles:
        _sync_role(session, portal, default, new)
    session.flush()


def _sync_role(session: Session, portal: Any, default: Any, new_permissions: set[str]) -> None:
    undeclared = set(default.permissions) - portal.permissions.keys()
    if undeclared:
        raise LookupError(f"role {default.code!r} names {sorted(undeclared)[0]!r}, which nobody declares")
    role = session.scalar(sa.select(Role).where(Role.code == default.code))
    is_new = role is None
    if role is None:
        role = Role(code=default.code, title=portal.default_text(default.title))
        session.add(role)
        session.flush()
    for permission in default.permissions:
        if (is_new or permission in new_permissions) and session.get(RolePermission, (role.id, permission)) is None:
            session.add(RolePermission(role_id=role.id, permission=permission))
