"""Item 1: passwords are complex, expire, and do not come back; one person, one login name."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.passwords import problem
from portal_core.accounts.services import AccountService
from portal_core.errors import Invalid
from portal_core.security.models import OldPassword
from portal_core.testing.fixtures import PASSWORD
from tests.functional.test_accounts_login import attempt


def change(app, current, new, repeat=None):
    form = app.get("/account/password").forms["password"]
    form["current"], form["new"], form["repeat"] = current, new, new if repeat is None else repeat
    return form.submit(expect_errors=True)


@pytest.mark.parametrize("weak", ["Kurz-1a", "nurkleinbuchstaben", "12345678", "abcdefgh1", "x-lisi-9A", "x-LIS-9Aaa", "A" * 129])
def test_weak_passwords_are_refused_by_the_rule(weak):
    assert problem(weak, "lisi") is not None


def test_they_are_refused_by_the_server_and_nothing_changes(app, make_user):
    person = make_user("lisi")
    app.login(person)
    for weak in ("abcdefgh1", "x-Lisi-99"):
        assert change(app, PASSWORD, weak).status_int == 422
    with app.reading() as session:
        assert session.scalar(sa.select(OldPassword.id)) is None
    assert attempt(app.another(), "lisi", PASSWORD).status_int == 303


def test_the_last_five_passwords_may_not_be_used_again(app, make_user):
    """The present one and the four before it; the sixth from the end may."""
    person = make_user("lisi")
    app.login(person)
    used = [PASSWORD, *(f"Neue-Katze-{number}" for number in range(1, 6))]
    for old, new in zip(used, used[1:], strict=False):
        assert change(app, old, new).status_int == 303
    for old in used[1:]:
        page = change(app, used[-1], old)
        assert page.status_int == 422, old
    assert "最近用过" in change(app, used[-1], used[2])
    assert change(app, used[-1], PASSWORD).status_int == 303
    with app.reading() as session:
        kept = session.scalars(sa.select(OldPassword.password_hash)).all()
        assert len(kept) == 4 and all(text.startswith("$argon2id$") for text in kept)


def test_a_password_given_by_an_administrator_counts_too(services, make_user):
    person = make_user("lisi")
    accounts = services.get(AccountService)
    first = accounts.reset_password(accounts.get("lisi"))
    accounts.reset_password(accounts.get("lisi"))
    services.session.flush()
    assert services.session.scalar(sa.select(sa.func.count()).where(OldPassword.user_id == person.id)) == 2
    assert first != PASSWORD


def test_an_old_password_is_changed_before_anything_else(app, make_user):
    """Forced by the server: whatever is asked for, read or written, leads to the one page."""
    person = make_user("lisi")
    app.portal.clock.advance(days=90)
    page = attempt(app, "lisi", person.password).follow()
    assert page.status_int == 303 and page.location.endswith("/account/password")
    token = re.search(r'name="csrf_token" value="([^"]+)"', app.get("/account/password").text).group(1)
    for path in ("/", "/me", "/inbox", "/meetings/", "/cases/WP20261124-001"):
        assert app.get(path, status=303).location.endswith("/account/password"), path
    for path in ("/account/sessions/end-others", "/notifications/read-all", "/meetings/book"):
        assert app.post(path, {"csrf_token": token}, status=303).location.endswith("/account/password"), path
    assert "密码已过期" in app.get("/account/password")
    assert change(app, person.password, "Neue-Katze-42").status_int == 303
    app.get("/me", status=200)


def test_a_session_that_was_open_is_caught_too(app, make_user):
    app.login(make_user("lisi"))
    with app.services() as services:
        user = services.get(AccountService).get("lisi")
        user.password_changed -= dt.timedelta(days=91)
    app.get("/me", status=303)


@pytest.mark.parametrize(("days", "left"), [(74, None), (75, 15), (89, 1)])
def test_people_are_told_before(app, make_user, days, left):
    person = make_user("lisi")
    app.portal.clock.advance(days=days)
    page = attempt(app, "lisi", person.password).follow()
    assert ("天内修改密码" in page) == (left is not None)
    if left:
        assert f"{left} 天内" in page


def test_expiry_is_a_setting(app, make_user):
    person = make_user("lisi")
    app.portal.settings["portal.password_max_days"] = 0
    app.portal.clock.advance(days=2000)
    assert attempt(app, "lisi", person.password).follow().status_int == 200


def test_one_login_name_is_one_person(services, make_user):
    make_user("lisi")
    accounts = services.get(AccountService)
    for same in ("lisi", " LISI "):
        with pytest.raises(Invalid):
            accounts.create(same, "李四")
    services.session.add(
        User(login="lisi", name="李四", password_hash="x", password_changed=services.clock.now(), created=services.clock.now())
    )
    with pytest.raises(sa.exc.IntegrityError):
        services.session.flush()
    services.session.rollback()
