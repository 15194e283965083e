"""Accounts, an import with faults and roles, as the administrator handles them, with and without scripts."""

import pytest
from playwright.sync_api import expect

from portal_core.accounts.sheets import XLSX
from portal_core.testing.inspection import english_words
from portal_core.testing.sheets import xlsx

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def press(page, name):
    """Press the button ``name`` of the page's contents."""
    page.locator("main").get_by_role("button", name=name).click()


@SCRIPTS
def test_a_new_user_logs_in_with_the_password_that_is_shown(open_as, watch, scripts):
    watch.expect(422)
    login = "new-user" if scripts else "new-user-2"
    page = open_as("admin", "/admin/users/new", java_script_enabled=scripts)
    page.fill("#login", "大写")
    press(page, "创建账号")
    expect(page.locator(".error-summary li").first).to_be_visible()
    assert not english_words(page, set())
    page.fill("#login", login)
    page.fill("#name", "顾新")
    page.select_option("#department", label="　财政局")
    press(page, "创建账号")
    password = page.locator("code.secret").inner_text()

    newcomer = open_as(None, "/login", java_script_enabled=scripts)
    newcomer.fill("#username", login)
    newcomer.fill("#password", password)
    newcomer.locator("main .btn-p").click()
    expect(newcomer.locator("#current")).to_be_visible()

    page.locator("main").get_by_role("link", name="完成").click()
    page.locator("main").get_by_role("link", name="角色与权限").click()
    page.select_option("#role", "unit-leader")
    press(page, "授予角色")
    expect(page.locator("#h-why").locator("xpath=../..")).to_contain_text("本单位及下级单位")


@SCRIPTS
def test_a_file_with_faults_is_told_and_its_good_rows_are_imported(open_as, watch, scripts):
    end = "a" if scripts else "b"
    heads = ["*用户名", "*姓名", "*单位", "电话", "角色"]
    rows = [
        [f"good-{end}", "顾一", "财政局", "13900000001", "单位经办人"],
        [f"bad-{end}", "", "财政厅", "电话", ""],
        [f"fine-{end}", "顾二", "市级机关/总工会", "", ""],
    ]
    page = open_as("admin", "/admin/users/import", java_script_enabled=scripts)
    page.set_input_files("#file", {"name": "新人.xlsx", "mimeType": XLSX, "buffer": xlsx([heads, *rows])})
    press(page, "检查文件")
    report = page.locator("#h-problems").locator("xpath=../..")
    expect(report.locator("tbody tr")).to_have_count(3)
    expect(report).to_contain_text("没有单位“财政厅”")
    assert not english_words(page, set())
    press(page, "导入 2 行正确数据")
    with page.expect_download() as download:
        press(page, "领取初始密码")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.goto(f"/admin/users?q=good-{end}")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"/admin/users?q=bad-{end}")
    expect(page.locator("tbody tr")).to_have_count(0)


@SCRIPTS
def test_a_new_role_gets_a_reach(open_as, watch, scripts):
    page = open_as("admin", "/admin/roles/new", java_script_enabled=scripts)
    page.fill("#title", "档案员")
    page.fill("#code", "archivist" if scripts else "archivist-2")
    press(page, "创建角色")
    page.select_option('[name="p.core:case:view_all"]', "department")
    press(page, "保存")
    expect(page.locator('[name="p.core:case:view_all"]')).to_have_value("department")
