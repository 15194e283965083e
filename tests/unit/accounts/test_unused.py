"""Accounts that nobody uses are closed, but never the last administrator."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import SessionRow, User
from portal_core.accounts.services import AccountService, RightsService
from portal_core.accounts.unused import CODE, close_unused
from portal_core.audit.models import AuditEntry
from portal_core.clock import FixedClock
from portal_core.notifications.models import Notification


@pytest.fixture
def make(services):
    """Makes an account of long ago; ``seen`` days ago it was last used, None: never."""
    numbers = iter(range(100))

    def account(login, seen=None, role=""):
        user = services.get(AccountService).create(login, login.title())[0]
        user.created = user.password_changed = services.clock.now() - dt.timedelta(days=300)
        if seen is not None:
            moment = services.clock.now() - dt.timedelta(days=seen)
            row = {"token_hash": f"{login}{next(numbers)}", "csrf_token": "x", "created": moment, "seen": moment}
            services.session.add(SessionRow(user_id=user.id, **row))
        services.session.flush()
        if role:
            services.get(RightsService).assign(user, role)
        return user

    return account


def run(services):
    close_unused(services.session, services.portal, FixedClock(services.clock.now()))
    services.session.flush()
    return set(services.session.scalars(sa.select(User.login).where(~User.active)))


def test_who_was_not_seen_for_ninety_days_is_closed(services, make):
    make("boss", 1, "admin")
    for login, seen in (("never", None), ("long-ago", 91), ("lately", 89)):
        make(login, seen)
    assert run(services) == {"never", "long-ago"}
    (message,) = services.session.scalars(sa.select(Notification).where(Notification.code == CODE))
    assert message.user_id == services.get(AccountService).find("boss").id
    said = services.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "core.user_deactivated")).all()
    assert {entry.detail["login"] for entry in said} == {"never", "long-ago"}
    assert all(entry.detail["unused_days"] == 90 and entry.actor_id is None for entry in said)


def test_a_new_account_and_a_new_password_have_time(services, make):
    make("boss", 1, "admin")
    fresh = services.get(AccountService).create("fresh", "Fresh")[0]
    again = make("again")
    services.get(AccountService).reset_password(again)
    assert run(services) == set()
    assert fresh.active


def test_the_last_administrator_stays(services, make):
    make("boss", 200, "admin")
    make("boss2", 150, "admin")
    assert run(services) == {"boss"}
    assert run(services) == {"boss"}


def test_zero_days_closes_nobody(services, make):
    make("never")
    services.portal.settings["portal.unused_days"] = 0
    try:
        assert run(services) == set()
    finally:
        services.portal.settings["portal.unused_days"] = 90
