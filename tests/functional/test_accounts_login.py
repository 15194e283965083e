"""Logging in and out, through the pages."""

import gc
import re

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import Captcha, LoginAttempt, SessionRow, User
from portal_core.accounts.sessions import hash_token

REFUSED = "用户名或密码错误"


def attempt(app, login, password, **more):
    """Submit the login form as it is shown now."""
    form = app.get("/login").forms["login"]
    form["username"], form["password"] = login, password
    for name, value in more.items():
        form[name] = value
    return form.submit(expect_errors=True)


def fail(app, login, times):
    """Fail ``times`` times, answering the riddle in words where one is asked; returns the last answer."""
    page = app.get("/login?captcha=text")
    for _i in range(times):
        page = answer(page.forms["login"], login, "wrong-Password-1")
    return page


def answer(form, login, password):
    """Submit a login form that shows a riddle in words, with the right answer."""
    form["username"], form["password"] = login, password
    if "captcha" in form.fields:
        form["captcha"] = solve(form.text)
    return form.submit(expect_errors=True)


def solve(text):
    """The sum of a riddle in words."""
    first, second = re.search(r"([一二三四五六七八九十]+)加([一二三四五六七八九十]+)", text).groups()
    return str(value(first) + value(second))


def value(words):
    """A number from Chinese words below one hundred."""
    digits = "零一二三四五六七八九"
    tens, has_tens, ones = words.rpartition("十")
    return (digits.index(tens) if tens else 1) * 10 * bool(has_tens) + (digits.index(ones) if ones else 0)


def test_login_opens_a_session_of_which_only_the_hash_is_stored(app, make_user):
    person = make_user("li", name="李静")
    assert "李静" in app.login(person)
    token = app.cookies["portal_session"]
    with app.reading() as session:
        row = session.scalars(sa.select(SessionRow)).one()
        assert row.token_hash == hash_token(token)
        assert token not in (row.token_hash, row.csrf_token)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app, make_user):
    person = make_user()
    response = attempt(app, person.login, person.password)
    cookie = next(h for h in response.headers.getall("Set-Cookie") if h.startswith("portal_session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "secure" not in cookie.lower()


def test_login_names_are_compared_without_case_and_blanks(app, make_user):
    person = make_user("li")
    assert attempt(app, " LI ", person.password).status_int == 303


def test_a_page_leads_to_the_login_and_back(app, make_user):
    person = make_user()
    response = app.get("/me?x=1", status=303)
    assert response.location == "http://localhost/login?next=%2Fme%3Fx%3D1"
    form = response.follow().forms["login"]
    form["username"], form["password"] = person.login, person.password
    assert form.submit().location == "http://localhost/me?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "/login",
        "/logout?x",
    ],
)
def test_the_login_leads_nowhere_else(app, make_user, target):
    person = make_user()
    form = app.get("/login", {"next": target}).forms["login"]
    assert form["next"].value == "/"
    form["next"].force_value(target)
    form["username"], form["password"] = person.login, person.password
    assert form.submit().location == "http://localhost/"


def test_htmx_is_told_to_go_to_the_login(app):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/inbox?tab=done"}
    response = app.get("/me", headers=headers, status=204)
    assert response.headers["HX-Redirect"] == "/login?next=%2Finbox%3Ftab%3Ddone"
    foreign = {**headers, "HX-Current-URL": "http://evil.example/inbox"}
    assert app.get("/me", headers=foreign).headers["HX-Redirect"] == "/login"


def test_a_form_sent_without_a_login_is_answered_with_a_clear_page(app):
    response = app.post("/account/sessions/end-others", status=401)
    assert "请重新登录" in response


def test_no_difference_between_the_ways_to_be_refused(app, make_user):
    """Unknown name, wrong password, closed and locked account read the same and are counted the same."""
    person = make_user("li")
    make_user("gone", active=False)
    make_user("locked")
    fail(app, "locked", 5)
    answers = {
        "unknown": attempt(app, "nobody", person.password),
        "wrong": attempt(app, "li", "wrong-Password-1"),
        "closed": attempt(app, "gone", person.password),
    }
    locked = app.get("/login?captcha=text")
    answers["locked"] = answer(locked.forms["login"], "locked", person.password)
    assert {response.status_int for response in answers.values()} == {422}
    messages = {re.search(r"error-summary.*?</div>", response.text, re.DOTALL).group() for response in answers.values()}
    assert len(messages) == 1 and REFUSED in messages.pop()


