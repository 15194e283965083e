"""The sessions of everybody (在线用户), for administrators: who is logged in from where, and ending it."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.browsers import browser_name
from portal_core.accounts.guard import SESSIONS, RightsGuard
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, SessionRow, User
from portal_core.accounts.queries import limits
from portal_core.accounts.sessions import SessionService
from portal_core.accounts.throttle import normal_login
from portal_core.audit.services import AuditService
from portal_core.errors import NotFound
from portal_core.services import Services

PAGE = 30


@dataclass(frozen=True)
class SessionLine:
    """A session that works, with the person it belongs to. ``current`` marks the one that asks."""

    id: int
    user_id: int
    name: str
    login: str
    department: str
    created: dt.datetime
    seen: dt.datetime
    ip: str
    browser: str
    current: bool


class SessionList:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def page(self, text: str = "", before: int | None = None, current: int | None = None) -> tuple[list[SessionLine], int | None]:
        """At most ``PAGE`` live sessions, the newest first, and the key for the next page. One statement.

        ``text`` is part of a name or the beginning of a login or an address.
        """
        query = (
            sa.select(SessionRow, User.name, User.login, Department.name)
            .join(User, User.id == SessionRow.user_id)
            .outerjoin(Department, Department.id == User.department_id)
            .where(*self._live())
            .order_by(SessionRow.id.desc())
            .limit(PAGE + 1)
        )
        if text:
            query = query.where(
                User.name.contains(text, autoescape=True)
                | User.login.startswith(normal_login(text), autoescape=True)
                | SessionRow.ip.startswith(text, autoescape=True)
            )
        if before is not None:
            query = query.where(SessionRow.id < before)
        rows = self.session.execute(query).all()
        lines = [_line(row, name, login, unit, current) for row, name, login, unit in rows[:PAGE]]
        return lines, lines[-1].id if len(rows) > PAGE else None

    def end(self, actor: Identity, session_id: int) -> None:
        """End one session. Raises NotFound for one that is ended or unknown."""
        guard = self.services.get(RightsGuard)
        guard.require(actor, SESSIONS)
        found = sa.select(SessionRow.user_id, User.login).join(User, User.id == SessionRow.user_id)
        row = self.session.execute(found.where(SessionRow.id == session_id, *self._live())).first()
        if row is None:
            raise NotFound()
        self.services.get(SessionService).end(session_id, row.user_id)
        detail = {"login": row.login, "session": session_id}
        self.services.get(AuditService).record(actor, "core.session_ended", "core.user", row.user_id, detail=detail)

    def _live(self):
        idle, absolute = limits(self.services.portal.settings)
        now = self.services.clock.now()
        return SessionRow.ended.is_(None), SessionRow.seen > now - idle, SessionRow.created > now - absolute


def _line(row, name, login, unit, current):
    browser = browser_name(row.agent)
    return SessionLine(row.id, row.user_id, name, login, unit or "", row.created, row.seen, row.ip, browser, row.id == current)
