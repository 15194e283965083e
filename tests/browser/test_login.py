"""Who may come in: the login page, the way back to where one was, the captcha, the upgrade page."""

import re

import pytest
from playwright.sync_api import expect

from portal_core.testing.served import log_in

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_portal")]

INTERNET_EXPLORER = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"


def test_a_stranger_is_asked_to_log_in_and_led_to_where_they_wanted(page):
    page.goto("/meetings/mine?tab=all")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    log_in(page, "staff")
    expect(page).to_have_url(re.compile(r"/meetings/mine\?tab=all$"))
    expect(page.locator("h1")).to_have_text("我的预约")


def test_after_the_session_ended_the_dialog_leads_to_the_login_and_back_to_the_page(open_as):
    page = open_as("staff", "/meetings/")
    page.context.clear_cookies()
    page.locator("x-grid a[data-free]").first.click()
    expect(page).to_have_url(re.compile(r"/login\?next="))
    log_in(page, "staff")
    expect(page.locator("h1, .dlg-h h2").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("/login"))


def test_after_three_failures_a_picture_is_asked_for_and_a_wrong_answer_refused(page, watch):
    watch.expect(401, 422, 429)
    for _ in range(3):
        log_in(page, "leader", "falsch-falsch")
        expect(page.locator(".error-summary")).to_be_focused()
    picture = page.locator(".captcha img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0
    page.fill("#captcha", "....")
    log_in(page, "leader")
    expect(page.locator(".error-summary")).to_contain_text("验证码")
    expect(page.locator("#username")).to_have_value("leader")


def test_the_captcha_is_also_there_in_words(open_as):
    page = open_as(None, "/login?captcha=text", java_script_enabled=False)
    expect(page.locator("#captcha")).to_be_visible()
    expect(page.locator("#captcha-hint")).to_contain_text(re.compile(r"\S"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_logging_out_ends_the_session(open_as, scripts):
    page = open_as(None, "/login", java_script_enabled=scripts)
    log_in(page, "staff2")
    page.click("summary.me")
    page.get_by_role("button", name="退出").click()
    page.goto("/meetings/mine")
    expect(page).to_have_url(re.compile("/login"))


def test_internet_explorer_gets_the_upgrade_page(open_as):
    page = open_as(None, "/meetings/", user_agent=INTERNET_EXPLORER)
    expect(page.locator("h1")).to_have_text("您的浏览器版本过低")
