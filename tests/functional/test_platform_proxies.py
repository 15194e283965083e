"""Behind a proxy the portal knows that its visitors use https; without one it believes nobody."""

from types import SimpleNamespace

import pytest

from portal_core.web.proxies import behind_proxies


def scheme_seen(trusted, header):
    seen = []

    def app(environ, start_response):
        seen.append(environ["wsgi.url_scheme"])
        return []

    app.registry = SimpleNamespace(portal=SimpleNamespace(settings={"portal.trusted_proxies": trusted}))
    environ = {"wsgi.url_scheme": "http"} | ({"HTTP_X_FORWARDED_PROTO": header} if header is not None else {})
    behind_proxies(app)(environ, None)
    return seen[0]


@pytest.mark.parametrize(
    ("trusted", "header", "scheme"),
    [
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (2, "https, http", "https"),
        (1, "javascript", "http"),
        (1, "", "http"),
        (1, None, "http"),
        (0, "https", "http"),
    ],
)
def test_scheme(trusted, header, scheme):
    assert scheme_seen(trusted, header) == scheme


def test_forms_from_other_sites_are_refused_on_https(app, make_user):
    app.login(make_user("li"))
    token = app.get("/account/password").forms[0]["csrf_token"].value
    headers = {"Origin": "https://evil.example.org"}
    page = app.post("https://localhost/account/password", {"csrf_token": token}, headers=headers, status=400)
    assert "页面已失效" in page.text
