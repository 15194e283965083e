"""Item 3: tries to guess are limited, and sessions end. The same text for all: tests/functional/test_accounts_login.py."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.services import AccountService
from portal_core.audit.models import AuditEntry
from portal_core.testing.fixtures import PASSWORD
from tests.functional.test_accounts_login import REFUSED, answer, attempt, fail


def test_five_failures_lock_for_half_an_hour_and_the_third_asks_a_captcha(app, make_user):
    make_user("lisi")
    for _try in range(2):
        assert "captcha_key" not in attempt(app, "lisi", "wrong-Password-1").forms["login"].fields
    assert "captcha_key" in attempt(app, "lisi", "wrong-Password-1").forms["login"].fields
    fail(app, "lisi", 2)
    right = answer(app.get("/login?captcha=text").forms["login"], "lisi", PASSWORD)
    assert right.status_int == 422 and REFUSED in right
    app.portal.clock.advance(minutes=29)
    assert answer(app.get("/login?captcha=text").forms["login"], "lisi", PASSWORD).status_int == 422
    app.portal.clock.advance(minutes=2)
    assert attempt(app, "lisi", PASSWORD).status_int == 303


def test_another_browser_or_address_does_not_help(app, make_user):
    make_user("lisi")
    for number in range(5):
        browser = app.another()
        browser.extra_environ["REMOTE_ADDR"] = f"10.1.1.{number}"
        fail(browser, "lisi", 1)
    fresh = app.another()
    fresh.extra_environ["REMOTE_ADDR"] = "10.7.7.7"
    assert answer(fresh.get("/login?captcha=text").forms["login"], "lisi", PASSWORD).status_int == 422


def test_an_administrator_can_unlock(app, make_user):
    make_user("lisi")
    fail(app, "lisi", 5)
    with app.services() as services:
        accounts = services.get(AccountService)
        accounts.unlock(accounts.get("lisi"))
    assert attempt(app, "lisi", PASSWORD).status_int == 303


@pytest.mark.parametrize(("roles", "minutes"), [((), 30), (("admin",), 15)])
def test_sessions_end_without_activity_those_of_administrators_sooner(app, make_user, roles, minutes):
    app.login(make_user("lisi", roles=roles))
    app.portal.clock.advance(minutes=minutes - 1)
    app.get("/me", status=200)
    app.portal.clock.advance(minutes=minutes)
    assert "/login" in app.get("/me", status=303).location
    app.get("/", status=303)


def test_a_dead_administrator_session_writes_nothing(app, make_user):
    app.login(make_user("lisi", roles=("admin",)))
    page = app.get("/me")
    app.portal.clock.advance(minutes=16)
    token = page.forms[0]["csrf_token"].value
    answered = app.post("/account/sessions/end-others", {"csrf_token": token}, status="*")
    assert answered.status_int in (400, 401)


def test_no_session_lives_longer_than_twelve_hours(app, make_user):
    app.login(make_user("lisi", roles=("admin",)))
    for _quarter in range(12 * 5 - 1):
        app.portal.clock.advance(minutes=12)
        app.get("/me", status=200)
    app.portal.clock.advance(minutes=12)
    app.get("/me", status=303)


def test_what_happened_is_in_the_audit_log_without_what_was_typed(app, make_user):
    """People type passwords into the field for the name: names that nobody has are not written down for ever."""
    person = make_user("lisi")
    fail(app, "lisi", 1)
    attempt(app, "My-Secret-Pass-1", "x")
    attempt(app, "lisi", PASSWORD)
    form = app.get("/logout").forms["logout"]
    form.submit()
    with app.reading() as session:
        lines = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        locked = session.scalar(sa.select(User.locked_until))
    assert [(line.action, line.success) for line in lines] == [
        ("core.login_refused", False),
        ("core.login_refused", False),
        ("core.login", True),
        ("core.logout", True),
    ]
    assert [line.object_id for line in lines] == [str(person.id), "", str(person.id), str(person.id)]
    assert all(line.ip == "127.0.0.1" and line.request_id for line in lines)
    assert "my-secret" not in str([line.detail for line in lines]).lower()
    assert locked is None
