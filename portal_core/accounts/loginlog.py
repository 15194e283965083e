"""The login log (登录日志): every try with its time, place, browser and result, kept as long as ``accounts.jobs`` says."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.browsers import browser_name
from portal_core.accounts.models import LoginAttempt, User
from portal_core.i18n import _
from portal_core.services import Services

PASSWORD, UNKNOWN, CLOSED, LOCKED, CAPTCHA, NETWORK = "password", "unknown", "closed", "locked", "captcha", "network"
ASKED, CODE = "asked", "code"
# Why a try failed, for administrators; the person at the login always reads the same sentence.
REASONS = {
    PASSWORD: _("Wrong password"),
    UNKNOWN: _("No such user"),
    CLOSED: _("Account deactivated"),
    LOCKED: _("Account locked"),
    CAPTCHA: _("Captcha missing or wrong"),
    NETWORK: _("Too many failures from this network"),
    ASKED: _("Password right, one-time code asked"),
    CODE: _("Wrong one-time code"),
}
PAGE = 30


@dataclass(frozen=True)
class LoginFilter:
    """What of the log is wanted. ``login`` and ``ip`` are beginnings; ``until`` is no longer in it."""

    login: str = ""
    ip: str = ""
    success: bool | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class LoginLine:
    """A try as a line of the log. ``name`` is empty when no account has this login name."""

    id: int
    at: dt.datetime
    login: str
    name: str
    ip: str
    browser: str
    success: bool
    reason: Any


@dataclass(frozen=True)
class LoginPage:
    """Lines, newest first; ``next_id`` is the key for the following page or None."""

    lines: tuple[LoginLine, ...]
    next_id: int | None


class LoginLog:
    """Reads the log."""

    def __init__(self, services: Services) -> None:
        self.session = services.session

    def page(self, wanted: LoginFilter, before: int | None = None) -> LoginPage:
        """The newest ``PAGE`` tries that fit ``wanted`` and are older than the try ``before``. One statement."""
        query = (
            sa.select(LoginAttempt, User.name)
            .outerjoin(User, User.login == LoginAttempt.login)
            .where(*_conditions(wanted))
            .order_by(LoginAttempt.id.desc())
            .limit(PAGE + 1)
        )
        if before is not None:
            query = query.where(LoginAttempt.id < before)
        rows = self.session.execute(query).all()
        lines = tuple(_line(attempt, name) for attempt, name in rows[:PAGE])
        return LoginPage(lines, lines[-1].id if len(rows) > PAGE else None)


def _conditions(wanted):
    if wanted.login:
        yield LoginAttempt.login.startswith(wanted.login, autoescape=True)
    if wanted.ip:
        yield LoginAttempt.ip.startswith(wanted.ip, autoescape=True)
    if wanted.success is not None:
        yield LoginAttempt.success == wanted.success
    if wanted.since:
        yield LoginAttempt.at >= wanted.since
    if wanted.until:
        yield LoginAttempt.at < wanted.until


def _line(attempt, name):
    return LoginLine(
        id=attempt.id,
        at=attempt.at,
        login=attempt.login,
        name=name or "",
        ip=attempt.ip,
        browser=browser_name(attempt.agent),
        success=attempt.success,
        reason="" if attempt.success else REASONS.get(attempt.reason, REASONS[PASSWORD]),
    )
