"""Every parameter of every page with values of the wrong kind: a page or a clear refusal, and nothing of it is markup."""

from urllib.parse import quote

import pytest

from tests import scene as scenes
from tests.pages import PAGES, url

scene = scenes.scene

# As they stand in the address.
VALUES = (
    "",
    "0",
    "-1",
    str(2**70),
    "9" * 19,
    "abc",
    "1.5",
    "NaN",
    "%EF%BC%91",
    "%F0%9F%98%80%E4%BC%9A",
    "%00",
    "%ff",
    "%",
    "+",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "1990-01-01",
    "2199-12-31",
    "2026-11-27T09:00",
    "20261127",
    "24:00",
    "25:99",
    "09:00:00",
    "9:0",
    "99999999999-1",
    "0-0",
    "%0d%0aSet-Cookie:x=1",
    "a" * 5000,
    "';DROP%20TABLE%20x--",
    quote("<script>alert(1)</script>\"'"),
    "${request}",
    "%25s",
    "%E2%80%AE",
)
# The parameters that each page reads, with the values beside which each is tried.
PARAMETERS = {
    "GET login": {"next": "/", "captcha": "text"},
    "GET login.captcha": {"key": "a" * 43},
    "GET inbox": {"tab": "todo", "before": "9"},
    "GET notifications": {"before": "9"},
    "GET core.evaluations": {"tab": "done"},
    "GET core.file": {"w": "240"},
    "GET meetings.ratings": {"tab": "done"},
    "GET meetings.grid": {"view": "day", "date": "2026-11-27", "days": "7", "building": "1", "seats": "10"},
    "GET meetings.book": {
        "room": "1",
        "date": "2026-11-27",
        "part": "am",
        "start": "09:00",
        "end": "10:00",
        "people": "5",
        "svc": "1",
    },
    "GET meetings.check": {
        "room": "1",
        "date": "2026-11-27",
        "start": "09:00",
        "end": "10:00",
        "multiday": "y",
        "end_date": "2026-11-28",
        "number": "",
    },
    "GET meetings.find": {
        "people": "5",
        "date": "2026-11-27",
        "part": "",
        "start": "09:00",
        "end": "10:00",
        "equipment": "x",
        "svc": "1",
    },
    "GET meetings.mine": {"tab": "all", "title": "x", "room": "1", "state": "pending", "date": "2026-11-27", "after": "1-1"},
    "GET meetings.pending": {"sort": "oldest"},
}
OTHERS = [page for page in PAGES if page not in PARAMETERS and PAGES[page][1] and not page.startswith("POST")]
ALL_NAMES = sorted({name for names in PARAMETERS.values() for name in names} | {"csrf_token", "_", "page", "q"})


def get(scene, page, query):
    who = "meetings-admin" if "meetings-admin" in PAGES[page][1] else (*PAGES[page][1], "staff")[0]
    browser = scene.visitor if page.startswith("GET login") else scene.browsers[who]
    answer = browser.get(f"{url(scene, PAGES[page][0]).split('?')[0]}?{query}", status="*")
    assert answer.status_int in (200, 303, 400, 404), (query, answer.status)
    assert "Set-Cookie:x" not in str(answer.headers) and "\r" not in answer.headers.get("Location", "")
    assert b"<script>alert" not in answer.body
    return answer


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, names in PARAMETERS.items() for name in names])
def test_one_wrong_parameter_among_good_ones(scene, page, name):
    beside = "&".join(f"{other}={value}" for other, value in PARAMETERS[page].items() if other != name)
    assert get(scene, page, beside).status_int in (200, 303, 404)
    for value in VALUES:
        get(scene, page, f"{beside}&{name}={value}")
    get(scene, page, f"{beside}&{name}=1&{name}=2&{name}=%E4%BC%9A")
    get(scene, page, f"{beside}&{name}[]=1&{name}")
    get(scene, page, f"{name}={PARAMETERS[page][name]}")


@pytest.mark.parametrize("page", OTHERS)
def test_parameters_of_other_pages(scene, page):
    # None of these pages reads any; a few values show whether that has changed.
    for value in VALUES[3::6]:
        get(scene, page, "&".join(f"{name}={value}" for name in ALL_NAMES))


def test_very_many_parameters(scene):
    for page in ("GET meetings.grid", "GET meetings.book", "GET meetings.find", "GET inbox"):
        get(scene, page, "&".join(f"svc={n}&equipment=x&p{n}={n}" for n in range(3000)))


@pytest.mark.parametrize("page", ["GET meetings.grid", "GET meetings.mine", "GET home", "GET login"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "zh-" + "x" * 3000 + ";q=;;=,,"},
        {"Accept-Language": "\xff\xfe, ${x}"},
        {"Cookie": "portal_session=" + "a" * 43 + "; mode=<script>; large=9; portal_csrf=\xff"},
        {"Cookie": '=; ; portal_session="\\000"; mode==;;'},
        {"HX-Request": "true", "HX-Current-URL": "http://[evil"},
        {"HX-Request": "true", "HX-Target": "<script>alert(1)</script>", "HX-Current-URL": "javascript:alert(1)"},
        {"Referer": "http://[::1", "User-Agent": ""},
        {"Host": "<script>alert(1)</script>"},
        {"X-Forwarded-For": "999.1.1.1, <script>alert(1)</script>", "X-Forwarded-Proto": "gopher"},
        {"If-None-Match": '"' * 500, "If-Modified-Since": "yesterday", "Range": "bytes=9-1,-"},
        {"Content-Length": "0", "Content-Type": "multipart/form-data"},
        {"X-Request-ID": "\x00\x01<script>alert(1)</script>"},
    ],
)
def test_absurd_headers(scene, page, headers):
    for browser in (scene.visitor, scene.browsers["staff"]):
        answer = browser.get(url(scene, PAGES[page][0]), headers=dict(headers), status="*")
        assert answer.status_int < 500
        assert b"<script>alert" not in answer.body
