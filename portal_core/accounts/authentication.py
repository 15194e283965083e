"""Logging in by name and password.

Everything here happens in short transactions of its own, because failures must be remembered although the request fails, and
because no transaction may stay open during the fifth of a second that a hash takes.
"""

from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from portal_core.accounts import loginlog
from portal_core.accounts.captchas import Captchas
from portal_core.accounts.models import User
from portal_core.accounts.passwords import hasher
from portal_core.accounts.sessions import SessionService
from portal_core.accounts.throttle import Throttle, normal_login
from portal_core.services import Services


class Outcome(Enum):
    """How a try ended. ``REFUSED`` says nothing about which of name, password and account was the reason."""

    OPEN = "open"
    REFUSED = "refused"
    CAPTCHA_WRONG = "captcha wrong"
    CAPTCHA_MISSING = "captcha missing"
    NETWORK_REFUSED = "network refused"


@dataclass(frozen=True)
class Credentials:
    """What a person sent. ``captcha_key`` and ``captcha_answer`` are empty when no riddle was shown."""

    login: str
    password: str
    captcha_key: str = ""
    captcha_answer: str = ""


# What the login log says of a try whose password was not looked at.
_REASONS = {
    Outcome.CAPTCHA_WRONG: loginlog.CAPTCHA,
    Outcome.CAPTCHA_MISSING: loginlog.CAPTCHA,
    Outcome.NETWORK_REFUSED: loginlog.NETWORK,
}


def _why(user, matches):
    """Why a try was refused, for the login log; the person at the login is not told."""
    if user is None:
        return loginlog.UNKNOWN
    return loginlog.CLOSED if matches else loginlog.PASSWORD


class Authenticator:
    """Checks credentials and opens sessions."""

    def __init__(self, portal):
        self._portal = portal
        self._throttle = Throttle(portal)
        self._captchas = Captchas(portal)
        self._hasher = hasher(portal.settings["portal.password_profile"])

    def login(self, credentials: Credentials, ip: str, agent: str = "") -> tuple[Outcome, str]:
        """Try to log in from ``ip`` with the browser ``agent``; returns the outcome and, when OPEN, the new session's token."""
        attempt = self._throttle.begin(normal_login(credentials.login), ip, agent)
        refusal = self._before_password(attempt, credentials)
        if refusal is not None:
            self._throttle.excuse(attempt, _REASONS[refusal])
            return refusal, ""
        user = self._user(attempt.login)
        matches = self._hasher.verify(user.password_hash if user else None, credentials.password)
        if attempt.locked:
            # The hash was computed all the same, so that a lock cannot be told by the time either.
            self._throttle.excuse(attempt, loginlog.LOCKED)
            return Outcome.REFUSED, ""
        if not matches or not user.active:
            self._throttle.fail(attempt, _why(user, matches))
            return Outcome.REFUSED, ""
        return Outcome.OPEN, self._open(attempt, user, credentials.password, ip, agent)

    def _before_password(self, attempt, credentials):
        if attempt.network_refused:
            return Outcome.NETWORK_REFUSED
        if not attempt.captcha:
            return None
        if not credentials.captcha_answer:
            return Outcome.CAPTCHA_MISSING
        if not self._captchas.solve(credentials.captcha_key, credentials.captcha_answer):
            return Outcome.CAPTCHA_WRONG
        return None

    def _user(self, login):
        columns = sa.select(User.id, User.active, User.password_hash).where(User.login == login)
        with self._portal.database.reading() as session:
            return session.execute(columns).first()

    def _open(self, attempt, user, password, ip, agent):
        rehashed = self._hasher.hash(password) if self._hasher.is_outdated(user.password_hash) else None
        with self._portal.database.writing() as session:
            self._throttle.succeed(attempt, session)
            if rehashed:
                session.execute(sa.update(User).where(User.id == user.id).values(password_hash=rehashed))
            return Services(session, self._portal).get(SessionService).open(user.id, ip, agent)
