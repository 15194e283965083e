"""The second factor in the browser: set up with the letters of the picture, asked at the next login, on desk and phone."""

import base64
import os
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import expect

from portal_core.security.crypto import as_keys, new_key
from portal_core.testing.browser import DESK
from portal_core.testing.inspection import axe_findings, english_words, scrolls_sideways
from portal_core.testing.served import PHONE, log_in

pytestmark = pytest.mark.browser


@pytest.fixture
def guarded(demo_portal):
    """The served portal with the second factor for everybody."""
    demo_portal.portal.settings["portal.encryption_keys"] = as_keys(new_key("k1"))
    demo_portal.portal.settings["portal.second_factor"] = "all"
    return demo_portal


def look_at(page, name):
    """axe, sideways scrolling and words; a picture when the variable SCREENSHOTS names a folder."""
    assert not axe_findings(page) and not scrolls_sideways(page)
    assert not english_words(page, {"ip"})
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{name}-{page.viewport_size['width']}.png", full_page=True)


def code_of(secret, clock):
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(clock.now().timestamp())).decode()


@pytest.mark.parametrize(
    ("login", "look"), [("admin", DESK), ("leader", PHONE | {"color_scheme": "dark"})], ids=["desk", "dark phone"]
)
def test_from_the_first_login_to_the_next(guarded, new_context, watch, login, look):
    watch.expect(422)
    page = new_context(reduced_motion="reduce", **look).new_page()
    page.goto("/login")
    log_in(page, login)
    expect(page).to_have_url(re.compile("/account/second-factor$"))
    look_at(page, "factor-begin")
    page.get_by_role("button", name="开始设置").click()
    secret = page.locator(".qr-text").inner_text().replace(" ", "")
    look_at(page, "factor-picture")
    page.get_by_label("动态码").fill(code_of(secret, guarded.portal.clock))
    page.get_by_role("button", name="确认").click()
    expect(page.locator(".codes li")).to_have_count(10)
    look_at(page, "factor-codes")
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="我已保存").click()
    expect(page).to_have_url(re.compile("/$"))

    other = new_context(reduced_motion="reduce", **look).new_page()
    other.goto("/login?next=/inbox")
    log_in(other, login)
    expect(other.get_by_label("动态码")).to_be_focused()
    look_at(other, "factor-code")
    other.get_by_label("动态码").fill("000000")
    other.get_by_role("button", name="登录").click()
    expect(other.locator(".error-summary")).to_contain_text("动态码错误")
    look_at(other, "factor-wrong")
    other.get_by_label("动态码").fill(recovery)
    other.get_by_role("button", name="登录").click()
    expect(other).to_have_url(re.compile("/inbox$"))
