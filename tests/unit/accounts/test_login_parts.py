"""Parts of the login that need no page: addresses, riddles, throttling under attack."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from webob import Request

from portal_core.accounts.addresses import client_ip, local_path, network_of, path_on_this_host
from portal_core.accounts.authentication import Authenticator, Credentials, Outcome
from portal_core.accounts.captchas import PICTURE, TEXT, Captchas, in_words
from portal_core.accounts.flash import decode, encode
from portal_core.accounts.models import Captcha, LoginAttempt, User
from portal_core.accounts.services import AccountService
from portal_core.accounts.throttle import Throttle
from portal_core.clock import FixedClock
from portal_core.db import Database
from portal_core.services import Services
from portal_core.testing.fixtures import NOW


class Settings:
    """A registry with the one setting that matters here."""

    def __init__(self, proxies):
        self.portal = self
        self.settings = {"portal.trusted_proxies": proxies}


def from_where(proxies, forwarded):
    """The client's address behind ``proxies`` of ours, for what the header says."""
    request = Request.blank(
        "/", environ={"REMOTE_ADDR": "192.0.2.1"}, headers={"X-Forwarded-For": forwarded} if forwarded else {}
    )
    request.registry = Settings(proxies)
    return client_ip(request)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "192.0.2.1"),
        (0, "10.0.0.1", "192.0.2.1"),
        (1, "10.0.0.1", "10.0.0.1"),
        (1, "6.6.6.6, 10.0.0.1", "10.0.0.1"),
        (2, "6.6.6.6, 10.0.0.1, 10.0.0.2", "10.0.0.1"),
        (2, "10.0.0.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies, forwarded, expected):
    assert from_where(proxies, forwarded) == expected


def test_an_ipv6_network_counts_as_one_place():
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert len(network_of("x" * 500)) == 64


@pytest.mark.parametrize("path", ["/", "/me", "/inbox?tab=done&x=%2F%2Fevil", "/cases/MT-1#t"])
def test_paths_of_this_site(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "target",
    [None, "", "me", "//x", "///x", "/\\x", "\\\\x", "http:x", "https://x/", "/a b", "/\n/x", "/a\x00", "/" + "x" * 500, 7],
)
def test_other_targets(target):
    assert local_path(target) == "/"


@given(st.text())
def test_no_text_leads_away(text):
    path = local_path(text)
    assert path.startswith("/") and not path.startswith(("//", "/\\"))


def test_a_broken_referer_is_no_error():
    request = Request.blank("/")
    assert path_on_this_host(request, "http://[broken/x") == "/"
    assert path_on_this_host(request, "http://localhost/x?y") == "/x?y"
    assert path_on_this_host(request, "http://localhost.evil.example/x") == "/"


@pytest.mark.parametrize(("number", "words"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五"), (90, "九十")])
def test_numbers_in_words(number, words):
    assert in_words(number) == words


def test_a_riddle_in_words_takes_what_an_input_method_makes_of_the_answer(portal):
    captchas = Captchas(portal)
    riddle = captchas.new(TEXT)
    values = {in_words(number): number for number in range(1, 100)}
    number = values[riddle.question.mapping["first"]] + values[riddle.question.mapping["second"]]
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    assert captchas.solve(riddle.key, f" {full_width} ")
    assert not captchas.solve(riddle.key, str(number))


def test_a_wrong_answer_uses_the_riddle_up(portal, session):
    captchas = Captchas(portal)
    riddle = captchas.new(PICTURE)
    captchas.picture(riddle.key)
    assert not captchas.solve(riddle.key, "????")
    assert session.scalar(sa.select(Captcha.key)) is None
    for nonsense in ("", "x", "'; drop table", "A" * 22):
        assert not captchas.solve(nonsense, "????")


def test_a_picture_is_drawn_anew_each_time(portal, session):
    captchas = Captchas(portal)
    key = captchas.new(PICTURE).key
    hashes = set()
    for _i in range(3):
        captchas.picture(key)
        hashes.add(session.scalars(sa.select(Captcha.answer_hash)).one())
        session.rollback()
    assert len(hashes) == 3


@given(st.lists(st.tuples(st.sampled_from(["ok", "bad"]), st.text(max_size=300)), max_size=6))
def test_messages_survive_the_cookie(messages):
    cookie = encode(messages)
    assert len(cookie) <= 3500
    kept = decode(cookie)
    assert kept == [(tone, text[:200]) for tone, text in messages][len(messages) - len(kept) :]
    assert len(kept) == min(3, len(messages)) or len(kept) >= 1


@given(st.text(max_size=200))
def test_no_cookie_breaks_the_reader(text):
    assert isinstance(decode(text), list)


@pytest.fixture
def real_portal(portal, fresh_db_url, monkeypatch):
    """A portal over a database with real commits, for threads."""
    monkeypatch.setattr(portal, "database", Database(fresh_db_url))
    monkeypatch.setattr(portal, "clock", FixedClock(NOW))
    yield portal
    portal.database.dispose()


def test_guesses_sent_at_once_see_each_other(real_portal):
    """At most five of thirty are tried (none when all see each other), although all arrive before the first has failed."""
    throttle = Throttle(real_portal)
    barrier, tried = threading.Barrier(30), []

    def guess(number):
        barrier.wait()
        attempt = throttle.begin("li", f"10.0.0.{number}")
        if not attempt.locked:
            tried.append(number)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) <= 5
    assert throttle.begin("wang", "10.0.0.1").locked is False


def test_a_login_renews_a_hash_of_other_cost(portal, session):
    accounts = Services(session, portal).get(AccountService)
    user, password = accounts.create("li", "李静")
    user.password_hash = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(password)
    session.commit()
    outcome, _token = Authenticator(portal).login(Credentials("li", password), "10.0.0.1")
    session.expire_all()
    assert outcome is Outcome.OPEN
    assert not accounts.hasher.is_outdated(session.scalars(sa.select(User.password_hash)).one())


def test_every_try_is_in_the_login_log(portal, session):
    accounts = Services(session, portal).get(AccountService)
    _user, password = accounts.create("li", "李静")
    session.commit()
    login = Authenticator(portal).login
    login(Credentials("li", "wrong"), "10.0.0.1")
    login(Credentials("li", password), "10.0.0.2")
    log = session.execute(sa.select(LoginAttempt.ip, LoginAttempt.success, LoginAttempt.at).order_by(LoginAttempt.id)).all()
    assert [(row.ip, row.success) for row in log] == [("10.0.0.1", False), ("10.0.0.2", True)]
    assert all(row.at == NOW.astimezone(dt.UTC) for row in log)