def test_captcha_after_three_failures_and_lock_after_five(app, make_user):
    person = make_user("li")
    for _i in range(2):
        assert "captcha_key" not in attempt(app, "li", "wrong-Password-1").forms["login"].fields
    assert "captcha_key" in attempt(app, "li", "wrong-Password-1").forms["login"].fields
    # Without an answer the password is not even looked at.
    response = attempt(app, "li", person.password)
    assert response.status_int == 422 and REFUSED not in response
    fail(app, "li", 2)
    with app.reading() as session:
        assert session.scalar(sa.select(User.locked_until)) is not None
    locked = app.get("/login?captcha=text")
    assert REFUSED in answer(locked.forms["login"], "li", person.password)
    app.portal.clock.advance(minutes=31)
    assert attempt(app, "li", person.password).status_int == 303


def test_the_lock_does_not_grow_while_it_is_tried(app, make_user):
    person = make_user("li")
    fail(app, "li", 5)
    app.portal.clock.advance(minutes=20)
    fail(app, "li", 3)
    app.portal.clock.advance(minutes=11)
    assert attempt(app, "li", person.password).status_int == 303


def test_slow_failures_do_not_lock(app, make_user):
    person = make_user("li")
    for _i in range(8):
        attempt(app, "li", "wrong-Password-1")
        app.portal.clock.advance(minutes=4)
    assert attempt(app, "li", person.password).status_int == 303


def test_success_forgets_failures(app, make_user):
    person = make_user("li")
    for _round in range(3):
        fail(app, "li", 2)
        assert attempt(app, "li", person.password).status_int == 303
        app.post("/logout", {"csrf_token": app.get("/me").forms[0]["csrf_token"].value})


def test_a_network_is_refused_after_very_many_failures(app, make_user):
    person = make_user()
    with app.services() as services:
        services.session.add_all(
            LoginAttempt(login=f"guess{n}", ip="127.0.0.1", at=app.portal.clock.now(), success=False) for n in range(200)
        )
    assert attempt(app, person.login, person.password).status_int == 429
    app.extra_environ["REMOTE_ADDR"] = "10.0.0.7"
    assert attempt(app, person.login, person.password).status_int == 303


def test_a_forwarded_address_is_not_believed(app, make_user):
    make_user("li")
    for number in range(3):
        app.get("/login")
        form = app.get("/login").forms["login"]
        form["username"], form["password"] = "li", "wrong-Password-1"
        form.submit(headers={"X-Forwarded-For": f"10.9.9.{number}"}, expect_errors=True)
    with app.reading() as session:
        assert set(session.scalars(sa.select(LoginAttempt.ip))) == {"127.0.0.1"}


def test_a_riddle_is_good_for_one_try(app, make_user):
    person = make_user("li")
    fail(app, "li", 3)
    form = app.get("/login?captcha=text").forms["login"]
    solution = solve(form.text)
    form["username"], form["password"], form["captcha"] = "li", "wrong-Password-1", solution
    assert REFUSED in form.submit(expect_errors=True)
    form["password"] = person.password
    again = form.submit(expect_errors=True)
    assert again.status_int == 422 and "验证码" in again


def test_a_riddle_expires(app, make_user):
    person = make_user("li")
    fail(app, "li", 3)
    page = app.get("/login?captcha=text")
    app.portal.clock.advance(minutes=5)
    assert answer(page.forms["login"], "li", person.password).status_int == 422


