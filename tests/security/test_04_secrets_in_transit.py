"""Item 4: secrets are safe on their way and at rest: HSTS, nothing in addresses and logs, slow hashes."""

import logging

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.audit.models import AuditEntry
from portal_core.testing.fixtures import PASSWORD
from tests.functional.test_accounts_login import attempt, fail
from tests.security.test_01_passwords import change

NEW = "Neue-Katze-42"


def test_strict_transport_when_cookies_are_secure(make_app):
    app = make_app(portal__secure_cookies="true")
    for path in ("/login", "/nowhere", "/static/core/THIRD-PARTY-LICENSES.txt"):
        header = app.get(path, status="*").headers["Strict-Transport-Security"]
        assert int(header.partition("=")[2]) >= 31_536_000
    cookies = [text.lower() for text in app.get("/login").headers.getall("Set-Cookie")]
    assert cookies and all("; secure" in text and "httponly" in text and "samesite=lax" in text for text in cookies)


def test_without_https_the_browser_is_not_told_to_use_it(app):
    assert "Strict-Transport-Security" not in app.get("/login").headers


def test_passwords_are_in_no_address_no_log_and_no_table(app, make_user, caplog):
    make_user("lisi")
    caplog.set_level(logging.DEBUG)
    fail(app, "lisi", 1)
    answers = [attempt(app, "lisi", PASSWORD), change(app, PASSWORD, NEW), change(app, "wrong-" + NEW, "Andere-Katze-7")]
    secrets = (PASSWORD, NEW, "Andere-Katze-7", "wrong-Password-1", app.cookies["portal_session"])
    for answered in answers:
        assert not any(secret in answered.text or secret in answered.headers.get("Location", "") for secret in secrets)
    written = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert written and not any(secret in written for secret in secrets)
    with app.reading() as session:
        rows = [*session.execute(sa.select(User.__table__)).all(), *session.execute(sa.select(AuditEntry.__table__)).all()]
    assert not any(secret in str(rows) for secret in secrets)


def test_a_password_in_the_address_is_not_read(app, make_user):
    make_user("lisi")
    token = app.get("/login").forms["login"]["csrf_token"].value
    answered = app.post(f"/login?username=lisi&password={PASSWORD}", {"csrf_token": token}, status="*")
    assert answered.status_int == 422


@pytest.mark.parametrize("profile", ["standard"])
def test_hashes_are_slow_and_salted(profile):
    from portal_core.accounts.passwords import hasher

    one, two = hasher(profile).hash(PASSWORD), hasher(profile).hash(PASSWORD)
    assert one != two and one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
