"""Addresses with ids that are nonsense, unknown, or somebody else's: a clear refusal, and no hint at what exists."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import SessionRow
from tests import scene as scenes
from tests.pages import OWN, PAGES, READERS, REVIEWERS, ask, url
from tests.scene import settled
from tests.tables import USERS

scene = scenes.scene

NONSENSE = (
    "0",
    "-1",
    "999999",
    str(2**63),
    str(2**70),
    "9" * 400,
    "abc",
    "1.0",
    "+1",
    "1e3",
    "0x1",
    "%20",
    "1%20",
    "1%0A",
    "%EF%BC%91",
    "1;DROP%20TABLE%20core_case",
    "1'%20OR%20'1'='1",
    "%00",
    "1%00",
    "%E4%BC%9A",
    "a" * 3000,
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e",
    "case:0",
    "case:-1",
    "case:" + "9" * 30,
    "case:x",
    "HY20261124-0",
    "HY20261124-99999999",
    "HY99999999-1",
    "{id}",
)
# What an id of each kind looks like when there is no such thing.
UNKNOWN = {"number": "HY20261124-999", "key": "case:999999", "name": "nothing.exe"}
# Things that somebody else may have: who asks, how, and for what; the last part that is an id is also asked for as unknown.
FOREIGN = (
    ("keeper", "GET", "/cases/{}", "cases[other_room]", "HY20261124-999"),
    ("keeper", "POST", "/cases/{}/act", "cases[other_room]", "HY20261124-999"),
    ("keeper", "GET", "/meetings/cancel/{}", "cases[other_room]", "HY20261124-999"),
    ("keeper", "POST", "/meetings/cancel/{}", "cases[other_room]", "HY20261124-999"),
    ("keeper", "GET", "/meetings/admin/rooms/{}", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/disable", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/enable", "rooms.closed", "999999"),
    ("keeper", "GET", "/meetings/admin/rooms/{}/pictures", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/pictures", "rooms.second", "999999"),
    ("keeper", "GET", "/meetings/admin/rooms/{}/rights", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/rights", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/rights/revoke", "rooms.second", "999999"),
    ("keeper", "GET", "/meetings/admin/rooms/{}/closures", "rooms.second", "999999"),
    ("keeper", "POST", "/meetings/admin/rooms/{}/closures", "rooms.second", "999999"),
    ("staff", "GET", "/meetings/rooms/{}", "rooms.closed", "999999"),
    ("staff", "GET", "/meetings/book?room={}", "rooms.closed", "999999"),
    ("staff", "GET", "/meetings/book?room={}", "rooms.restricted", "999999"),
    ("staff2", "GET", "/meetings/check?date=2026-11-27&start=09:00&end=10:00&room=1&number={}", "cases[secret]", "HY20261124-9"),
    ("staff2", "GET", "/notifications/{}/open", "message", "999999"),
    ("staff2", "GET", "/evaluations/meetings.satisfaction/{}", "keys[ended]", "case:999999"),
    ("staff", "GET", "/evaluations/meetings.satisfaction/{}", "keys[foreign]", "case:999999"),
)
WITH_IDS = [page for page, (address, _openers) in PAGES.items() if "{" in address]


def places(scene, page):
    """The addresses of ``page``, each with one of its ids cut out, as a pair of what stands before and behind."""
    name = page.split()[1]
    pattern = scene.app.app.registry.introspector.get("routes", name)["pattern"]
    real = url(scene, PAGES[page][0]).split("/")
    ids = [(n, part.strip("{}").split(":")[0]) for n, part in enumerate(pattern.split("/")) if "{" in part]
    return [("/".join(real[:n]) + "/", "/".join(["", *real[n + 1 :]]), name) for n, name in ids]


@pytest.mark.parametrize("page", [*WITH_IDS, "* core.download", "POST account.session.end", "GET core.evaluations"])
def test_nonsense_names_nothing(scene, page):
    openers = PAGES[page][1]
    who = openers[0] if openers else "staff"
    cut_out = places(scene, page)
    before = scene.counts()
    for start, end, _name in cut_out:
        for value in NONSENSE:
            answer = ask(scene.browsers[who], page.split()[0].replace("*", "GET"), start + value + end)
            assert answer.status_int in (400, 404), (who, start + value + end, answer.status)
    assert scene.counts() == before


@pytest.mark.parametrize("page", WITH_IDS)
def test_bytes_that_are_no_text_name_nothing(scene, page):
    # WebTest's own cookie jar stumbles over such an address, so the cookie is sent by hand.
    who = PAGES[page][1][0]
    cookies = "; ".join(f"{name}={value.strip(chr(34))}" for name, value in scene.browsers[who].cookies.items())
    for start, end, _name in places(scene, page):
        answer = scene.visitor.request(f"{start}%ff%fe{end}", method=page.split()[0], headers={"Cookie": cookies}, status="*")
        assert answer.status_int == 400


@pytest.mark.parametrize("page", WITH_IDS)
def test_unknown_and_forbidden_look_alike(scene, page):
    method = page.split()[0].replace("*", "GET")
    # Who may read the case knows of it, and is told why the act is not theirs.
    informed = (*OWN, *READERS, *REVIEWERS) if "{cases" in PAGES[page][0] else ()
    for who in set(USERS).difference(PAGES[page][1], informed):
        for start, end, name in places(scene, page):
            if name != "form_code":
                same_page(scene.browsers[who], method, url(scene, PAGES[page][0]), start + UNKNOWN.get(name, "999999") + end)


@pytest.mark.parametrize(("who", "method", "address", "thing", "nothing"), FOREIGN)
def test_what_others_have_looks_like_nothing(scene, who, method, address, thing, nothing):
    same_page(scene.browsers[who], method, url(scene, address.replace("{}", "{" + thing + "}")), address.replace("{}", nothing))


def same_page(browser, method, forbidden, unknown):
    first, second = ask(browser, method, forbidden), ask(browser, method, unknown)
    assert (first.status_int, second.status_int) in ((404, 404), (403, 403), (200, 200)), (forbidden, first.status, second.status)
    assert settled(first, forbidden) == settled(second, unknown), forbidden


def test_sessions_of_others_cannot_be_ended(scene):
    with scene.app.reading() as session:
        of_staff2 = sa.select(SessionRow.id).where(SessionRow.user_id == scene.people["staff2"].id)
        theirs = session.scalar(of_staff2.where(SessionRow.ended.is_(None)))
    same_page(scene.browsers["staff"], "POST", f"/account/sessions/{theirs}/end", "/account/sessions/999999/end")
    scene.browsers["staff2"].get("/me", status=200)
