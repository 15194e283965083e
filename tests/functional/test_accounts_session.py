"""What a session is worth: limits, ending, rights, and the forced change of initial passwords."""

import re
import types

import pytest
import sqlalchemy as sa
from pyramid.response import Response

from portal_core.accounts.models import LoginAttempt, SessionRow
from portal_core.accounts.services import AccountService, RightsService
from portal_core.api import PluginInfo, hookimpl
from portal_core.testing.fixtures import PASSWORD, count_statements

NEW = "Neue-Katze-42"


def csrf(app):
    """The token of the present session."""
    return re.search(r'name="csrf_token" value="([^"]+)"', app.get("/me").text).group(1)


def change(app, current, new, repeat=None):
    """Submit the password form."""
    form = app.get("/account/password").forms["password"]
    form["current"], form["new"], form["repeat"] = current, new, new if repeat is None else repeat
    return form.submit(expect_errors=True)


def test_a_session_ends_after_half_an_hour_without_a_request(app, make_user):
    app.login(make_user())
    app.portal.clock.advance(minutes=29)
    app.get("/me", status=200)
    app.portal.clock.advance(minutes=29)
    app.get("/me", status=200)
    app.portal.clock.advance(minutes=30)
    app.get("/me", status=303)


def test_a_session_ends_after_twelve_hours_whatever_is_done(app, make_user):
    app.login(make_user())
    for _i in range(35):
        app.portal.clock.advance(minutes=20)
        app.get("/me", status=200)
    app.portal.clock.advance(minutes=20)
    app.get("/me", status=303)


def test_activity_is_noted_once_a_minute_at_most(app, make_user):
    app.login(make_user())
    app.get("/me")
    with count_statements(app.portal.database.engine) as quick:
        app.get("/me")
    app.portal.clock.advance(seconds=61)
    with count_statements(app.portal.database.engine) as later:
        app.get("/me")
    assert later.count == quick.count + 1
    assert sum("UPDATE core_session" in text for text in later.texts) == 1
    assert not any("UPDATE" in text for text in quick.texts)


def test_activity_is_noted_after_a_writing_request(app, make_user):
    """In the middle of one it would wait for the request's own lock on SQLite."""
    app.login(make_user())
    token = csrf(app)
    app.portal.clock.advance(minutes=5)
    app.post("/account/sessions/end-others", {"csrf_token": token}, status=303)
    with app.reading() as session:
        assert session.scalars(sa.select(SessionRow.seen)).one() == app.portal.clock.now()


def test_a_login_costs_one_statement_per_page(app, make_user):
    app.login(make_user(roles=["clerk"]))
    with count_statements(app.portal.database.engine) as seen:
        app.get("/account/password")
    who = [text for text in seen.texts if "core_session" in text or "core_grant" in text]
    assert len(who) == 1


def test_a_cookie_that_cannot_be_ours_costs_nothing(app):
    app.set_cookie("portal_session", "short")
    with count_statements(app.portal.database.engine) as seen:
        app.get("/login")
    assert seen.count == 0


def test_a_deactivated_person_is_out_at_once(app, make_user):
    person = make_user("li")
    app.login(person)
    with app.services() as services:
        accounts = services.get(AccountService)
        accounts.deactivate(accounts.get("li"))
    app.get("/me", status=303)


def test_sessions_are_listed_and_ended_one_by_one(app, make_user):
    person = make_user()
    app.login(person)
    other = app.another()
    other.login(person)
    page = app.get("/me")
    form = next(f for f in page.forms.values() if re.fullmatch(r"/account/sessions/\d+/end", f.action))
    page = form.submit().follow()
    assert "该登录已下线" in page
    assert "该登录已下线" not in app.get("/me")
    app.get("/me", status=200)
    other.get("/me", status=303)


def test_nobody_ends_the_session_of_somebody_else(app, make_user):
    app.login(make_user("li"))
    other = app.another()
    other.login(make_user("wang"))
    with app.reading() as session:
        ids = list(session.scalars(sa.select(SessionRow.id).order_by(SessionRow.id)))
    token = csrf(app)
    for session_id in (ids[1], 999999, "x", "-1", "9" * 30):
        app.post(f"/account/sessions/{session_id}/end", {"csrf_token": token}, status=404)
    other.get("/me", status=200)


def test_a_changed_password_ends_the_other_sessions_only(app, make_user):
    person = make_user()
    app.login(person)
    other = app.another()
    other.login(person)
    assert change(app, PASSWORD, NEW).status_int == 303
    assert "密码已修改" in app.get("/me")
    other.get("/me", status=303)
    form = other.get("/login").forms["login"]
    form["username"], form["password"] = person.login, NEW
    assert form.submit().status_int == 303


