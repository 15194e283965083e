"""办理单: what the sheet says, and who may read it."""

import datetime as dt

from portal_core.inbox.models import Delegation
from portal_core.inbox.services import CaseService
from tests import trial
from tests.trial import apply_for, draft

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people


def test_the_sheet_names_everything_that_was_decided(app, people):
    with app.services() as services:
        case = apply_for(services, people.clerk)
        number = case.number
        services.get(CaseService).perform(case, "approve", people.li.identity, opinion="同意发放", version=2)
    app.login(people.clerk)
    page = app.get(f"/cases/{number}")
    sheet = page.click("打印").html.select_one(".sheet")
    text = sheet.get_text(" ", strip=True)
    for word in (number, "打印纸 20 箱", "财政局 杨晓", "20 箱", "同意发放", "李静", "提交", "已通过", "2026-11-24"):
        assert word in text
    assert sheet.select_one("section .by").get_text(" ", strip=True).startswith("机关事务中心 李静")


def test_who_signed_for_somebody_else_is_named_with_them(app, people, make_user):
    stand_in = make_user("sun", name="孙浩")
    now = app.portal.clock.now()
    with app.services() as services:
        number = apply_for(services, people.clerk).number
        period = {"starts_at": now - dt.timedelta(days=1), "ends_at": now + dt.timedelta(days=1), "created": now}
        services.session.add(Delegation(from_user_id=people.li.id, to_user_id=stand_in.id, created_by_id=people.li.id, **period))
    app.login(stand_in)
    form = next(form for form in app.get(f"/cases/{number}").forms.values() if form.action.endswith("/act"))
    form["opinion"] = "同意"
    form.submit("action", value="approve")
    assert "孙浩（代 李静）" in app.get(f"/cases/{number}/sheet").html.select_one(".sheet").get_text(" ", strip=True)


def test_only_who_may_see_the_case_may_print_it(app, people):
    with app.services() as services:
        number, hidden = apply_for(services, people.clerk).number, draft(services, people.clerk).number
    app.login(people.stranger)
    app.get(f"/cases/{number}/sheet", status=404)
    other = app.another()
    other.login(people.li)
    other.get(f"/cases/{number}/sheet", status=200)
    other.get(f"/cases/{hidden}/sheet", status=404)
