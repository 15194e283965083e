"""Rooms, pictures, closures, service items and the review queue, as the administrator handles them, with and without scripts."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from portal_core.testing.inspection import english_words
from tests.browser import acts

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
FORM = "form.card-pad"


def drawing(colour):
    """A small PNG file, as Playwright takes it."""
    out = BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "PNG")
    return {"name": "会场.png", "mimeType": "image/png", "buffer": out.getvalue()}


@SCRIPTS
def test_a_new_room_gets_pictures_and_can_be_booked(open_as, watch, scripts):
    watch.expect(422)
    page = open_as("meetings-admin", "/meetings/admin/rooms/new", java_script_enabled=scripts)
    name = "新建会议室" + ("甲" if scripts else "乙")
    acts.send(page, FORM)
    expect(page.locator(".error-summary li").first).to_contain_text("名称")
    assert not english_words(page, set())
    for field, text in {"name": name, "building": "4 号楼", "layouts": "课桌式 30", "position": "900"}.items():
        page.fill(f"#{field}", text)
    acts.send(page, FORM)
    expect(page.locator("h1")).to_have_text(name)

    page.locator(".tabs-page").get_by_role("link", name="图片").click()
    page.set_input_files("#pictures", [drawing("teal"), drawing("navy")])
    if scripts:
        thumbnails = page.locator("#pictures-files img")
        expect(thumbnails).to_have_count(2)
        expect(thumbnails.first).to_have_js_property("naturalWidth", 640)
    acts.send(page, FORM)
    expect(page.locator(".picture-list li")).to_have_count(2)
    page.locator(".picture-list li").last.get_by_role("button", name=re.compile("封面")).click()
    expect(page.locator(".picture-list li").last).to_contain_text("封面")

    clerk = open_as("staff", java_script_enabled=scripts)
    acts.book(clerk, "新会议室的第一场会", name)
    acts.expect_state(clerk, "待审核")


def test_a_file_that_is_no_picture_is_refused_in_words(open_as, watch):
    watch.expect(422)
    page = open_as("meetings-admin", "/meetings/admin/rooms/1/pictures")
    page.set_input_files("#pictures", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"})
    acts.send(page, FORM)
    expect(page.locator(".error-summary")).to_contain_text("图片")


@SCRIPTS
def test_a_closed_room_cannot_be_booked_until_the_closure_is_called_off(open_as, scripts):
    page = open_as("meetings-admin", "/meetings/admin/rooms/2/closures", java_script_enabled=scripts)
    for field in ("start_date", "end_date"):
        page.fill(f"#{field}", "2026-12-02")
    page.fill("#reason", "更换投影机")
    acts.send(page, FORM)
    line = page.locator(".inbox li", has_text="更换投影机")
    expect(line).to_be_visible()
    grid = open_as("staff", acts.NEXT_WEEK, java_script_enabled=scripts)
    block = grid.locator("x-grid .ev.lock", has_text="更换投影机")
    expect(block).to_be_visible()
    line.get_by_role("button").click()
    grid.reload()
    expect(block).to_have_count(0)


@SCRIPTS
def test_a_new_service_item_appears_on_the_booking_form(open_as, scripts):
    page = open_as("meetings-admin", "/meetings/admin/services", java_script_enabled=scripts)
    label = "同声传译" + ("甲" if scripts else "乙")
    page.fill("#label", label)
    page.fill("#question", "语种")
    acts.send(page, FORM)
    expect(page.locator("tbody th", has_text=label)).to_be_visible()
    clerk = open_as("staff", "/meetings/book", java_script_enabled=scripts)
    question = clerk.get_by_label("语种").last
    expect(question).to_be_visible(visible=not scripts)
    clerk.get_by_label(label, exact=True).check()
    expect(question).to_be_visible()


@SCRIPTS
def test_several_bookings_are_approved_at_once(open_as, watch, scripts):
    watch.expect(422)
    page = open_as("meetings-admin", "/meetings/pending", java_script_enabled=scripts)
    waiting = page.locator("tbody tr").count()
    approve = page.locator("button[name=action][value=approve]")
    approve.click()
    expect(page.locator(".error-summary")).to_be_visible()
    for number in range(2):
        page.locator("[name=chosen]").nth(number).check()
    approve.click()
    expect(page.locator("[role=status] .st-ok")).to_have_count(2)
    expect(page.locator("tbody tr")).to_have_count(waiting - 2)


@SCRIPTS
def test_a_right_is_granted_and_taken_away(open_as, watch, scripts):
    watch.expect(422)
    page = open_as("admin", "/meetings/admin/rooms/3/rights", java_script_enabled=scripts)
    page.fill("#login", "niemand")
    acts.send(page, FORM)
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#login", "staff2")
    acts.send(page, FORM)
    line = page.locator("tbody tr", has_text="李静")
    expect(line).to_be_visible()
    line.get_by_role("button").click()
    expect(page.locator("tbody tr", has_text="李静")).to_have_count(0)


@SCRIPTS
def test_a_half_filled_form_is_kept_and_continued(open_as, scripts):
    page = open_as("leader", "/meetings/book", java_script_enabled=scripts)
    title = "待定的会" + ("甲" if scripts else "乙")
    page.fill("#title", title)
    page.locator("[name=_draft]:visible").click()
    expect(page).to_have_url(re.compile("tab=drafts"))
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.locator("#title")).to_have_value(title)
    page.locator("#book-form [name=_add]").click()
    page.locator("#book-form [name=_remove]:visible").click()
    expect(page.locator("#book-form [data-list] [data-row]")).to_have_count(0)
    expect(page.locator("#title")).to_have_value(title)
