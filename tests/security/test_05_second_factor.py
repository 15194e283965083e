"""Item 5 (level 3, switch portal.second_factor): a second, cryptographic factor at the login, attacked."""

import base64
import re
import threading

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from portal_core.accounts.models import LoginAttempt, SessionRow
from portal_core.accounts.services import AccountService
from portal_core.audit.models import AuditEntry
from portal_core.errors import StartError
from portal_core.security.crypto import as_keys, new_key
from portal_core.security.factors import SecondFactorService
from portal_core.security.jobs import secrets_are_readable
from portal_core.security.models import LoginStep, RecoveryCode, SecondFactor
from portal_core.security.steps import LoginSteps
from portal_core.services import Services
from portal_core.testing.fixtures import PASSWORD
from tests.functional.test_accounts_login import answer, attempt

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.fixture
def guarded(app):
    """The application with the second factor for administrators."""
    app.portal.settings["portal.encryption_keys"] = as_keys(new_key("k1"))
    app.portal.settings["portal.second_factor"] = "admins"
    return app


class Phone:
    """An authenticator app: it knows the secret and what time it is."""

    def __init__(self, secret, clock):
        self.secret, self.clock = secret.replace(" ", ""), clock

    def code(self, drift=0):
        moment = int(self.clock.now().timestamp()) + drift
        return TOTP(base64.b32decode(self.secret), 6, SHA1(), 30).generate(moment).decode()


def enrol(app):
    """Set the second factor up in the browser ``app``; returns the phone and the recovery codes."""
    page = app.get("/account/second-factor")
    page = page.forms["offer"].submit().follow()
    phone = Phone(re.search(r"qr-text\">([A-Z2-7 ]+)<", page.text).group(1), app.portal.clock)
    assert "<svg" in page and phone.secret not in page.text.replace(" ", "").split("qr-text")[0]
    form = page.forms["confirm"]
    form["code"] = phone.code()
    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", form.submit().text)
    assert len(codes) == 10
    app.portal.clock.advance(seconds=60)
    return phone, codes


@pytest.fixture
def boss(guarded, make_user):
    """An administrator with a phone, logged out: person, phone, recovery codes."""
    person = make_user("boss", roles=("admin",))
    browser = guarded.another()
    browser.login(person)
    return person, *enrol(browser)


def enter(app, code):
    """Password, then ``code``."""
    page = attempt(app, "boss", PASSWORD)
    assert page.status_int == 303 and "/login/code" in page.location
    return give(page.follow(), code)


def give(page, code):
    form = page.forms["enter"]
    form["code"] = code
    return form.submit(expect_errors=True)


def test_codes_are_those_of_rfc_6238():
    """Appendix B of the RFC, the last six of its eight digits."""
    for moment, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert TOTP(base64.b32decode(RFC_SECRET), 6, SHA1(), 30).generate(moment).decode() == code


def test_off_by_default_nothing_is_asked(app, make_user):
    make_user("boss", roles=("admin",))
    assert attempt(app, "boss", PASSWORD).follow().status_int == 200
    app.get("/account/second-factor", status=404)


def test_an_administrator_must_set_it_up_before_anything_else(guarded, make_user):
    guarded.login(make_user("boss", roles=("admin",)))
    token = re.search(r'name="csrf_token" value="([^"]+)"', guarded.get("/account/second-factor").text).group(1)
    for path in ("/", "/admin/", "/me", "/inbox"):
        assert guarded.get(path, status=303).location.endswith("/account/second-factor")
    for path in ("/account/sessions/end-others", "/notifications/read-all"):
        assert guarded.post(path, {"csrf_token": token}, status=303).location.endswith("/account/second-factor")
    enrol(guarded)
    guarded.get("/admin/", status=200)


