"""Item 2: initial passwords are random, for one use, and changed first of all; no account comes with the portal."""

import re

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.services import AccountService
from tests.functional.test_accounts_login import attempt
from tests.security.test_01_passwords import change


def with_initial_password(app, login="zhang"):
    with app.services() as services:
        _user, password = services.get(AccountService).create(login, "张三")
    return password


def test_a_new_portal_has_no_account(app):
    with app.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_initial_passwords_are_random(app):
    given = {with_initial_password(app, f"person{number}") for number in range(20)}
    assert len(given) == 20
    assert all(re.fullmatch(r"[A-Za-z2-9]{4}(-[A-Za-z2-9]{4}){2}", password) for password in given)


def test_nothing_works_before_the_change_neither_reading_nor_writing(app):
    """The change is forced by the server: a program that ignores the page and posts gets no further."""
    password = with_initial_password(app)
    assert attempt(app, "zhang", password).status_int == 303
    token = re.search(r'name="csrf_token" value="([^"]+)"', app.get("/account/password").text).group(1)
    for path in ("/", "/me", "/inbox", "/admin/", "/meetings/"):
        assert app.get(path, status="*").status_int in (303, 404), path
    for path in ("/account/sessions/end-others", "/notifications/read-all", "/meetings/book"):
        answer = app.post(path, {"csrf_token": token}, status=303)
        assert answer.location.endswith("/account/password"), path
    htmx = app.get("/me", headers={"HX-Request": "true"}, status=204)
    assert htmx.headers["HX-Redirect"].endswith("/account/password")


def test_it_cannot_be_kept(app):
    password = with_initial_password(app)
    attempt(app, "zhang", password)
    assert change(app, password, password).status_int == 422
    assert change(app, password, "Neue-Katze-42").status_int == 303
    app.get("/me", status=200)
    assert attempt(app.another(), "zhang", password).status_int == 422, "it was for one use"
