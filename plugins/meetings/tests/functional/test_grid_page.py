"""会议室预约情况: the week, the day, the list, and what each of them says."""

import pytest

from portal_core.testing.fixtures import count_statements
from portal_meetings.models import Room

THIS_WEEK = "/meetings/"


@pytest.fixture
def page(app, clerk, place):
    """Reads the grid as the clerk."""
    app.login(clerk)

    def read(address=THIS_WEEK):
        return app.get(address)

    return read


def cell(page, label):
    """The one link of the week whose label begins with ``label``."""
    found = [a for a in page.html.select("table.bk a") if a["aria-label"].startswith(label)]
    assert len(found) == 1, [a["aria-label"] for a in page.html.select("table.bk a")]
    return found[0]


def test_a_free_cell_leads_to_the_form_with_room_date_and_part(page, place):
    link = cell(page(), "东会议室 11 月 27 日周五下午")
    assert link["aria-label"].endswith("空闲，预约")
    assert link["href"] == f"/meetings/book?room={place.east}&date=2026-11-27&part=pm"
    assert link.has_attr("data-dialog")


def test_past_half_days_are_empty(page):
    labels = [a["aria-label"] for a in page().html.select("table.bk a")]
    assert not [label for label in labels if "11 月 23 日" in label]
    assert [label for label in labels if "11 月 24 日周二上午" in label], "this morning is not over at half past nine"


def test_restricted_rooms_are_shown_without_links(page):
    table = page().html.select_one("table.bk")
    assert "接待室" in table.text
    assert not [a for a in table.select("a.free") if a["aria-label"].startswith("接待室")]


def test_a_booking_shows_its_state_in_class_and_words(page, book, other, reviewer, place):
    book(other, place.east, "2026-11-26", "09:00", "11:00", title="预算编制讨论")
    book(other, place.east, "2026-11-26", "14:00", "16:00", title="采购论证", approve=reviewer)
    shown = page()
    waiting = cell(shown, "东会议室 11 月 26 日周四上午")
    assert "wait" in waiting["class"] and "待审核：预算编制讨论" in waiting["aria-label"] and "机关工委" in waiting["aria-label"]
    assert "待审" in waiting.text
    approved = cell(shown, "东会议室 11 月 26 日周四下午")
    assert "wait" not in approved["class"] and "已预约：采购论证" in approved["aria-label"]


def test_ones_own_booking_is_marked(page, book, clerk, place):
    book(clerk, place.east, "2026-11-26", "09:00", "11:00")
    link = cell(page(), "东会议室 11 月 26 日周四上午")
    assert "mine" in link["class"] and "我的预约" in link["aria-label"]


def test_of_a_confidential_meeting_others_see_only_that_the_room_is_taken(page, book, other, place):
    book(other, place.east, "2026-11-26", "09:00", "11:00", title="机密议题", confidential=True)
    shown = page()
    assert "机密议题" not in shown.text and "机关工委" not in shown.html.select_one("table.bk").text
    assert "已占用" in cell(shown, "东会议室 11 月 26 日周四上午").text


def test_the_reviewer_reads_confidential_meetings(app, place, book, other, reviewer):
    book(other, place.east, "2026-11-26", "09:00", "11:00", title="机密议题", confidential=True)
    app.login(reviewer)
    assert "机密议题" in app.get(THIS_WEEK).text


def test_two_meetings_of_one_half_day_are_stacked(page, book, other, place):
    book(other, place.east, "2026-11-26", "08:00", "09:00", title="早会")
    book(other, place.east, "2026-11-26", "10:00", "11:00", title="晚些的会")
    found = page().html.select("td.many")
    assert len(found) == 1
    assert [b.text for b in found[0].select("b")] == ["早会", "晚些的会"]


def test_a_long_meeting_spans_its_half_days(page, book, other, place):
    book(other, place.east, "2026-11-26", "09:00", "17:00", title="全天会议")
    link = cell(page(), "东会议室 11 月 26 日周四上午–11 月 26 日周四下午")
    assert link.parent["colspan"] == "2"


def test_a_meeting_of_one_half_occupies_the_whole_hall_and_not_the_reverse_only(page, book, other, place):
    book(other, place.half, "2026-11-26", "09:00", "11:00", title="半厅会议")
    book(other, place.hall, "2026-11-27", "09:00", "11:00", title="全厅会议")
    shown = page()
    assert "半厅会议" in cell(shown, "多功能厅 11 月 26 日周四上午").text
    assert "半厅会议" in cell(shown, "多功能厅 A 厅 11 月 26 日周四上午").text
    assert "全厅会议" in cell(shown, "多功能厅 A 厅 11 月 27 日周五上午").text


def test_a_closed_room_is_hatched_and_no_link(page, close_room, reviewer, place):
    close_room(place.east, reviewer, "2026-11-26T08:00", "2026-11-26T11:00", "音响检修")
    shown = page()
    block = shown.html.select_one("td div.ev.lock")
    assert "音响检修" in block.text and "停用" in block.text
    assert not [a for a in shown.html.select("a.free") if a["aria-label"].startswith("东会议室 11 月 26 日周四上午")]


