"""The inbox's lists and the page of a case, in a browser without JavaScript."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from portal_core.calendar.rules import SEASONS, Calendar
from portal_core.clock import FixedClock
from portal_core.inbox.models import Case, Task
from portal_core.inbox.queries import PAGE
from portal_core.inbox.services import CaseService
from portal_core.inbox.wording import due_text, short_moment
from portal_core.testing.fixtures import NOW, count_statements
from tests import trial
from tests.trial import apply_for, draft

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people


@pytest.fixture
def case(app, people):
    """The number of an application of 杨晓 that awaits its review."""
    with app.services() as services:
        return apply_for(services, people.clerk).number


def titles(page):
    return [link.text for link in page.html.select(".inbox a.t")]


def tabs(page):
    return {link.contents[0].strip(): link.select_one(".num").text for link in page.html.select(".tabs a")}


def facts(page):
    return {fact.select_one("dt").text: fact.select_one("dd").text.strip() for fact in page.html.select(".kv > div")}


def decide(page, action, opinion=""):
    form = page.forms[next(key for key, form in page.forms.items() if form.action.endswith("/act"))]
    form["opinion"] = opinion
    return form.submit("action", value=action, expect_errors=True)


def case_of(app, number):
    with app.reading() as session:
        return session.scalar(sa.select(Case).where(Case.number == number))


# -- lists -------------------------------------------------------------------------------------------------------------


def test_a_todo_says_what_from_whom_and_until_when(app, people, case):
    app.login(people.li)
    page = app.get("/inbox")
    (row,) = page.html.select(".inbox li")
    assert titles(page) == ["打印纸 20 箱 · 待您审核"]
    assert [span.text for span in row.select(".m span")] == ["物品申领", "财政局 杨晓", "打印纸", "20 箱"]
    assert (row.select_one(".st").text, row.select_one(".due").text) == ("待审核", "今天 13:30 前")
    assert row.select_one(".btn").contents[0] == "审核"
    assert row.select_one(".btn")["href"] == row.select_one(".t")["href"] == f"/cases/{case}"


def test_what_is_late_is_red_and_says_how_late(app, people, case):
    app.portal.clock.advance(hours=7, minutes=1)
    app.login(people.li)
    row = app.get("/inbox").html.select_one(".inbox li")
    assert (row.select_one(".st-bad").text, row.select_one(".late").text) == ("已超时", "逾期 2 个工作小时")


def test_every_tab_lists_as_many_as_it_counts(app, people, case):
    with app.services() as services:
        draft(services, people.clerk, "没写完的")
    app.login(people.li)
    decide(app.get(f"/cases/{case}"), "approve")
    assert tabs(app.get("/inbox")) == {"待办": "0", "已办": "1", "我发起的": "0", "待阅": "0", "草稿": "0"}
    assert titles(app.get("/inbox?tab=done")) == ["打印纸 20 箱"]
    other = app.another()
    other.login(people.clerk)
    counts = tabs(other.get("/inbox"))
    assert counts == {"待办": "1", "已办": "0", "我发起的": "1", "待阅": "1", "草稿": "1"}
    for key, title in (("todo", "待办"), ("done", "已办"), ("mine", "我发起的"), ("read", "待阅"), ("draft", "草稿")):
        assert len(titles(other.get(f"/inbox?tab={key}"))) == int(counts[title])
    assert other.get("/inbox").html.select_one(".inbox .btn")["href"] == f"/trial/rate/{case}"


def test_an_empty_list_says_so(app, people):
    app.login(people.stranger)
    for tab in ("todo", "done", "mine", "read", "draft"):
        assert app.get(f"/inbox?tab={tab}").html.select_one(".empty b").text


def test_pages_follow_each_other_without_gap_or_double(app, people):
    with app.services() as services:
        for number in range(1, 46):
            apply_for(services, people.clerk, f"第 {number} 件")
    app.login(people.li)
    page, seen = app.get("/inbox"), []
    assert "回到第一页" not in page
    while True:
        seen += titles(page)
        if not page.html.select('a[rel="next"]'):
            break
        page = page.click(linkid=None, href=re.escape(page.html.select_one('a[rel="next"]')["href"]))
    assert seen == [f"第 {number} 件 · 待您审核" for number in range(45, 0, -1)]
    assert titles(page.click("回到第一页"))[0] == "第 45 件 · 待您审核"


def test_more_rows_on_a_page_for_those_who_want_them(app, people):
    with app.services() as services:
        for number in range(1, 62):
            apply_for(services, people.clerk, f"第 {number} 件")
    app.login(people.li)
    page = app.get("/inbox")
    sizes = [(link.text, link.get("aria-current")) for link in page.html.select(".sizes a")]
    assert sizes == [("10", "true"), ("50", None), ("100", None)]
    with count_statements(app.portal.database.engine) as few:
        assert len(titles(app.get("/inbox"))) == 10
    with count_statements(app.portal.database.engine) as many:
        page = app.get("/inbox?tab=todo&size=50")
    assert (len(titles(page)), many.count) == (50, few.count)
    assert titles(page.click("下一页")) == [f"第 {number} 件 · 待您审核" for number in range(11, 0, -1)]
    assert len(titles(app.get("/inbox?tab=todo&size=100"))) == 61
    app.get("/inbox?tab=todo&size=1000", status=400)
    assert "每页行数" not in app.get("/inbox?tab=done")


@pytest.mark.parametrize("tab", ["mine", "done"])
def test_the_other_lists_have_pages_too(app, people, tab):
    with app.services() as services:
        for number in range(1, PAGE + 3):
            made = apply_for(services, people.clerk, f"第 {number} 件")
            services.get(CaseService).perform(made, "approve", people.li.identity, version=2)
    app.login(people.clerk if tab == "mine" else people.li)
    first = app.get(f"/inbox?tab={tab}")
    second = app.get(first.html.select_one('a[rel="next"]')["href"])
    assert titles(first) + titles(second) == [f"第 {number} 件" for number in range(PAGE + 2, 0, -1)]


def test_what_people_type_is_neither_markup_nor_translated(app, people):
    with app.services() as services:
        apply_for(services, people.clerk, "<b>Home</b> ${verb}", summary=[("Kind", "<i>View</i>")])
    app.login(people.li)
    page = app.get("/inbox")
    assert titles(page) == ["<b>Home</b> ${verb} · 待您审核"]
    assert "<i>View</i>" in [span.text for span in page.html.select(".inbox .m span")]


@pytest.mark.parametrize(
    "query", ["tab=x", "tab=", "before=x", "before=-1", "before=0", f"before={2**70}", "before=9999999999", "tab=%00", "tab=%ff"]
)
def test_nonsense_in_the_address_is_no_fault_of_the_server(app, people, case, query):
    app.login(people.li)
    assert app.get(f"/inbox?{query}", expect_errors=True).status_int in (200, 400)


def test_a_list_costs_the_same_with_many_rows(app, people, case):
    app.login(people.li)
    app.get("/inbox")
    with count_statements(app.portal.database.engine) as few:
        app.get("/inbox")
    with app.services() as services:
        for _number in range(30):
            apply_for(services, people.clerk)
    with count_statements(app.portal.database.engine) as many:
        app.get("/inbox")
    assert few.count == many.count <= 7, many.texts


# -- the page of a case ------------------------------------------------------------------------------------------------


def test_a_case_shows_what_it_is_and_what_one_may_do(app, people, case):
    app.login(people.li)
    page = app.get(f"/cases/{case}")
    assert page.html.select_one("h1").text == "打印纸 20 箱"
    assert page.html.select_one(".page-head .st").text == "待审核"
    assert [step.contents[0] for step in page.html.select(".steps li")] == ["待审核", "已通过", "已评价"]
    assert facts(page) == {"类型": "物品申领", "申请人": "财政局 杨晓", "创建时间": "2026-11-24 09:30"}
    assert [b.text for b in page.html.select(".decide .actions.hide-s .btn")] == ["同意", "退回", "驳回", "批注", "变更"]
    assert "退回、驳回时必填" in page
    assert "物品管理员审核申领" in page.html.select_one(".why").text
    assert "待 李静、周敏 办理" in page.html.select_one(".timeline .wait").text
    assert "领用须知" in page


def test_the_applicant_sees_their_own_buttons(app, people, case):
    app.login(people.clerk)
    page = app.get(f"/cases/{case}")
    assert [b.text for b in page.html.select(".decide .actions.hide-s .btn")] == ["撤回", "取消", "变更"]


def test_approving_by_the_form(app, people, case):
    app.login(people.li)
    answer = decide(app.get(f"/cases/{case}"), "approve", "同意")
    assert (answer.status_int, answer.headers["Location"]) == (303, f"http://localhost/cases/{case}")
    page = answer.follow()
    assert page.html.select_one(".flash-ok span").text == "操作成功：同意"
    lines = page.html.select(".timeline li")
    assert [line.select_one("b").text for line in lines] == ["提交", "同意", "等待评价"]
    assert "机关事务中心 李静" in lines[1].text
    assert lines[1].select_one(".opinion").text == "同意"
    assert case_of(app, case).state == "approved"


def test_a_missing_opinion_comes_back_at_its_field(app, people, case):
    app.login(people.li)
    answer = decide(app.get(f"/cases/{case}"), "return", "  ")
    assert answer.status_int == 422
    box = answer.html.select_one("#opinion")
    assert (box["aria-invalid"], box["aria-describedby"]) == ("true", "opinion-hint opinion-err")
    assert answer.html.select_one("#opinion-err").text.strip() == "请填写理由"
    assert answer.html.select_one(".error-summary a")["href"] == "#opinion"
    assert decide(answer, "return", "请补充用途").status_int == 303
    assert case_of(app, case).state == "returned"


def test_too_long_an_opinion_is_not_lost(app, people, case):
    app.login(people.li)
    text = "\n 意见 " * 400
    answer = decide(app.get(f"/cases/{case}"), "approve", text)
    assert answer.status_int == 422
    assert answer.html.select_one("#opinion").text.count("意见") == 400
    assert case_of(app, case).version == 2


def test_the_second_of_two_administrators_reads_who_was_first(app, people, case):
    first, second = app.another(), app.another()
    first.login(people.li)
    second.login(people.zhou)
    one, two = first.get(f"/cases/{case}"), second.get(f"/cases/{case}")
    assert decide(one, "approve").status_int == 303
    answer = decide(two, "reject", "数量太多")
    assert answer.status_int == 409
    assert answer.html.select_one("h1").text == "已由 李静 办理"
    assert "2026-11-24 09:30" in answer
    assert "数量太多" in answer
    assert answer.click("查看当前状态").html.select_one(".page-head .st").text == "已通过"
    assert case_of(app, case).state == "approved"


def test_an_act_that_is_not_offered_leaves_the_page_with_its_reason(app, people, case):
    app.login(people.clerk)
    page = app.get(f"/cases/{case}")
    with app.services() as services:
        services.session.execute(sa.update(Case).values(title="不可取消的申领"))
    answer = decide(page, "cancel", "不要了")
    assert answer.status_int == 409
    assert "当前状态下不能进行此操作" in answer.html.select_one(".error-summary").text
    # A browser drops the line end after <textarea>, which is there so that it cannot drop one that was typed.
    assert answer.html.select_one("#opinion").text == "\n不要了"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "approve"}, 400),
        ({"action": "approve", "version": "x"}, 400),
        ({"action": "approve", "version": str(2**80)}, 400),
        ({"action": "approve", "version": "99"}, 409),
        ({"action": "", "version": "2"}, 409),
        ({"action": "burn" * 500, "version": "2"}, 409),
        ({"version": "2"}, 409),
        ({"action": "withdraw", "version": "2"}, 403),
        ({"action": "lapse", "version": "2"}, 403),
        ({"action": "submit", "version": "2"}, 409),
    ],
)
def test_forged_acts_change_nothing(app, people, case, fields, status):
    app.login(people.li)
    token = app.get(f"/cases/{case}").html.select_one("input[name=csrf_token]")["value"]
    app.post(f"/cases/{case}/act", {"csrf_token": token, **fields}, status=status)
    assert case_of(app, case).version == 2


def test_an_act_needs_its_token(app, people, case):
    app.login(people.li)
    app.post(f"/cases/{case}/act", {"action": "approve", "version": "2"}, status=400)
    assert case_of(app, case).state == "pending"


def test_unknown_and_forbidden_cases_look_alike(app, people, case):
    app.login(people.stranger)
    token = app.get("/inbox").html.select_one("input[name=csrf_token]")["value"]
    pages = [app.get(f"/cases/{number}", status=404) for number in (case, "WP20261124-999")]
    assert pages[0].html.select_one("main").text == pages[1].html.select_one("main").text
    for number in ("x", "WP20261124", "WP20261124-1/../2", "W" * 400):
        app.get(f"/cases/{number}", status=404)
    app.post(f"/cases/{case}/act", {"csrf_token": token, "action": "approve", "version": "2"}, status=404)


def test_a_login_is_asked_for(app, people, case):
    assert "/login?next=" in app.get(f"/cases/{case}", status=303).headers["Location"]
    assert "/login?next=" in app.get("/inbox", status=303).headers["Location"]


def test_opening_a_case_notes_the_first_sight_of_those_who_may_act(app, people, case):
    def first_seen():
        with app.reading() as session:
            return session.scalar(sa.select(Task.first_seen))

    app.login(people.clerk)
    app.get(f"/cases/{case}")
    assert first_seen() is None
    other = app.another()
    other.login(people.zhou)
    other.get(f"/cases/{case}")
    seen = first_seen()
    assert seen == app.portal.clock.now()
    app.portal.clock.advance(minutes=5)
    other.get(f"/cases/{case}")
    assert first_seen() == seen


def test_what_was_to_be_read_is_read_by_opening_the_case(app, people, case):
    with app.services() as services:
        cases = services.get(CaseService)
        cases.perform(services.session.scalar(sa.select(Case)), "approve", people.li.identity, version=2)
    app.login(people.clerk)
    assert titles(app.get("/inbox?tab=read")) == ["打印纸 20 箱"]
    app.get(f"/cases/{case}")
    page = app.get("/inbox?tab=read")
    assert (titles(page), tabs(page)["待阅"], tabs(page)["已办"]) == ([], "0", "0")


def test_a_broken_panel_costs_only_itself(app, people):
    with app.services() as services:
        number = apply_for(services, people.clerk, "坏面板").number
    app.login(people.li)
    page = app.get(f"/cases/{number}")
    assert "同意" in page
    assert "领用须知" not in page
    assert facts(page)["物品"] == "打印纸"


def test_a_case_of_an_absent_plugin_can_be_read(app, people, case, monkeypatch):
    monkeypatch.delitem(app.portal.flows, "trial.thing")
    app.login(people.clerk)
    page = app.get(f"/cases/{case}")
    assert "此事项所属模块已停用" in page
    assert page.html.select(".decide") == []
    assert page.html.select_one(".page-head .st").text == "待审核"
    assert titles(app.get("/inbox?tab=mine")) == ["打印纸 20 箱"]
    assert "模块停用" in app.get("/inbox?tab=mine")


def test_changes_are_shown_old_and_new(app, people, case):
    with app.services() as services:
        found = services.session.scalar(sa.select(Case))
        services.get(CaseService).perform(found, "note", people.li.identity, version=2, data={"changes": [["数量", 20, 10]]})
    app.login(people.li)
    line = app.get(f"/cases/{case}").html.select(".timeline li")[1]
    assert (line.select_one("del").text, line.select_one("ins").text) == ("20", "10")


def test_due_words():
    """Wording near the borders of an hour, a day and the users' midnight; what is late is counted in working time."""
    clock = FixedClock(NOW)
    calendar = Calendar(clock, SEASONS, {})

    def words(**left):
        text = due_text(Task(due=NOW + dt.timedelta(**left), created=NOW), clock, calendar)
        return text.interpolate()

    assert words(minutes=5) == "by 09:35 today"
    assert words(hours=14, minutes=29) == "by 23:59 today"
    assert words(hours=14, minutes=30) == "1 days left"
    assert words(days=3) == "3 days left"
    assert words(seconds=-5) == "1 working minutes overdue"
    assert words(minutes=-59) == "59 working minutes overdue"
    # Since half past ten on Sunday: Monday's six and a half hours and this morning's one.
    assert words(hours=-47) == "7 working hours overdue"
    assert words(days=-7) == "5 working days overdue"
    assert words(days=-364) == f"{sum(map(calendar.is_working_day, days_back(364)))} working days overdue"
    assert words(days=-365) == "More than 365 days overdue"
    assert due_text(Task(due=None, created=NOW), clock, calendar) == "09:30"
    assert short_moment(NOW - dt.timedelta(days=1), clock) == "11-23"
    assert short_moment(NOW - dt.timedelta(days=365), clock) == "2025-11-24"


def days_back(count):
    return [NOW.date() - dt.timedelta(days=day) for day in range(count)]
