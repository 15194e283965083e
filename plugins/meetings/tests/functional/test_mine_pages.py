"""我的预约, 变更 and 会议取消申请."""

import datetime as dt

import pytest

from portal_core.api import CaseService
from portal_core.testing.fixtures import count_statements
from portal_meetings.services.mine import PAGE


@pytest.fixture
def browser(app, clerk, place):
    """The application with the clerk logged in."""
    app.login(clerk)
    return app


def titles(page):
    return [a.text for a in page.html.select("table.tbl tbody th a")]


def row(page, title):
    """The line of the list with ``title``."""
    return next(tr for tr in page.html.select("table.tbl tbody tr") if tr.select_one("th a").text == title)


def test_what_comes_up_is_listed_next_meeting_first(browser, book, clerk, other, place):
    book(clerk, place.east, "2026-11-27", "09:00", "10:00", title="周五的会")
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="周四的会")
    book(other, place.half, "2026-11-26", "09:00", "10:00", title="别人的会")
    assert titles(browser.get("/meetings/mine")) == ["周四的会", "周五的会"]


def test_view_change_and_cancel_are_offered_until_the_meeting_starts(browser, book, clerk, reviewer, place):
    number = book(clerk, place.east, "2026-11-24", "10:00", "11:00", title="今天的会", approve=reviewer)
    links = {a["href"] for a in row(browser.get("/meetings/mine"), "今天的会").select("a")}
    assert links == {f"/cases/{number}", f"/meetings/change/{number}", f"/meetings/cancel/{number}"}
    browser.portal.clock.advance(minutes=31)
    browser.login(clerk)
    started = row(browser.get("/meetings/mine"), "今天的会")
    assert {a["href"] for a in started.select("a")} == {f"/cases/{number}"}
    assert "进行中" in started.text
    browser.get(f"/meetings/change/{number}", status=409)
    browser.get(f"/meetings/cancel/{number}", status=409)


def test_filters(browser, book, clerk, reviewer, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="预算编制讨论")
    book(clerk, place.hall, "2026-11-27", "09:00", "10:00", title="文艺汇演 100%", approve=reviewer)
    for query, expected in (
        ("title=%E9%A2%84%E7%AE%97", ["预算编制讨论"]),
        ("title=%25", ["文艺汇演 100%"]),
        (f"room={place.hall}", ["文艺汇演 100%"]),
        ("state=pending", ["预算编制讨论"]),
        ("date=2026-11-27", ["文艺汇演 100%"]),
        ("state=rejected", []),
    ):
        assert titles(browser.get(f"/meetings/mine?tab=all&{query}")) == expected, query
    assert "没有找到" in browser.get("/meetings/mine?title=x").text


@pytest.mark.parametrize(
    "query",
    [
        "tab=x",
        "room=x",
        "state=x",
        "date=x",
        "after=x",
        "after=1",
        "after=1-" + "9" * 30,
        "after=99999999999-1",
        "title=" + "x" * 200,
    ],
)
def test_nonsense_in_the_address_is_no_fault(browser, query):
    assert browser.get(f"/meetings/mine?{query}", status="*").status_int in (200, 400)


def test_long_lists_are_paged_by_key_and_every_page_costs_the_same(browser, book, clerk, place):
    first = dt.date(2026, 12, 1)
    for n in range(PAGE + 3):
        book(clerk, place.east, (first + dt.timedelta(days=n)).isoformat(), "09:00", "10:00", title=f"会议 {n:02}")
    with count_statements(browser.portal.database.engine) as statements:
        page = browser.get("/meetings/mine?tab=all")
    assert statements.count <= 6, statements.texts
    assert len(titles(page)) == PAGE and titles(page)[0] == f"会议 {PAGE + 2:02}"
    following = browser.get(page.html.find("a", rel="next")["href"])
    assert titles(following) == ["会议 02", "会议 01", "会议 00"]
    assert following.html.find("a", string="首页") and not following.html.find("a", rel="next")


def test_a_pending_booking_is_edited_at_once(browser, book, clerk, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="旧名称")
    form = browser.get(f"/meetings/change/{number}").forms["book-form"]
    assert (form["title"].value, form["start"].value, form["people"].value) == ("旧名称", "09:00", "10")
    form["title"] = "新名称"
    case = form.submit("_submit", index=0).follow()
    assert "新名称" in case.text and "待审核" in case.text and "变更已提交" in case.text