def test_a_change_keeps_the_old_and_the_new_time_visible(app, page, book, clerk, reviewer, place):
    number = book(clerk, place.east, "2026-11-26", "09:00", "11:00", approve=reviewer)
    form = app.get(f"/meetings/change/{number}").forms["book-form"]
    form["date"] = "2026-11-27"
    form.submit("_submit", index=0).follow()
    shown = page()
    assert "chg" in cell(shown, "东会议室 11 月 26 日周四上午")["class"]
    new = cell(shown, "东会议室 11 月 27 日周五上午")
    assert "chg" in new["class"] and "变更预留" in new["aria-label"]


def test_the_weekend_appears_when_something_is_booked_there_or_asked_for(page, book, other, place):
    assert len(page().html.select("thead th.day-end b")) == 5
    assert len(page("/meetings/?days=7").html.select("thead th.day-end b")) == 7
    book(other, place.east, "2026-11-28", "09:00", "11:00")
    assert len(page().html.select("thead th.day-end b")) == 7


def test_filters_narrow_the_rooms_and_stay_in_the_links(page):
    shown = page("/meetings/?building=3+%E5%8F%B7%E6%A5%BC&seats=200")
    assert [b.text for b in shown.html.select("tbody th b")] == ["多功能厅"]
    next_week = shown.html.find("a", attrs={"aria-label": "下一周"})["href"]
    assert "seats=200" in next_week and "date=2026-12-01" in next_week and "building=" in next_week
    assert "没有符合条件的会议室" in page("/meetings/?seats=5000").text


def test_the_day_view_proposes_each_free_hour(page, book, other, place):
    book(other, place.east, "2026-11-26", "09:30", "11:00", title="例会")
    shown = page("/meetings/?view=day&date=2026-11-26")
    row = shown.html.select_one("table.bk-day tbody tr")
    links = [a["href"] for a in row.select("a.free")]
    assert f"/meetings/book?room={place.east}&date=2026-11-26&start=09%3A00&end=09%3A30" in links
    assert f"/meetings/book?room={place.east}&date=2026-11-26&start=11%3A00&end=12%3A00" in links
    assert sum(int(td["colspan"]) for td in row.select("td")) == 60, "every row fills the columns exactly"


def test_the_day_view_marks_the_present_moment(page):
    shown = page("/meetings/?view=day")
    assert shown.html.select_one("th.now").text == "现在 09:30"
    labels = [a["aria-label"] for a in shown.html.select("a.free")]
    assert any("09:30–10:00" in label for label in labels) and not any("08:00–09:00" in label for label in labels)


def test_the_list_is_in_the_order_of_time(page, book, other, place):
    book(other, place.half, "2026-11-26", "14:00", "15:00", title="后开的会")
    book(other, place.east, "2026-11-26", "09:00", "11:00", title="先开的会")
    titles = [a.text for a in page("/meetings/?view=list").html.select("ul.inbox a.t")]
    assert titles == ["先开的会", "后开的会"]


def test_the_phone_gets_the_rooms_of_one_day_with_three_chips(page, book, other, place):
    book(other, place.east, "2026-11-26", "14:00", "16:00", title="采购论证")
    shown = page("/meetings/?date=2026-11-26")
    first = shown.html.select_one("ul.day-rooms li")
    assert [half.text for half in first.select(".half")] == ["上午空闲", "下午 待审采购论证", "晚上空闲"]
    assert first.select_one("a.half.free")["href"] == f"/meetings/book?room={place.east}&date=2026-11-26&part=am"


def test_titles_cannot_inject_markup(page, book, other, place):
    book(other, place.east, "2026-11-26", "09:00", "11:00", title='<img src=x onerror="1">"\'')
    shown = page()
    assert "<img src=x" not in shown.text
    assert '<img src=x onerror="1">"\'' in cell(shown, "东会议室 11 月 26 日周四上午")["aria-label"]


@pytest.mark.parametrize(
    "query",
    [
        "date=2026-13-01",
        "date=abc",
        "days=x",
        "days=-1",
        "view=year",
        "seats=x",
        "seats=-3",
        "seats=9" * 30,
        "building=" + "x" * 300,
        "date=0001-01-01",
    ],
)
def test_nonsense_in_the_address_is_a_clear_400(page, app, query):
    app.get(f"/meetings/?{query}", status=400)


@pytest.mark.parametrize("date", ["1990-01-01", "2199-12-31"])
def test_the_ends_of_the_calendar_work(page, date):
    for view in ("week", "day", "list"):
        page(f"/meetings/?view={view}&date={date}")


def test_the_whole_page_costs_at_most_eight_statements(app, page, book, other, place):
    for day in ("2026-11-25", "2026-11-26", "2026-11-27"):
        book(other, place.east, day, "09:00", "11:00")
    page()
    for view in ("week", "day", "list"):
        with count_statements(app.portal.database.engine) as statements:
            page(f"/meetings/?view={view}")
        assert statements.count <= 8, statements.texts


def test_without_a_login_the_page_asks_for_one(app, place):
    assert "/login?next=" in app.get(THIS_WEEK, status=303).location


def test_the_day_view_offers_no_time_that_a_buffer_forbids(app, page, book, other, place):
    with app.services() as services:
        room = services.session.get_one(Room, place.east)
        room.buffer_before, room.buffer_after = 0, 15
    book(other, place.east, "2026-11-26", "10:00", "11:00")
    row = page("/meetings/?view=day&date=2026-11-26").html.select_one("table.bk-day tbody tr")
    offered = [a["aria-label"].split()[1] for a in row.select("a.free")]
    assert "09:00–09:45" in offered and "11:15–12:00" in offered
    assert sum(int(td["colspan"]) for td in row.select("td")) == 60
