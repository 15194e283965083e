"""Item 13 and the browser's side: tokens, headers, redirects, the host's name, and pages that tell nothing.

Uploads are attacked in tests/functional/test_hostile_uploads.py, every form in test_hostile_forms.py, every address and parameter
in the test_scan_*.py beside it.
"""

import re

import pytest

from portal_core.testing.fixtures import PASSWORD

EVIL = "evil.example"


@pytest.mark.parametrize("path", ["/login", "/", "/me", "/nowhere", "/-/health", "/static/core/THIRD-PARTY-LICENSES.txt"])
def test_headers_on_every_answer(app, make_user, path):
    app.login(make_user())
    headers = app.get(path, status="*").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "object-src 'none'" in policy and "base-uri 'none'" in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert "frame-ancestors 'self'" in policy and headers["X-Frame-Options"] == "SAMEORIGIN", "clickjacking"
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers and "X-Powered-By" not in headers


def test_the_nonce_is_new_each_time(app):
    seen = {re.search(r"nonce-([\w-]+)", app.get("/login").headers["Content-Security-Policy"]).group(1) for _time in range(5)}
    assert len(seen) == 5


@pytest.mark.parametrize("path", ["/", "/me", "/inbox", "/account/password", "/login", "/nowhere", "/admin/audit/export"])
def test_private_pages_are_kept_by_no_cache(app, make_user, path):
    app.login(make_user(roles=("admin",)))
    assert "no-store" in app.get(path, status="*").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/login", "/", "/me", "/nowhere"])
def test_the_name_of_the_host_is_not_believed(app, path):
    """A forged Host header must get into no page: not into a link, a form or a script."""
    page = app.get(path, headers={"Host": EVIL, "X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"}, status="*")
    assert EVIL not in page.text
    assert "X-Forwarded-Host" not in page.headers.get("Vary", "")


TARGETS = (f"https://{EVIL}/", f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"/%0d%0aLocation:%20https://{EVIL}", f"\r\n//{EVIL}")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", ["/login", "/login/code", "/account/appearance"])
def test_nobody_is_sent_to_another_site(app, make_user, path, target):
    person = make_user()
    token = app.get("/login").forms["login"]["csrf_token"].value
    fields = {"csrf_token": token, "next": target, "username": person.login, "password": PASSWORD, "mode": "dark"}
    answered = app.post(path, fields, headers={"Referer": target.strip()}, status="*")
    location = answered.headers.get("Location", "http://localhost/")
    assert location.startswith("http://localhost/") and not re.match(r"http://localhost//", location)
    assert not [name for name in answered.headers if name.lower().startswith("set-cookie-evil")]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nSet-Cookie: evil=1", "a%0d%0aX-Evil:%201"])
def test_nothing_typed_becomes_a_header(app, make_user, value):
    app.login(make_user())
    token = app.get("/me").forms[0]["csrf_token"].value
    for path, fields in (
        ("/account/appearance", {"next": "/" + value, "mode": "dark"}),
        ("/account/appearance", {"mode": value}),
        ("/login", {"next": "/" + value}),
    ):
        answered = app.post(path, {"csrf_token": token, **fields}, status="*")
        assert "X-Evil" not in answered.headers
        assert not any("evil=" in cookie for cookie in answered.headers.getall("Set-Cookie"))


@pytest.mark.parametrize("token", [None, "", "x", "A" * 43, "é"])
def test_no_form_works_without_its_token(app, make_user, token):
    app.login(make_user())
    for path in ("/account/password", "/account/sessions/end-others", "/notifications/read-all", "/logout"):
        fields = {} if token is None else {"csrf_token": token}
        assert app.post(path, fields, status="*").status_int == 400, path
    app.get("/me", status=200)


def test_the_token_of_another_session_does_not_work(app, make_user):
    person = make_user()
    other = app.another()
    other.login(person)
    foreign = other.get("/me").forms[0]["csrf_token"].value
    app.login(person)
    app.post("/account/sessions/end-others", {"csrf_token": foreign}, status=400)


def test_errors_tell_nothing_of_the_inside(app, make_user, monkeypatch):
    def fail(request):
        raise RuntimeError("password=hunter2 at /srv/portal/secret.py")

    monkeypatch.setattr("portal_core.home.greeting", fail, raising=False)
    monkeypatch.setattr("portal_core.accounts.sessions.SessionService.open_sessions", lambda *_args: fail(None))
    app.login(make_user())
    page = app.get("/me", status=500)
    for word in ("hunter2", "Traceback", "RuntimeError", ".py", "sqlalchemy", "SELECT"):
        assert word not in page.text


@pytest.mark.parametrize(
    "path", ["/.git/config", "/development.ini", "/static/../setup.cfg", "/static/core/..%2f..%2fsetup.cfg", "/_debug_toolbar/"]
)
def test_nothing_of_the_installation_is_served(app, path):
    assert app.get(path, status="*").status_int in (303, 404)
