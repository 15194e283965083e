"""Every page for every account: axe, sideways scrolling, headings, English words, targets for fingers, pictures, dead links.

axe looks at each page once, on the desk or on the phone, light or dark in turn, and at the four main pages in every appearance;
the quick checks see every page at both widths.
"""


import pytest

from portal_core.testing.browser import DESK
from portal_core.testing.inspection import axe_findings, english_words, scrolls_sideways, small_targets
from portal_core.testing.served import PHONE
from tests.browser import pages

pytestmark = pytest.mark.browser

SIZES = {"desk": DESK["viewport"], "phone": PHONE["viewport"]}
LOOKS = [(size, colours) for size in SIZES for colours in ("light", "dark")]

# A login, the name of the plugin's module, file formats, browsers, units, and the prefix of the numbers of bookings.
ALLOWED = {"staff", "meetings", "jpeg", "jpg", "png", "webp", "mb", "chrome", "linux", "windows", "ip", "hy"}


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
