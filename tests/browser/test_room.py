"""展示: photos, plan and the 360 degree picture of a room."""

import re

import pytest
from playwright.sync_api import expect

from portal_core.testing.inspection import axe_findings
from portal_core.testing.served import PHONE
from tests.browser import acts

pytestmark = pytest.mark.browser


@pytest.fixture
def room(open_as):
    """The page of a room of the demo, opened as a page."""
    page = open_as("staff", "/meetings/find?people=10&date=2026-12-03&part=am")
    page.goto(page.locator("a[href^='/meetings/rooms/']").first.get_attribute("href"))
    return page


def view_of(page):
    """The drawing of the 360 degree picture once it is there."""
    canvas = page.locator("x-island.pano canvas")
    canvas.scroll_into_view_if_needed()
    expect(canvas).to_be_visible()
    expect(page.locator("x-island .pnlm-load-box")).to_be_hidden()
    return canvas


def test_every_picture_loads(room):
    view_of(room)
    room.wait_for_function("[...document.images].every(image => image.complete)")
    assert room.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)") == []


def test_the_view_turns_with_the_mouse_and_with_the_keyboard(room):
    canvas = view_of(room)
    start = canvas.screenshot()
    box = canvas.bounding_box()
    room.mouse.move(box["x"] + 500, box["y"] + 200)
    room.mouse.down()
    room.mouse.move(box["x"] + 250, box["y"] + 220, steps=8)
    room.mouse.up()
    expect_another_picture(room, canvas, start)
    dragged = canvas.screenshot()
    room.locator("x-island .pnlm-container").focus()
    room.keyboard.down("ArrowRight")
    expect_another_picture(room, canvas, dragged)
    room.keyboard.up("ArrowRight")


def expect_another_picture(page, canvas, before):
    """Wait until the drawing differs from the picture ``before``."""
    for _ in range(20):
        if canvas.screenshot() != before:
            return
        page.wait_for_timeout(50)
    pytest.fail("the picture did not move")


def test_the_view_zooms_with_its_buttons(room):
    canvas = view_of(room)
    before = canvas.screenshot()
    room.get_by_role("button", name="放大").focus()
    room.keyboard.press("Enter")
    expect_another_picture(room, canvas, before)
    assert not axe_findings(room)


def test_without_scripts_the_panorama_is_a_picture(open_as, room):
    page = open_as("staff", room.url, java_script_enabled=False)
    expect(page.locator("x-island.pano img")).to_be_visible()
    expect(page.locator(".gallery img").first).to_be_visible()


def test_the_dialog_of_a_room_leads_on_to_its_booking_form(open_as):
    page = open_as("staff", acts.NEXT_WEEK)
    page.get_by_role("link", name="东会议室 展示").click()
    expect(page.locator("#dialog canvas")).to_be_visible()
    page.locator("#dialog .dlg-f .btn-p").click()
    expect(page.locator("#dialog #book-form")).to_be_visible()
    expect(page.locator("#room option:checked")).to_contain_text("东会议室")


def test_on_a_phone_a_room_is_found_by_its_day_and_booked(open_as):
    page = open_as("staff", acts.NEXT_WEEK, **PHONE)
    page.locator(".day-rooms li", has_text="东会议室").locator("a.half.free").first.tap()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#book-form")).to_be_visible()
    box = dialog.bounding_box()
    assert box["width"] == 390 and round(box["y"] + box["height"]) == 844, "a sheet at the bottom, as wide as the phone"
    acts.fill_in(page, "手机上订的会")
    acts.send(page)
    acts.number_of(page)
    expect(page.locator(".page-head .st")).to_have_text(re.compile("待审核"))
