"""The list of users: filters, and pages by key so that its cost does not grow with the number of accounts."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.models import Department, Role, User, UserDepartment, UserRole
from portal_core.accounts.services import state_of
from portal_core.accounts.throttle import normal_login
from portal_core.i18n import _
from portal_core.services import Services

PAGE = 20
STATES = {
    "active": (_("Account in use"), "ok"),
    "initial": (_("Initial password"), "info"),
    "locked": (_("Locked"), "warn"),
    "closed": (_("Deactivated"), ""),
}


@dataclass(frozen=True)
class UserFilter:
    """Which users are wanted. ``text`` is part of a name or the beginning of a login or phone; a unit stands for its tree."""

    text: str = ""
    department_id: int | None = None
    role: str = ""
    state: str = ""


@dataclass(frozen=True)
class UserLine:
    """A user as a line of the list. ``tone`` is of the state; ``roles`` are titles."""

    id: int
    login: str
    name: str
    department: str
    phone: str
    roles: tuple[str, ...]
    state: Any
    tone: str


@dataclass(frozen=True)
class UserPage:
    """Lines by login name. ``before`` and ``after`` are the keys for the pages around this one, or None."""

    lines: tuple[UserLine, ...]
    before: str | None
    after: str | None


class UserList:
    """Reads the list."""

    def __init__(self, services: Services) -> None:
        self.session = services.session
        self.clock = services.clock

    def page(self, wanted: UserFilter, after: str = "", before: str = "") -> UserPage:
        """At most ``PAGE`` users that come after the login ``after``, or just before ``before``. Two statements."""
        backwards = bool(before)
        query = sa.select(User, Department.name).outerjoin(Department, Department.id == User.department_id)
        query = query.where(*self._conditions(wanted)).limit(PAGE + 1)
        if backwards:
            query = query.where(User.login < before).order_by(User.login.desc())
        else:
            query = query.where(User.login > after).order_by(User.login)
        rows = self.session.execute(query).all()
        more, rows = len(rows) > PAGE, rows[:PAGE]
        if backwards:
            rows.reverse()
        if not rows:
            return UserPage((), None, None)
        first, last = rows[0][0].login, rows[-1][0].login
        has_earlier, has_later = (more, True) if backwards else (bool(after), more)
        return UserPage(self._lines(rows), first if has_earlier else None, last if has_later else None)

    def _conditions(self, wanted):
        now = self.clock.now()
        if wanted.text:
            yield sa.or_(
                User.name.contains(wanted.text, autoescape=True),
                User.login.startswith(normal_login(wanted.text), autoescape=True),
                User.phone.startswith(wanted.text, autoescape=True),
            )
        if wanted.department_id is not None:
            path = sa.select(Department.path).where(Department.id == wanted.department_id).scalar_subquery()
            tree = sa.select(Department.id).where(Department.path.startswith(path))
            further = sa.exists().where(UserDepartment.user_id == User.id, UserDepartment.department_id.in_(tree))
            yield User.department_id.in_(tree) | further
        if wanted.role:
            yield sa.exists().where(UserRole.user_id == User.id, UserRole.role_id == Role.id, Role.code == wanted.role)
        locked = sa.func.coalesce(User.locked_until > now, sa.false())
        match wanted.state:
            case "closed":
                yield ~User.active
            case "locked":
                yield from (User.active, locked)
            case "initial":
                yield from (User.active, ~locked, User.must_change_password)
            case "active":
                yield from (User.active, ~locked, ~User.must_change_password)

    def _lines(self, rows):
        held = sa.select(UserRole.user_id, Role.title).join(Role, Role.id == UserRole.role_id)
        titles: dict[int, dict[str, None]] = {}
        for user_id, title in self.session.execute(
            held.where(UserRole.user_id.in_([user.id for user, _unit in rows])).order_by(Role.title)
        ):
            titles.setdefault(user_id, {})[title] = None
        return tuple(self._line(user, unit, tuple(titles.get(user.id, ()))) for user, unit in rows)

    def _line(self, user, unit, roles):
        state, tone = STATES[state_of(user, self.clock.now())]
        return UserLine(user.id, user.login, user.name, unit or "", user.phone, roles, state, tone)
