"""The inbox's acts on a booking as people do them, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import acts

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def further(page, name):
    """Open 更多操作 and press what is called ``name`` there."""
    details = page.locator(".further details")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator(".actions .btn", has_text=name).click()


def choose(page, text, name, scripts):
    """Find ``text`` in the search for people and tick ``name``."""
    page.locator("#q").fill(text)
    if not scripts:
        page.locator("[name=_find]").click()
    page.locator(".people-list label", has_text=name).locator("input").check()


def send(page):
    page.locator("form:has(#q) .btn-p:visible").last.click()


@SCRIPTS
def test_hand_over_sign_copy_urge_and_stand_in(open_as, watch, scripts):
    room = {"java_script_enabled": scripts}
    clerk = open_as("staff", "/", **room)
    number = acts.book(clerk, f"加签讨论会{'一' if scripts else '二'}")

    # The applicant sends a copy and urges once; the page then says from when it is possible again.
    further(clerk, "抄送")
    choose(clerk, "沈", "沈立群", scripts)
    send(clerk)
    expect(clerk.locator(".flash-ok")).to_contain_text("已抄送给 沈立群")
    further(clerk, "催办")
    expect(clerk.locator(".further")).to_contain_text("起可再次催办")

    # The reviewer uses a phrase, asks for a signature before, and waits.
    reviewer = open_as("meetings-admin", f"/cases/{number}", **room)
    if scripts:
        reviewer.locator("[data-phrases=opinion] button", has_text="请办理").click()
        expect(reviewer.locator("#opinion")).to_have_value("请办理")
    further(reviewer, "加签")
    choose(reviewer, "沈", "沈立群", scripts)
    reviewer.locator("#sign-before").check()
    send(reviewer)
    expect(reviewer.locator(".further")).to_contain_text("正在等待加签意见")
    expect(reviewer.locator(".decide button[value=approve]")).to_have_count(0)

    leader = open_as("leader", f"/cases/{number}", **room)
    leader.locator("form.decide button[value=agree]:visible").click()
    expect(leader.locator(".timeline")).to_contain_text("加签意见：同意")

    # Then the review is handed over to somebody without the right, who leaves it to a stand-in.
    reviewer.goto(f"/cases/{number}")
    further(reviewer, "转办")
    choose(reviewer, "李", "李静", scripts)
    send(reviewer)
    expect(reviewer.locator(".flash-ok")).to_contain_text("李静")
    absent = open_as("staff2", "/account/delegations", **room)
    choose(absent, "沈", "沈立群", scripts)
    absent.locator("form:has(#q) .btn-p:visible").last.click()
    expect(absent.locator(".tbl").first).to_contain_text("沈立群")
    leader.goto("/inbox")
    row = leader.locator(".inbox li", has_text="加签讨论会").first
    expect(row.locator(".tag")).to_have_text("代 李静")
    row.locator(".t").click()
    expect(leader).to_have_url(re.compile(number))
    acts.decide(leader, "approve", "同意")
    acts.expect_state(leader, "已通过")
    expect(leader.locator(".timeline")).to_contain_text("沈立群 代 李静")
    absent.goto("/account/delegations")
    absent.get_by_role("button", name=re.compile("提前结束")).first.click()
    expect(absent.locator(".st-mute").first).to_have_text("已结束")