@pytest.mark.parametrize(("switch", "forced"), [("admins", False), ("all", True)])
def test_others_need_it_as_the_switch_says(guarded, make_user, switch, forced):
    guarded.portal.settings["portal.second_factor"] = switch
    guarded.login(make_user("clerk"))
    assert (guarded.get("/me", status="*").status_int == 303) == forced


def test_the_password_alone_opens_nothing(guarded, boss):
    page = attempt(guarded, "boss", PASSWORD)
    assert "portal_session" not in guarded.cookies
    guarded.get("/admin/", status=303)
    guarded.get("/me", status=303)
    guarded.set_cookie("portal_session", guarded.cookies["portal_step"])
    guarded.get("/me", status=303)
    with guarded.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SessionRow)) == 1, "only that of the enrolment"
    assert page.follow().status_int == 200


def test_the_right_code_opens_a_session_and_leads_on(guarded, boss):
    _person, phone, _codes = boss
    guarded.get("/login?next=/admin/")
    form = guarded.get("/login?next=/admin/").forms["login"]
    form["username"], form["password"] = "boss", PASSWORD
    page = give(form.submit().follow(), phone.code())
    assert page.location.endswith("/admin/") and "portal_step" not in guarded.cookies
    guarded.get("/admin/", status=200)


@pytest.mark.parametrize("drift", [-30, 0, 30])
def test_clocks_may_be_half_a_minute_off(guarded, boss, drift):
    assert enter(guarded, boss[1].code(drift)).status_int == 303


@pytest.mark.parametrize("drift", [-90, 90])
def test_but_not_more(guarded, boss, drift):
    assert enter(guarded, boss[1].code(drift)).status_int == 422


def test_a_code_that_was_seen_is_worth_nothing(guarded, boss):
    """Somebody looked over the shoulder: the same code, and the one before it, are refused from then on."""
    code, before = boss[1].code(), boss[1].code(-30)
    assert enter(guarded, code).status_int == 303
    for old in (code, before):
        assert enter(guarded.another(), old).status_int == 422


def test_of_two_requests_with_one_code_one_wins(guarded, boss):
    person, phone, _codes = boss
    results, code = [], phone.code()

    def race():
        results.append(LoginSteps(guarded.portal).accepts(person.id, code))

    threads = [threading.Thread(target=race) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 5 + [True]


def test_guessing_is_stopped_although_the_password_is_known(guarded, boss):
    """The right password in between must not make the wrong codes forgotten."""
    for number in range(5):
        page = attempt(guarded, "boss", PASSWORD) if number < 3 else None
        if page is None:
            page = answer(guarded.get("/login?captcha=text").forms["login"], "boss", PASSWORD)
        give(page.follow(), f"{number:06}")
    locked = answer(guarded.get("/login?captcha=text").forms["login"], "boss", PASSWORD)
    assert locked.status_int == 422 and "portal_session" not in guarded.cookies
    with guarded.reading() as session:
        wrong = sa.select(sa.func.count()).where(LoginAttempt.reason == "code")
        assert session.scalar(wrong) == 5
        assert session.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "core.login_refused")) >= 5


def test_a_lock_ends_the_step_that_is_open(guarded, boss):
    page = attempt(guarded, "boss", PASSWORD).follow()
    for number in range(5):
        give(page, f"{number:06}")
    over = give(page, boss[1].code())
    assert over.location.endswith("/login")
    assert "portal_session" not in guarded.cookies


def test_a_step_ends_after_five_minutes_and_is_for_one_login(guarded, boss):
    page = attempt(guarded, "boss", PASSWORD).follow()
    guarded.portal.clock.advance(minutes=5)
    assert give(page, boss[1].code()).location.endswith("/login")
    page = attempt(guarded, "boss", PASSWORD).follow()
    step = guarded.cookies["portal_step"]
    assert give(page, boss[1].code()).status_int == 303
    thief = guarded.another()
    thief.set_cookie("portal_step", step)
    guarded.portal.clock.advance(seconds=60)
    thief.get("/login/code", status=303)
    with guarded.reading() as session:
        assert session.scalar(sa.select(LoginStep.token_hash)) is None or step not in str(session.scalars(sa.select(LoginStep)))