def test_the_picture_is_a_png_that_nobody_keeps(app):
    page = app.get("/login?captcha=picture")
    source = re.search(r'src="(/login/captcha\?key=[^"]+)"', page.text).group(1)
    picture = app.get(source)
    assert picture.content_type == "image/png" and picture.body.startswith(b"\x89PNG")
    assert "no-store" in picture.headers["Cache-Control"]
    with app.reading() as session:
        assert re.fullmatch("[0-9a-f]{64}", session.scalars(sa.select(Captcha.answer_hash)).one())
    app.get("/login/captcha?key=../../etc", status=404)
    app.get("/login/captcha", status=404)


def test_another_riddle_keeps_the_name_and_checks_nothing(app):
    form = app.get("/login?captcha=picture").forms["login"]
    form["username"], form["password"] = "li", "Secret-1"
    page = form.submit("riddle", value="text")
    assert page.status_int == 200
    assert page.forms["login"]["username"].value == "li" and page.forms["login"]["password"].value == ""
    assert solve(page.text)
    with app.reading() as session:
        assert session.scalar(sa.select(LoginAttempt.id)) is None


def test_empty_fields_are_named(app):
    page = attempt(app, "", "")
    assert page.status_int == 422
    assert "请填写用户名" in page and "请填写密码" in page


def test_a_session_that_was_planted_is_not_adopted(app, make_user):
    """Session fixation: the token after the login is never one that was known before."""
    person = make_user()
    planted = "A" * 43
    app.set_cookie("portal_session", planted)
    app.login(person)
    assert app.cookies["portal_session"] != planted


def test_a_new_login_has_a_new_csrf_token(app, make_user):
    person = make_user()
    before = app.get("/login").forms["login"]["csrf_token"].value
    app.login(person)
    page = app.get("/me")
    assert before not in page.text
    app.post("/account/sessions/end-others", {"csrf_token": before}, status=400)


def test_login_needs_the_csrf_token_of_its_own_page(app, make_user):
    person = make_user()
    fields = {"username": person.login, "password": person.password}
    app.get("/login")
    app.post("/login", fields, status=400)
    other = app.another().get("/login").forms["login"]["csrf_token"].value
    app.post("/login", {**fields, "csrf_token": other}, status=400)
    app.post("/login", {**fields, "csrf_token": "é" * 43}, status=400)


def test_a_second_tab_is_sent_on(app, make_user):
    person = make_user()
    form = app.get("/login").forms["login"]
    app.login(person)
    form["username"], form["password"] = "whoever", "whatever"
    assert form.submit().status_int == 303
    assert app.get("/login?next=/me").location == "http://localhost/me"


def test_logout_ends_the_session_on_the_server(app, make_user):
    person = make_user()
    app.login(person)
    token = app.cookies["portal_session"]
    app.get("/logout").forms["logout"].submit().follow()
    assert "portal_session" not in app.cookies
    app.set_cookie("portal_session", token)
    app.get("/me", status=303)


def test_a_link_cannot_log_out(app, make_user):
    app.login(make_user())
    app.get("/logout")
    app.post("/logout", status=400)
    assert app.get("/me").status_int == 200


def test_logout_without_a_session_leads_to_the_login(app):
    assert app.post("/logout").location == "http://localhost/login"
    assert app.get("/logout").location == "http://localhost/login"


def test_nonsense_in_the_login_form_is_no_error_of_the_server(app):
    token = app.get("/login").forms["login"]["csrf_token"].value
    app.post("/login", {"csrf_token": token}, status=422)
    app.post("/login", {"csrf_token": token, "username": "x" * 65, "password": "y" * 200}, status=422)
    app.post("/login", {"csrf_token": token, "riddle": "neither", "captcha_mode": "neither"}, status=422)
    app.get("/login", {"next": "/会议", "captcha": "neither"}, status=200)


# WebOb keeps a large body in a temporary file and leaves closing it to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_megabyte_of_text_is_too_large(app):
    token = app.get("/login").forms["login"]["csrf_token"].value
    app.post("/login", {"csrf_token": token, "username": "x" * 1_000_001, "password": "y"}, status=413)
    gc.collect()


def test_names_that_no_database_likes(app):
    for login in ("' or 1=1 --", "%", "李静", "\u202eadmin", "x" * 64):
        assert REFUSED in attempt(app, login, "wrong-Password-1")
