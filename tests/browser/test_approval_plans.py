"""An administrator sets two stages for bookings; a clerk sees them ahead, and both are passed, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import acts

pytestmark = pytest.mark.browser

STEP = "/admin/approvals/meetings.booking/review"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@SCRIPTS
def test_two_stages_from_the_setting_to_the_last_yes(open_as, scripts):
    admin = open_as("admin", "/admin/approvals", java_script_enabled=scripts)
    admin.locator(f"a[href='{STEP}']").click()
    if scripts:
        set_two_stages(admin)

    # The clerk reads who will decide before anything is sent.
    title = f"季度例会{'一' if scripts else '二'}"
    clerk = open_as("staff", acts.NEXT_WEEK, java_script_enabled=scripts)
    acts.free_cells(clerk, "东会议室").first.click()
    path = clerk.locator("#slot-check .path li")
    expect(path).to_have_text([re.compile("部门负责人"), re.compile("会议室管理员.*周敏", re.DOTALL)])
    acts.fill_in(clerk, title)
    acts.send(clerk)
    number = acts.number_of(clerk)
    acts.expect_state(clerk, "待审核")
    expect(clerk.locator(".path .now")).to_contain_text("部门负责人")

    # The head of the unit agrees: it is not approved yet.
    first = open_as("unit-leader", f"/cases/{number}", java_script_enabled=scripts)
    acts.decide(first, "approve", "同意使用")
    acts.expect_state(first, "待审核")
    expect(first.locator(".path .done")).to_contain_text("部门负责人")

    # The room's administrators decide.
    second = open_as("meetings-admin", "/inbox", java_script_enabled=scripts)
    second.locator(".inbox .t", has_text=title).click()
    expect(second.locator(".why")).to_contain_text("第 2 步")
    acts.decide(second, "approve", "可以安排")
    acts.expect_state(second, "已通过")
    timeline = clerk.locator(".timeline")
    clerk.reload()
    expect(timeline.locator("li b")).to_have_text(["提交", "同意", "同意"])
    expect(timeline).to_contain_text("同意使用")
    expect(timeline).to_contain_text("可以安排")


def set_two_stages(admin):
    """部门负责人, then the administrators of rooms, tried for 杨晓 before it is saved."""
    admin.fill("#stages-0-title", "部门负责人")
    admin.select_option("#stages-0-rule", "leader")
    expect(admin.locator("#stages-0-users")).to_be_hidden()
    admin.get_by_role("button", name="增加一步").click()
    admin.fill("#stages-1-title", "会议室管理员")
    admin.select_option("#stages-1-rule", "role")
    expect(admin.locator("#stages-1-role")).to_be_visible()
    admin.select_option("#stages-1-role", "meetings-admin")
    admin.fill("#applicant", "staff")
    admin.get_by_role("button", name="看看由谁审批").click()
    expect(admin.locator(".path li")).to_have_count(2)
    admin.get_by_role("button", name="保存为新版本").locator("visible=true").click()
    expect(admin.locator(".flash-ok")).to_contain_text("已保存")
    expect(admin.locator("tbody tr").first).to_contain_text("部门负责人 → 会议室管理员")
