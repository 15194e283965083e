"""Slowing down guessing: failures are counted per login name and per network, whether or not the name exists.

An attempt is written, and committed, *before* the password is looked at. So a hundred guesses sent at once see each other: at
most ``login_lock_after`` of them are tried, without any lock in the database.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.addresses import network_of
from portal_core.accounts.models import LoginAttempt, User

# Many people share one address behind a firewall, so a network may fail this many times as often as one name.
NETWORK_CAPTCHA_FACTOR = 10
NETWORK_REFUSE_FACTOR = 40
LOGIN_LENGTH = 64
AGENT_LENGTH = 200


def normal_login(text: str) -> str:
    """A login name as it is stored and compared: without blanks around it, in lower case."""
    return text.strip().lower()


@dataclass(frozen=True)
class Attempt:
    """One try that is written down and what has to be said before it may go on."""

    id: int
    login: str
    failures: int
    locked: bool
    captcha: bool
    network_refused: bool


class Throttle:
    """Counts attempts in transactions of its own. Not for use inside a writing transaction: SQLite would wait for that."""

    def __init__(self, portal):
        self._database = portal.database
        self._clock = portal.clock
        settings = portal.settings
        self._captcha_after = settings["portal.login_captcha_after"]
        self._lock_after = settings["portal.login_lock_after"]
        self._window = dt.timedelta(minutes=settings["portal.login_window_minutes"])
        self._lock = dt.timedelta(minutes=settings["portal.login_lock_minutes"])

    def begin(self, login: str, ip: str, agent: str = "") -> Attempt:
        """Write down a try, which counts as a failure until ``succeed`` or ``excuse`` says otherwise."""
        now = self._clock.now()
        login, network = login[:LOGIN_LENGTH], network_of(ip)
        with self._database.writing() as session:
            row = LoginAttempt(login=login, ip=network, at=now, success=False, agent=agent[:AGENT_LENGTH])
            session.add(row)
            session.flush()
            attempt_id = row.id
        with self._database.reading() as session:
            failures = self._failures(session, login, now, attempt_id)
            elsewhere = self._network_failures(session, network, now, attempt_id)
        return Attempt(
            id=attempt_id,
            login=login,
            failures=sum(1 for at in failures if at > now - self._window),
            locked=self._is_locked(failures, now),
            captcha=self._asks_captcha(failures, elsewhere, now),
            network_refused=elsewhere >= self._lock_after * NETWORK_REFUSE_FACTOR,
        )

    def excuse(self, attempt: Attempt, reason: str = "") -> None:
        """The password was not looked at (account locked, captcha missing): the try does not count against the name."""
        values = {"cleared": True, "reason": reason}
        with self._database.writing() as session:
            session.execute(sa.update(LoginAttempt).where(LoginAttempt.id == attempt.id).values(**values))

    def fail(self, attempt: Attempt, reason: str = "") -> None:
        """The password was wrong. The failure that is one too many marks the account as locked for administrators to see."""
        with self._database.writing() as session:
            session.execute(sa.update(LoginAttempt).where(LoginAttempt.id == attempt.id).values(reason=reason))
            if attempt.failures + 1 >= self._lock_after:
                until = self._clock.now() + self._lock
                session.execute(sa.update(User).where(User.login == attempt.login).values(locked_until=until))

    def succeed(self, attempt: Attempt, session) -> None:
        """The password was right: earlier failures of this name no longer count. ``session`` is the caller's writing session."""
        session.execute(sa.update(LoginAttempt).where(LoginAttempt.id == attempt.id).values(success=True))
        clear_failures(session, attempt.login)

    def asks_captcha(self, login: str, ip: str) -> bool:
        """Would the next try of ``login`` from ``ip`` have to answer a captcha?"""
        now = self._clock.now()
        with self._database.reading() as session:
            failures = self._failures(session, login[:LOGIN_LENGTH], now)
            return self._asks_captcha(failures, self._network_failures(session, network_of(ip), now), now)

    def _asks_captcha(self, failures, elsewhere, now) -> bool:
        recent = sum(1 for at in failures if at > now - self._window)
        return recent >= self._captcha_after or elsewhere >= self._captcha_after * NETWORK_CAPTCHA_FACTOR

    def _failures(self, session, login, now, except_id=0):
        """Times of the newest failures of ``login`` that may still matter, newest first."""
        query = (
            sa.select(LoginAttempt.at)
            .where(
                LoginAttempt.login == login,
                LoginAttempt.at > now - self._window - self._lock,
                LoginAttempt.id != except_id,
                ~LoginAttempt.success,
                ~LoginAttempt.cleared,
            )
            .order_by(LoginAttempt.at.desc())
            .limit(self._lock_after)
        )
        return list(session.scalars(query))

    def _network_failures(self, session, network, now, except_id=0) -> int:
        limit = self._lock_after * NETWORK_REFUSE_FACTOR
        query = (
            sa.select(LoginAttempt.id)
            .where(
                LoginAttempt.ip == network,
                LoginAttempt.at > now - self._window,
                LoginAttempt.id != except_id,
                ~LoginAttempt.success,
            )
            .limit(limit)
        )
        return session.scalar(sa.select(sa.func.count()).select_from(query.subquery()))

    def _is_locked(self, failures, now) -> bool:
        """Did the newest ``login_lock_after`` failures fall into one window, and is the last of them still fresh?"""
        if len(failures) < self._lock_after:
            return False
        return failures[0] - failures[-1] <= self._window and now < failures[0] + self._lock


def clear_failures(session, login: str) -> None:
    """Forget the failures of ``login`` (they stay in the log) and unlock its account."""
    session.execute(
        sa.update(LoginAttempt)
        .where(LoginAttempt.login == login, ~LoginAttempt.success, ~LoginAttempt.cleared)
        .values(cleared=True)
    )
    session.execute(sa.update(User).where(User.login == login, User.locked_until.is_not(None)).values(locked_until=None))
