"""The loop of an evaluation in a browser: a low rating, the answer of those in charge, and the rater who reads it."""

import pytest
from playwright.sync_api import expect

from tests.browser import acts

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_rating_of_two_points_is_answered_and_the_rater_reads_it(open_as, watch, scripts):
    watch.expect(422)
    rater = open_as("staff", "/meetings/ratings", java_script_enabled=scripts)
    rater.locator(".inbox a.t").last.click()
    subject = rater.url
    for number, row in enumerate(rater.locator(".matrix tbody tr").all()):
        row.locator("input").nth(3 if number == 1 else 0).check()
    rater.fill("#comment", "茶水凉了，没有人加水")
    acts.send(rater, "#evaluation")
    expect(rater.locator(".flash-ok")).to_be_visible()

    keeper = open_as("meetings-admin", "/inbox", java_script_enabled=scripts)
    keeper.locator(".inbox li", has_text="整改").first.locator("a.btn").click()
    expect(keeper.locator("main")).to_contain_text("茶水凉了，没有人加水")
    form = "form[action^='/followups/']"
    acts.send(keeper, form)
    expect(keeper.locator("#opinion-err")).to_be_visible()
    keeper.fill("#opinion", "已更换保温壶，安排专人续水")
    acts.send(keeper, form)
    expect(keeper.locator(".page-head .st")).to_have_text("已答复")

    rater.goto(subject)
    expect(rater.locator("[aria-labelledby=h-follow-up]")).to_contain_text("已更换保温壶，安排专人续水")
    rater.goto("/notifications")
    expect(rater.locator(".notices li.unread").first).to_contain_text("您的评价已有答复")
    rater.goto(subject)
    rater.get_by_role("link", name="确认整改结果").click()
    rater.locator("form.decide button[value=accept]:visible").click()
    expect(rater.locator(".page-head .st")).to_have_text("已办结")
