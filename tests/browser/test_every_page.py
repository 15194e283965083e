"""Every page for every account: axe, sideways scrolling, headings, English words, targets for fingers, dead links.

axe looks at each page once, on the desk or on the phone, light or dark in turn, and at the four main pages in every appearance;
the quick checks see every page at both widths.
"""

import re

import pytest
from playwright.sync_api import expect

from portal_core.demo import PASSWORD
from portal_core.testing.browser import DESK
from portal_core.testing.inspection import axe_findings, english_words, scrolls_sideways, small_targets
from portal_core.testing.served import PHONE
from tests.browser import acts, pages

pytestmark = pytest.mark.browser

SIZES = {"desk": DESK["viewport"], "phone": PHONE["viewport"]}
LOOKS = [(size, colours) for size in SIZES for colours in ("light", "dark")]

# A login, the name of the plugin's module, formats, browsers, keys, units, the letters of numbers, and the search's example.
ALLOWED = {
    *("staff", "meetings", "jpeg", "jpg", "png", "webp", "pdf", "excel", "chrome", "linux", "windows"),
    *("ctrl", "https", "ip", "mb", "kb", "hy", "zg", "hys"),
}


@pytest.fixture(scope="module")
def found(demo_portal):
    """What the addresses of the pages need."""
    return pages.places(demo_portal)


@pytest.mark.parametrize(("turn", "wanted"), list(enumerate(pages.ALL)), ids=[page.name for page in pages.ALL])
def test_page(turn, wanted, open_as, found, watch):
    watch.expect(wanted.status)
    looks = LOOKS if wanted in pages.MAIN else [LOOKS[turn % len(LOOKS)]]
    page = open_as(wanted.login, "about:blank", reduced_motion="reduce")
    for size, colours in looks:
        # Set before the page is loaded, because axe must not measure colours that are just changing.
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=colours)
        assert page.goto(pages.address(wanted, found)).status == wanted.status
        findings = axe_findings(page)
        assert not findings, f"{size}, {colours}: {findings}"
    check_in_chinese(page)
    check_for_fingers(page)


def check_in_chinese(page):
    """The page says that it is Chinese, and is."""
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.locator("main h1").count() == 1
    assert page.title()
    assert not english_words(page, ALLOWED)


def check_for_fingers(page):
    """On a phone nothing is cut off at the side or too small to be hit."""
    page.set_viewport_size(SIZES["phone"])
    assert scrolls_sideways(page) <= 0, f"{scrolls_sideways(page)} pixels too wide on the phone"
    assert not small_targets(page)


DIALOGS = {
    "book": ("staff", "/meetings/?date=2026-12-01", "x-grid a.free"),
    "booking": ("staff", "/meetings/?date=2026-12-01", "x-grid a.ev"),
    "cancel": ("staff", "/meetings/mine", "a[href^='/meetings/cancel/']"),
    "change": ("staff", "/meetings/mine", "a[href^='/meetings/change/']"),
    "room": ("staff", "/meetings/find?people=10", "a[href^='/meetings/rooms/']"),
}


@pytest.mark.parametrize("name", DIALOGS)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_dialog(name, colours, open_as, watch):
    watch.expect(422)
    login, path, opener = DIALOGS[name]
    page = open_as(login, path, color_scheme=colours, reduced_motion="reduce")
    page.locator(opener).first.click()
    expect(page.locator("#dialog #dlg-t")).to_be_focused()
    assert not axe_findings(page)
    if name in ("book", "cancel"):
        acts.send(page, "#dialog form")
        expect(page.locator("#dialog .error-summary")).to_be_focused()
        assert not axe_findings(page)
        assert not english_words(page, ALLOWED)


@pytest.mark.parametrize("login", ["staff", "leader", "meetings-admin", "admin"])
def test_no_link_leads_nowhere(login, demo_portal):
    """Follow the links from the home page, one of each kind: addresses that differ in numbers only are of one kind."""
    app = demo_portal.another()
    form = app.get("/login").forms["login"]
    form["username"], form["password"] = login, PASSWORD
    form.submit()
    seen, waiting, broken = set(), [("/", "")], []
    while waiting:
        url, source = waiting.pop()
        kind = re.sub(r"\d+", "0", url)
        if kind in seen:
            continue
        seen.add(kind)
        response = app.get(url, expect_errors=True)
        if response.status_int >= 400:
            broken.append(f"{url} on {source}: {response.status}")
        elif response.content_type == "text/html" and response.status_int == 200:
            waiting += [(link["href"], url) for link in response.html.select("a[href^='/']")]
    assert not broken
    assert len(seen) > 15