def test_a_change_of_an_approved_booking_keeps_the_old_slot_until_it_is_decided(app, browser, book, clerk, reviewer, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="例会", approve=reviewer)
    page = browser.get(f"/meetings/change/{number}")
    assert "原会议室和时间继续为您保留" in page.text
    form = page.forms["book-form"]
    form["room"], form["date"] = str(place.hall), "2026-11-27"
    case = form.submit("_submit", index=0).follow()
    assert "变更待审" in case.text
    diff = {
        tr.th.text: (tr.select_one(".old").text, tr.select_one(".new").text) for tr in case.html.select("table.diff tbody tr")
    }
    assert diff["会议室"] == ("东会议室", "多功能厅")
    assert diff["开始时间"] == ("2026-11-26 09:00", "2026-11-27 09:00")
    browser.get(f"/meetings/change/{number}", status=409)


def test_a_stale_form_is_refused_with_what_was_typed(app, browser, book, clerk, reviewer, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    form = browser.get(f"/meetings/change/{number}").forms["book-form"]
    form["title"] = "我的修改"
    with app.services() as services:
        cases = services.get(CaseService)
        cases.perform(cases.visible(number, reviewer.identity), "approve", reviewer.identity)
    page = form.submit("_submit", index=0, status=409)
    assert "已由周敏办理" in page.text or "周敏" in page.text
    assert page.forms["book-form"]["title"].value == "我的修改"


@pytest.mark.parametrize("version", ["", "0", "99", "x", "9" * 40, "-1"])
def test_a_forged_version_is_refused(browser, book, clerk, place, version):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    form = browser.get(f"/meetings/change/{number}").forms["book-form"]
    form["title"], form["version"] = "改名", version
    form.submit("_submit", index=0, status=409)


def test_a_change_to_a_taken_time_is_answered_with_alternatives(browser, book, clerk, other, reviewer, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00", approve=reviewer)
    book(other, place.east, "2026-11-26", "14:00", "15:00", title="挡路的会")
    form = browser.get(f"/meetings/change/{number}").forms["book-form"]
    form["start"], form["end"] = "14:00", "15:00"
    page = form.submit("_submit", index=0, status=409)
    assert "挡路的会" in page.text and page.html.select("button[name=_use]")
    assert titles(browser.get("/meetings/mine")) == ["工作例会"]


def test_bookings_of_others_look_like_none(app, browser, book, other, place):
    number = book(other, place.east, "2026-11-26", "09:00", "10:00")
    for page in ("change", "cancel"):
        browser.get(f"/meetings/{page}/{number}", status=404)
        browser.get(f"/meetings/{page}/HY20200101-001", status=404)
        browser.get(f"/meetings/{page}/%20", status=404)


def test_cancelling_asks_for_a_reason_and_frees_the_room(browser, book, clerk, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="不开了")
    page = browser.get(f"/meetings/cancel/{number}")
    assert "会议取消申请" in page.text and "不开了" in page.text
    form = next(f for f in page.forms.values() if f.action.endswith(number))
    refused = form.submit(status=422)
    assert "请选择取消原因" in refused.text or "请选择原因" in refused.text
    form["reason"] = "other"
    assert "请填写原因" in form.submit(status=422).text
    form["reason"], form["text"] = "dropped", "领导出差"
    case = form.submit().follow()
    assert "已取消" in case.text and "领导出差" in case.text
    assert "不开了" in browser.get("/meetings/mine?tab=all").text, "a cancelled meeting stays visible"
    assert not browser.get("/meetings/?date=2026-11-26").html.select("table.bk .mine")
    book(clerk, place.east, "2026-11-26", "09:00", "10:00")


def test_cancelling_twice_is_a_conflict(browser, book, clerk, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    form = next(f for f in browser.get(f"/meetings/cancel/{number}").forms.values() if f.action.endswith(number))
    form["reason"] = "dropped"
    form.submit()
    form.submit(status=409)


def test_a_forged_reason_or_version_is_refused(browser, book, clerk, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    form = next(f for f in browser.get(f"/meetings/cancel/{number}").forms.values() if f.action.endswith(number))
    form["reason"] = "dropped"
    values = dict(form.submit_fields())
    browser.post(f"/meetings/cancel/{number}", values | {"reason": "x"}, status=422)
    browser.post(f"/meetings/cancel/{number}", values | {"version": "77"}, status=409)
    browser.post(f"/meetings/cancel/{number}", values | {"text": "x" * 5000}, status=422)


def test_the_case_page_links_to_change_and_cancel(browser, book, clerk, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    hrefs = {a.get("href") for a in browser.get(f"/cases/{number}").html.select("a")}
    assert {f"/meetings/change/{number}", f"/meetings/cancel/{number}"} <= hrefs