@pytest.mark.parametrize(
    ("current", "new", "repeat", "message"),
    [
        ("wrong-Password-1", NEW, NEW, "当前密码错误"),
        (PASSWORD, PASSWORD, PASSWORD, "不能与当前密码相同"),
        (PASSWORD, NEW, NEW + "x", "不一致"),
        (PASSWORD, "Ab-1", "Ab-1", "至少 8 个字符"),
        (PASSWORD, "onlysmall", "onlysmall", "三种"),
        (PASSWORD, "My-lijing-1", "My-lijing-1", "连续的三个字符"),
        (PASSWORD, "Aa-1" * 40, "Aa-1" * 40, "最多 128 个字符"),
        ("", "", "", "请填写新密码"),
    ],
)
def test_what_makes_a_password_unfit(app, make_user, current, new, repeat, message):
    app.login(make_user("lijing"))
    page = change(app, current, new, repeat)
    assert page.status_int == 422
    assert message in page
    assert "Ab-1" not in page and NEW not in page


def test_the_current_password_cannot_be_guessed_from_a_borrowed_browser(app, make_user):
    app.login(make_user())
    for _i in range(5):
        change(app, "wrong-Password-1", NEW)
    page = change(app, PASSWORD, NEW)
    assert page.status_int == 422 and "失败次数过多" in page


def test_an_unfit_new_password_is_no_failed_login(app, make_user):
    person = make_user()
    app.login(person)
    for _i in range(6):
        change(app, PASSWORD, "onlysmall")
    with app.reading() as session:
        assert session.scalar(sa.select(LoginAttempt.id).where(~LoginAttempt.success)) is None
    assert change(app, PASSWORD, NEW).status_int == 303


@pytest.fixture
def newcomer(app):
    """A person whose initial password was never changed; returns the app, logged in, and that password."""
    with app.services() as services:
        user, password = services.get(AccountService).create("novice", "新人")
        services.get(RightsService).assign(user, "admin")
    form = app.get("/login").forms["login"]
    form["username"], form["password"] = "novice", password
    form.submit()
    return app, password


@pytest.mark.parametrize("address", ["/", "/me", "/inbox", "/notifications", "/admin/"])
def test_nothing_is_shown_before_the_initial_password_is_changed(newcomer, address):
    app, _password = newcomer
    assert app.get(address, status=303).location == "http://localhost/account/password"


def test_nothing_can_be_sent_before_the_initial_password_is_changed(newcomer):
    app, _password = newcomer
    token = app.get("/account/password").forms["password"]["csrf_token"].value
    response = app.post("/account/sessions/end-others", {"csrf_token": token}, status=303)
    assert response.location == "http://localhost/account/password"
    fragment = app.post("/account/sessions/end-others", {"csrf_token": token}, headers={"HX-Request": "true"}, status=204)
    assert fragment.headers["HX-Redirect"] == "/account/password"


def test_the_initial_password_opens_the_door_once_it_is_changed(newcomer):
    app, password = newcomer
    assert change(app, password, NEW).location == "http://localhost/"
    app.get("/me", status=200)


def test_logging_out_works_with_an_initial_password(newcomer):
    app, _password = newcomer
    assert app.get("/logout").forms["logout"].submit().location == "http://localhost/login"


def test_appearance_is_remembered_and_leads_back(app):
    token = app.get("/login").forms["login"]["csrf_token"].value
    sent = {"csrf_token": token, "mode": "dark"}
    response = app.post("/account/appearance", sent, headers={"Referer": "http://localhost/login?next=%2Fme"})
    assert response.location == "http://localhost/login?next=%2Fme"
    assert app.cookies["mode"] == "dark" and "large" not in app.cookies
    assert 'data-mode="dark"' in app.get("/login")
    away = app.post("/account/appearance", {**sent, "next": "//evil.example"}, headers={"Referer": "http://evil.example/x"})
    assert away.location == "http://localhost/"
    app.post("/account/appearance", {**sent, "mode": "<script>"}, status=400)
    app.post("/account/appearance", {"mode": "dark"}, status=400)


def careless_plugin():
    """A plugin that forgets the permission of its page."""
    module = types.ModuleType("portal_core")  # lends its folder of translations

    @hookimpl
    def portal_plugin_info():
        return PluginInfo("careless", "Careless", "1")

    @hookimpl
    def portal_includeme(config):
        config.add_route("careless.page", "/careless")
        config.add_view(lambda _request: Response("secret"), route_name="careless.page")

    vars(module).update(portal_plugin_info=portal_plugin_info, portal_includeme=portal_includeme)
    return module


def test_a_view_without_a_permission_is_closed(make_app):
    app = make_app(extra_plugins=[("careless", careless_plugin())])
    assert "secret" not in app.get("/careless", status=303)


def test_permissions_hold_on_pages(app, make_user):
    app.login(make_user("li"))
    assert app.get("/admin/", status=403)
    admin = app.another()
    admin.login(make_user("wang", permissions=["core:admin:view"]))
    admin.get("/admin/", status=200)


def test_a_forged_message_is_shown_as_text(app, make_user):
    from portal_core.accounts.flash import encode

    app.login(make_user())
    app.set_cookie("portal_flash", encode([("ok", "<script>alert(1)</script>"), ("evil' onload='x", "y")]))
    page = app.get("/me")
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page and "onload" not in page
    for nonsense in ("%%%", "eyJ9", "W1s=", "A" * 3000):
        app.set_cookie("portal_flash", nonsense)
        app.get("/me", status=200)
