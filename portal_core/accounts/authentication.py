"""Logging in by name and password.

Everything here happens in short transactions of its own, because failures must be remembered although the request fails, and
because no transaction may stay open during the fifth of a second that a hash takes.
"""

from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from portal_core.accounts import loginlog
from portal_core.accounts.captchas import Captchas
from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import User
from portal_core.accounts.passwords import hasher
from portal_core.accounts.sessions import SessionService
from portal_core.accounts.throttle import Throttle, normal_login
from portal_core.audit.services import AuditService
from portal_core.security.steps import LoginSteps
from portal_core.services import Services


class Outcome(Enum):
    """How a try ended. ``REFUSED`` says nothing about which of name, password and account was the reason."""

    OPEN = "open"
    CODE_ASKED = "code asked"
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


_ACCOUNT = sa.select(User.id, User.login, User.name, User.active, User.password_hash, User.password_changed)


class Authenticator:
    """Checks credentials and opens sessions."""

    def __init__(self, portal):
        self._portal = portal
        self._throttle = Throttle(portal)
        self._captchas = Captchas(portal)
        self._steps = LoginSteps(portal)
        self._hasher = hasher(portal.settings["portal.password_profile"])

    def login(self, credentials: Credentials, ip: str, agent: str = "") -> tuple[Outcome, str]:
        """Try to log in from ``ip`` with the browser ``agent``; returns the outcome and, when OPEN, the new session's token.

        CODE_ASKED: the password was right, and ``enter_code`` with the returned token of the login step goes on.
        """
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
            self._note(SYSTEM, "core.login_refused", user, success=False, reason=loginlog.LOCKED)
            return Outcome.REFUSED, ""
        if not matches or not user.active:
            self._refuse(attempt, user, _why(user, matches))
            return Outcome.REFUSED, ""
        if self._steps.asks(user.id):
            # Neither a failure nor a success: failures of codes must not be forgotten because the password is right.
            self._throttle.excuse(attempt, loginlog.ASKED)
            return Outcome.CODE_ASKED, self._steps.begin(user.id)
        return Outcome.OPEN, self._open(attempt, user, credentials.password, ip, agent)

    def enter_code(self, step: str, code: str, ip: str, agent: str = "") -> tuple[Outcome, str]:
        """Go on with the login step ``step`` by a one-time or recovery code; as ``login``, CODE_ASKED when the step is over."""
        user_id = self._steps.person(step)
        user = self._person(user_id) if user_id else None
        if user is None or not user.active:
            return Outcome.CODE_ASKED, ""
        attempt = self._throttle.begin(user.login, ip, agent)
        if attempt.locked or attempt.network_refused:
            self._throttle.excuse(attempt, loginlog.LOCKED)
            self._steps.end(step)
            return Outcome.REFUSED, ""
        if not self._steps.accepts(user.id, code):
            self._refuse(attempt, user, loginlog.CODE)
            return Outcome.REFUSED, ""
        self._steps.end(step)
        return Outcome.OPEN, self._open(attempt, user, None, ip, agent)

    def _refuse(self, attempt, user, reason):
        self._throttle.fail(attempt, reason)
        self._note(SYSTEM, "core.login_refused", user, success=False, reason=reason)

    def _note(self, actor, action, user, *, success=True, **detail):
        """A line of the audit log. Names that nobody has are left out: people type passwords into that field."""
        with self._portal.database.reading() as session:
            audit = Services(session, self._portal).get(AuditService)
            audit.record_now(actor, action, "core.user", user.id if user else "", detail=detail, success=success)

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
        with self._portal.database.reading() as session:
            return session.execute(_ACCOUNT.where(User.login == login)).first()

    def _person(self, user_id):
        with self._portal.database.reading() as session:
            return session.execute(_ACCOUNT.where(User.id == user_id)).first()

    def _open(self, attempt, user, password, ip, agent):
        """Open a session; ``password`` is None when it was checked in an earlier request."""
        outdated = password is not None and self._hasher.is_outdated(user.password_hash)
        rehashed = self._hasher.hash(password) if outdated else None
        with self._portal.database.writing() as session:
            self._throttle.succeed(attempt, session)
            if rehashed:
                session.execute(sa.update(User).where(User.id == user.id).values(password_hash=rehashed))
            services = Services(session, self._portal)
            services.get(AuditService).record(Identity(user.id, user.login, user.name), "core.login", "core.user", user.id, ip=ip)
            return services.get(SessionService).open(user.id, ip, agent)
