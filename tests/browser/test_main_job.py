"""The main job from the grid to the rating, as a clerk and the room's administrator do it, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from portal_core.testing.served import PHONE
from tests.browser import acts

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@SCRIPTS
def test_from_the_grid_to_the_decision_on_a_change(open_as, watch, scripts):
    watch.expect(422)
    clerk = open_as("staff", acts.NEXT_WEEK, java_script_enabled=scripts)
    title = f"年度工作部署会{'一' if scripts else '二'}"

    # A free cell opens the form: in a dialog with scripts, as a page without.
    acts.free_cells(clerk, "第一会议室").first.click()
    expect(clerk.locator("#dialog #book-form")).to_have_count(1 if scripts else 0)
    expect(clerk.locator("#room option:checked")).to_contain_text("第一会议室")

    # Sent empty, it says what is missing, above and at each field, and links there.
    acts.send(clerk)
    summary = clerk.locator(".error-summary")
    expect(summary.locator("li")).to_have_text([re.compile("会议名称"), re.compile("会议类型"), re.compile("参会人数")])
    expect(clerk.locator("#title-err")).to_be_visible()
    if scripts:
        expect(clerk.locator("#ask-end-date")).to_be_hidden()
        expect(summary).to_be_focused()
        summary.get_by_role("link", name="会议名称").click()
        expect(clerk.locator("#title")).to_be_focused()

    # A service that asks a question wants the answer; a leader is a row that is added.
    acts.fill_in(clerk, title, people=80)
    clerk.get_by_label("席签", exact=True).check()
    clerk.locator("[name=_add]").click()
    clerk.locator("[name$=-name]").last.fill("沈立群")
    clerk.locator("[name$=-post]").last.fill("副市长")
    expect(clerk.locator("#title")).to_have_value(title)
    acts.send(clerk)
    expect(summary.locator("li")).to_have_text([re.compile("席签")])
    clerk.locator(".reveal:has([aria-invalid=true]) .in").fill("按名单摆放")
    acts.send(clerk)
    number = acts.number_of(clerk)
    acts.expect_state(clerk, "待审核")
    expect(clerk.locator("main")).to_contain_text("沈立群 副市长")
    expect(clerk.locator("main")).to_contain_text("按名单摆放")

    # The administrator finds it at home and in the inbox, and approves.
    reviewer = open_as("meetings-admin", "/", java_script_enabled=scripts)
    expect(reviewer.locator(".inbox .t").first).to_contain_text(title)
    reviewer.locator("a.more[href^='/inbox']").click()
    reviewer.locator(".inbox .t", has_text=title).click()
    expect(reviewer).to_have_url(re.compile(number))
    acts.decide(reviewer, "approve", "同意")
    acts.expect_state(reviewer, "已通过")
    reviewer.goto("/inbox")
    expect(reviewer.locator(".inbox .t", has_text=title)).to_have_count(0)

    # The clerk asks for more seats; the administrator sees old and new beside each other and says no.
    clerk.goto(f"/cases/{number}")
    clerk.locator(f"a[href='/meetings/change/{number}']:visible").click()
    clerk.fill("#people", "110")
    acts.send(clerk)
    acts.number_of(clerk)
    acts.expect_state(clerk, "变更待审")
    reviewer.goto(f"/cases/{number}")
    row = reviewer.locator(".diff tr", has_text="参会人数")
    expect(row.locator(".old")).to_have_text("80")
    expect(row.locator(".new")).to_have_text("110")
    acts.decide(reviewer, "reject_change")
    expect(reviewer.locator("#opinion-err")).to_be_visible()
    acts.decide(reviewer, "reject_change", "座位不够")
    acts.expect_state(reviewer, "已通过")

    # The booking is as it was, and the clerk is told.
    clerk.goto(f"/meetings/change/{number}")
    expect(clerk.locator("#people")).to_have_value("80")
    clerk.goto("/notifications")
    expect(clerk.locator(".notices li.unread").first).to_contain_text("座位不够")


@SCRIPTS
def test_a_meeting_is_cancelled_with_a_reason(open_as, watch, scripts):
    watch.expect(422)
    page = open_as("staff2", acts.NEXT_WEEK, java_script_enabled=scripts)
    number = acts.book(page, "主题党日活动", "党员活动室")
    page.goto("/meetings/mine")
    page.locator(f"a[href='/meetings/cancel/{number}']").click()
    form = "form[action^='/meetings/cancel']"
    acts.send(page, form)
    expect(page.locator(".error-summary li")).to_have_text([re.compile("取消原因")])
    page.locator("[name=reason]").first.check()
    page.fill("#text", "参会领导另有安排")
    acts.send(page, form)
    expect(page.locator(".flash-ok")).to_be_visible()
    page.goto(f"/cases/{number}")
    acts.expect_state(page, "已取消")
    expect(page.locator(".timeline")).to_contain_text("参会领导另有安排")


def test_of_two_administrators_the_slower_reads_who_was_faster(open_as, watch):
    watch.expect(409)
    number = acts.book(open_as("staff"), "项目评审会", "西会议室")
    slow, fast = (open_as(login, f"/cases/{number}") for login in ("meetings-admin", "meetings-admin"))
    acts.decide(fast, "approve")
    acts.expect_state(fast, "已通过")
    acts.decide(slow, "reject", "时间冲突")
    expect(slow.locator("h1")).to_have_text("已由 周敏 办理")
    expect(slow.locator("main")).to_contain_text("时间冲突")
    slow.get_by_role("link", name="查看当前状态").click()
    acts.expect_state(slow, "已通过")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_a_meeting_that_is_over_is_rated_with_the_keyboard_alone(open_as, size):
    page = open_as("staff", "/meetings/ratings", **size)
    page.locator(".inbox a.t").first.focus()
    page.keyboard.press("Enter")
    questions = page.locator(".matrix tbody tr")
    expect(questions).to_have_count(5)
    page.locator(".matrix input").first.focus()
    for number in range(5):
        page.keyboard.press("Space")
        for _ in range(number % 4):
            page.keyboard.press("ArrowRight")
        expect(questions.nth(number).locator("input").nth(number % 4)).to_be_checked()
        page.keyboard.press("Tab")
    page.keyboard.type("茶水很好")
    # The box for a complaint and the way back come before the button.
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#evaluation .btn-p:visible")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".flash-ok")).to_be_visible()
    page.goto("/meetings/ratings?tab=done")
    expect(page.locator(".inbox li").first).to_contain_text("已评价")