def test_a_recovery_code_works_once(guarded, boss):
    code = boss[2][3]
    assert enter(guarded, code.lower().replace("-", " ")).status_int == 303
    assert enter(guarded.another(), code).status_int == 422
    with guarded.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).where(RecoveryCode.used.is_not(None))) == 1


def test_new_recovery_codes_void_the_old_ones(guarded, boss):
    assert enter(guarded, boss[1].code()).status_int == 303
    page = guarded.get("/account/second-factor").forms["renew"].submit()
    new = re.findall(r"<code>([A-Z2-7-]{19})</code>", page.text)
    assert len(new) == 10 and not set(new) & set(boss[2])
    assert enter(guarded.another(), boss[2][0]).status_int == 422
    assert enter(guarded.another(), new[0]).status_int == 303


def test_nothing_readable_is_stored(guarded, boss):
    _person, phone, codes = boss
    with guarded.reading() as session:
        (stored,) = session.scalars(sa.select(SecondFactor.secret))
        hashes = session.scalars(sa.select(RecoveryCode.code_hash)).all()
    assert stored.startswith("aesgcm:k1:") and phone.secret not in stored
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_the_secret_is_shown_no_more_once_it_counts(guarded, boss):
    assert enter(guarded, boss[1].code()).status_int == 303
    page = guarded.get("/account/second-factor")
    assert boss[1].secret not in page.text.replace(" ", "") and "<svg viewBox" not in page
    token = page.forms["renew"]["csrf_token"].value
    guarded.post("/account/second-factor/offer", {"csrf_token": token}, status=303)
    guarded.post("/account/second-factor/confirm", {"csrf_token": token, "code": "000000"}, status=303)
    assert enter(guarded.another(), boss[1].code(30)).status_int == 303, "the old secret still counts"


def test_a_lost_phone_is_removed_by_an_administrator(guarded, boss):
    with guarded.services() as services:
        services.get(SecondFactorService).remove(services.get(AccountService).get("boss"))
    assert attempt(guarded, "boss", PASSWORD).follow().location.endswith("/account/second-factor")


def test_keys_can_be_changed(guarded, boss):
    old = guarded.portal.settings["portal.encryption_keys"]
    guarded.portal.settings["portal.encryption_keys"] = (*as_keys(new_key("k2")), *old)
    with guarded.services() as services:
        assert services.get(SecondFactorService).rotate() == 1
        assert services.get(SecondFactorService).rotate() == 0
    guarded.portal.settings["portal.encryption_keys"] = guarded.portal.settings["portal.encryption_keys"][:1]
    assert enter(guarded, boss[1].code()).status_int == 303


def test_a_secret_moved_to_another_person_cannot_be_read(guarded, boss, make_user):
    """Who can write the table gives the own secret to somebody else: the place is part of the encryption."""
    other = make_user("other")
    with guarded.services() as services:
        stored = services.session.scalar(sa.select(SecondFactor.secret))
        services.session.add(
            SecondFactor(user_id=other.id, secret=stored, created=services.clock.now(), confirmed=services.clock.now())
        )
    with guarded.reading() as session:
        assert not Services(session, guarded.portal).get(SecondFactorService).check(other.id, boss[1].code())


def test_without_its_key_nobody_gets_in_and_nothing_breaks(guarded, boss):
    guarded.portal.settings["portal.encryption_keys"] = as_keys(new_key("k9"))
    assert enter(guarded, boss[1].code()).status_int == 422
    with guarded.reading() as session:
        assert "k1" in secrets_are_readable(session, guarded.portal)


def test_a_second_factor_without_a_key_stops_the_start(make_app):
    with pytest.raises(StartError, match="new-key"):
        make_app(portal__second_factor="all")
