"""Logins: opening, listing and ending them. The cookie holds a random token, the database its SHA-256."""

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.browsers import browser_name
from portal_core.accounts.models import SessionRow
from portal_core.accounts.queries import limits
from portal_core.errors import NotFound
from portal_core.services import Services

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
AGENT_LENGTH = 200


def new_token() -> str:
    """256 random bits as text that fits a cookie and a form field."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token. It is random enough that no salt and no slow hash are needed."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it. Times are aware; ``browser`` is a short name; ``current`` marks the one that asks."""

    id: int
    created: dt.datetime
    seen: dt.datetime
    ip: str
    browser: str
    current: bool


class SessionService:
    """Opens and ends sessions."""

    def __init__(self, services: Services) -> None:
        self.session = services.session
        self.clock = services.clock
        self.settings = services.portal.settings

    def open(self, user_id: int, ip: str = "", agent: str = "") -> str:
        """Open a session for ``user_id`` and return its token, which is known only to the caller from now on.

        With the setting ``portal.single_session`` it is the person's only one.
        """
        token, now = new_token(), self.clock.now()
        if self.settings["portal.single_session"]:
            self.end_all(user_id)
        self.session.add(
            SessionRow(
                token_hash=hash_token(token),
                user_id=user_id,
                csrf_token=new_token(),
                created=now,
                seen=now,
                ip=ip,
                agent=agent[:AGENT_LENGTH],
            )
        )
        self.session.flush()
        return token

    def open_sessions(self, user_id: int, current_id: int | None = None) -> list[OpenSession]:
        """The sessions of ``user_id`` that still work, newest activity first."""
        idle, absolute = limits(self.settings)
        now = self.clock.now()
        rows = self.session.scalars(
            sa.select(SessionRow)
            .where(
                SessionRow.user_id == user_id,
                SessionRow.ended.is_(None),
                SessionRow.seen > now - idle,
                SessionRow.created > now - absolute,
            )
            .order_by(SessionRow.seen.desc(), SessionRow.id.desc())
        )
        return [OpenSession(row.id, row.created, row.seen, row.ip, browser_name(row.agent), row.id == current_id) for row in rows]

    def end(self, session_id: int, user_id: int) -> None:
        """End one session of ``user_id``. Raises NotFound for another person's, an ended or an unknown one."""
        if not self._end(SessionRow.id == session_id, SessionRow.user_id == user_id):
            raise NotFound()

    def end_all(self, user_id: int, keep: int | None = None) -> int:
        """End all sessions of ``user_id`` but ``keep``; returns how many there were."""
        conditions = [SessionRow.user_id == user_id]
        if keep is not None:
            conditions.append(SessionRow.id != keep)
        return self._end(*conditions)

    def _end(self, *conditions: sa.ColumnElement[bool]) -> int:
        ending = sa.update(SessionRow).where(SessionRow.ended.is_(None), *conditions).values(ended=self.clock.now())
        return self.session.execute(ending, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
