"""Colours, large text, paper, quiet motion: what people choose for their eyes and their printers."""

import pytest
from playwright.sync_api import expect

from portal_core.testing.inspection import axe_findings, scrolls_sideways
from portal_core.testing.served import PHONE
from tests.browser import acts

pytestmark = pytest.mark.browser

CUT_TITLES = """
[...document.querySelectorAll('.bk .ev b')]
  .filter((title) => title.scrollHeight > title.clientHeight + 1)
  .map((title) => title.textContent)
"""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_colours_and_size_are_chosen_in_the_menu_and_kept(open_as, scripts):
    page = open_as("leader", "/meetings/", java_script_enabled=scripts)
    for choice in ("深色", "大字版"):
        page.locator("summary.me").click()
        page.get_by_role("button", name=choice).click()
        expect(page).to_have_url(page.url)
    expect(page.locator("h1")).to_have_text("会议室预约情况")
    page.goto("/inbox")
    expect(page.locator("html")).to_have_attribute("data-mode", "dark")
    expect(page.locator("html")).to_have_attribute("data-large", "")
    expect(page.locator("body")).to_have_css("background-color", "rgb(15, 20, 29)")
    expect(page.locator("body")).to_have_css("font-size", "19px")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/", "/meetings/", "/meetings/book", "/meetings/mine"])
def test_large_text_fits(open_as, path, size):
    page = open_as("staff", "/", **size)
    page.context.add_cookies([{"name": "large", "value": "1", "url": page.url}])
    page.goto(path)
    expect(page.locator("body")).to_have_css("font-size", "19px")
    assert scrolls_sideways(page) <= 0
    assert not axe_findings(page)


def test_who_wants_no_motion_gets_none(open_as):
    page = open_as("staff", "/", reduced_motion="reduce")
    expect(page.locator(".tile").first).to_have_css("transition-duration", "1e-05s")


def test_the_week_prints_in_black_on_white_with_whole_titles(open_as):
    page = open_as("staff", "/meetings/", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="light")
    for chrome in (".top", ".foot", ".tabbar", ".bk-tools .btn"):
        expect(page.locator(chrome).first).to_be_hidden()
    assert page.evaluate(CUT_TITLES) == []
    assert len(page.pdf(format="A4", landscape=True)) > 20_000


def test_the_list_prints(open_as):
    page = open_as("staff", "/meetings/?view=list")
    page.emulate_media(media="print")
    expect(page.locator("ul.inbox li").first).to_be_visible()
    expect(page.locator(".top")).to_be_hidden()
    assert len(page.pdf(format="A4")) > 10_000


def test_on_a_phone_the_main_button_is_always_in_sight(open_as):
    page = open_as("staff", "/meetings/book?date=2026-12-03", **PHONE)
    expect(page.locator(".bar-m .btn-p")).to_be_in_viewport()
    expect(page.locator(".tabbar")).to_be_hidden()
    page.goto("/")
    expect(page.locator(".tabbar")).to_be_in_viewport()


def test_the_menu_closes_with_escape_and_with_a_click_elsewhere(open_as):
    page = open_as("staff", acts.NEXT_WEEK)
    menu = page.locator(".menu-list")
    page.locator("summary.me").click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.locator("summary.me")).to_be_focused()
    page.locator("summary.me").click()
    page.locator("h1").click()
    expect(menu).to_be_hidden()
