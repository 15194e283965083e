"""批量同意 from the list of to-dos, in a browser without JavaScript."""

import pytest

from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.services import PlanService
from portal_core.inbox.services import CaseService
from tests import trial
from tests.trial import apply_for

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people


@pytest.fixture
def numbers(app, people):
    """Three applications of 杨晓."""
    with app.services() as services:
        return [apply_for(services, people.clerk, f"第 {n} 件").number for n in range(3)]


def agree(app, page, values, **fields):
    token = page.forms["batch"]["csrf_token"].value
    data = [("csrf_token", token), *(("chosen", value) for value in values), *fields.items()]
    return app.post("/inbox/batch", data, expect_errors=True)


def results(page):
    return [(row.select_one(".m .num").text, row.select_one(".st").text) for row in page.html.select("main .inbox li")]


def values(page):
    return [box["value"] for box in page.html.select("input[name=chosen]")]


def test_all_are_agreed_to_at_once(app, people, numbers):
    app.login(people.li)
    page = app.get("/inbox")
    done = agree(app, page, values(page), opinion="同意")
    assert results(done) == [(number, "已同意") for number in numbers]
    assert "已办 3 件，共 3 件" in done.text
    assert values(app.get("/inbox")) == []


def test_each_is_done_or_refused_by_itself(app, people, numbers):
    app.login(people.li)
    page = app.get("/inbox")
    with app.services() as services:
        cases = services.get(CaseService)
        cases.perform(cases.visible(numbers[1], people.zhou.identity), "approve", people.zhou.identity, version=2)
    done = agree(app, page, values(page))
    assert results(done) == [(numbers[0], "已同意"), (numbers[1], "未办理"), (numbers[2], "已同意")]
    assert "已由 周敏 办理" in done.text or "周敏" in done.html.select("main .inbox li")[1].text


def test_a_stage_that_others_follow_says_so(app, people, numbers, make_user):
    with app.services() as services:
        stages = (s.Stage(), s.Stage(rule=s.USER, users=(people.zhou.id,)))
        services.get(PlanService).save(people.li.identity, "trial.thing", "review", s.Plan(stages), 0)
        apply_for(services, people.clerk, "两步")
    app.login(people.li)
    page = app.get("/inbox")
    assert results(agree(app, page, values(page)[:1])) == [(numbers[-1][:-1] + "4", "已同意，转下一步审批")]


def test_what_cannot_be_tried_is_refused(app, people, numbers):
    app.login(people.li)
    page = app.get("/inbox")
    assert agree(app, page, []).status_int == 422
    for forged in ("x", "1", "1:x", "99999999999999999999:1"):
        assert agree(app, page, [forged]).status_int == 400
    assert agree(app, page, [f"{n}:1" for n in range(1, 102)]).status_int == 400
    assert "没有这个事项" in agree(app, page, ["999999:1"]).text


def test_of_others_nothing_is_told_or_done(app, people, numbers):
    app.login(people.li)
    chosen = values(app.get("/inbox"))
    other = app.another()
    other.login(people.stranger)
    token = other.get("/me").html.select_one("input[name=csrf_token]")["value"]
    page = other.post("/inbox/batch", [("csrf_token", token), ("chosen", chosen[0])])
    assert "没有这个事项" in page.text and numbers[-1] not in page.text
