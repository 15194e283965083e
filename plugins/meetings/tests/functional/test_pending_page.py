"""会议审核: the queue of the reviewers."""

import pytest

from portal_core.testing.fixtures import count_statements


@pytest.fixture
def queue(app, reviewer, place):
    """Reads the queue as the administrator of all rooms."""
    app.login(reviewer)
    return lambda address="/meetings/pending": app.get(address)


def form_of(page):
    return next(form for form in page.forms.values() if "/meetings/pending" in form.action)


def ticked(page, *titles):
    """The form of the queue with the named lines chosen."""
    form = form_of(page)
    boxes = form.fields["chosen"]
    lines = page.html.select("table.tbl tbody tr")
    for box, line in zip(boxes, lines, strict=True):
        box.checked = line.th.a.text in titles
    return form


def results(page):
    return [li.text.strip().split("\n")[0] for li in page.html.select("section[role=status] li")]


def test_it_shows_age_neighbours_and_closures(queue, app, book, close_room, clerk, other, reviewer, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="要审的会")
    book(other, place.east, "2026-11-26", "10:30", "11:30", title="随后的会", approve=reviewer)
    close_room(place.east, reviewer, "2026-11-26T09:30", "2026-11-26T09:45", "检修")
    app.portal.clock.advance(hours=5)
    app.login(reviewer)
    line = next(tr for tr in queue().html.select("tbody tr") if tr.th.a.text == "要审的会")
    assert "5 小时" in line.text and "随后的会" in line.text and "检修" in line.text and "停用" in line.text


def test_several_are_approved_at_once_and_each_result_is_told(queue, book, clerk, place):
    for title, day in (("甲", "2026-11-26"), ("乙", "2026-11-27"), ("丙", "2026-11-30")):
        book(clerk, place.east, day, "09:00", "10:00", title=title)
    page = ticked(queue(), "甲", "丙").submit("action", value="approve")
    assert len(page.html.select(".st-ok")) == 2
    assert [a.text for a in queue().html.select("tbody th a")] == ["乙"]


def test_what_somebody_else_handled_is_told_and_stops_no_other(app, queue, book, clerk, make_user, place):
    for title, day in (("甲", "2026-11-26"), ("乙", "2026-11-27")):
        book(clerk, place.east, day, "09:00", "10:00", title=title)
    form = ticked(queue(), "甲", "乙")
    colleague = app.another()
    colleague.login(make_user("chen", name="陈国强", roles=["meetings-admin"]))
    ticked(colleague.get("/meetings/pending"), "甲").submit("action", value="approve")
    page = form.submit("action", value="approve")
    assert len(page.html.select(".st-ok")) == 1 and len(page.html.select(".st-bad")) == 1
    assert "陈国强" in page.html.select_one("section[role=status]").text


def test_rejecting_needs_a_reason_and_keeps_the_choice(queue, book, clerk, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="甲")
    page = ticked(queue(), "甲").submit("action", value="reject", status=422)
    assert "请填写原因" in page.html.find(id="opinion-err").text
    form = form_of(page)
    assert form["chosen"].checked
    form["opinion"] = "请改用视频会议室"
    assert len(form.submit("action", value="reject").html.select(".st-ok")) == 1


def test_nothing_chosen_is_told(queue, book, clerk, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00")
    assert "请至少选择一条预约" in form_of(queue()).submit("action", value="approve", status=422).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chosen", "x"),
        ("chosen", "1"),
        ("chosen", "1:x"),
        ("chosen", "-1:2"),
        ("chosen", "9" * 30 + ":1"),
        ("action", "delete"),
        ("action", ""),
    ],
)
def test_forged_choices_are_a_clear_400(queue, app, book, clerk, place, field, value):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="甲")
    values = dict(ticked(queue(), "甲").submit_fields("action", index=2))
    app.post("/meetings/pending", values | {field: value}, status=400)


def test_unknown_cases_are_refused_one_by_one(queue, app, book, clerk, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="甲")
    values = dict(ticked(queue(), "甲").submit_fields("action", index=2))
    assert len(app.post("/meetings/pending", values | {"chosen": "424242:1"}).html.select(".st-bad")) == 1


def test_a_reviewer_of_one_room_sees_only_its_bookings(app, book, clerk, make_user, place):
    book(clerk, place.east, "2026-11-26", "09:00", "10:00", title="东会议室的会")
    book(clerk, place.hall, "2026-11-26", "09:00", "10:00", title="多功能厅的会")
    app.login(make_user("east", permissions=[("meetings:booking:approve", f"meetings.room:{place.east}")]))
    assert [a.text for a in app.get("/meetings/pending").html.select("tbody th a")] == ["东会议室的会"]


def test_others_are_turned_away(app, clerk, place):
    app.login(clerk)
    app.get("/meetings/pending", status=403)


def test_empty_queue_and_order(queue):
    assert "没有待审核的预约" in queue().text
    queue("/meetings/pending?sort=oldest")
    assert queue


def test_a_bad_order_is_a_clear_400(queue, app):
    app.get("/meetings/pending?sort=x", status=400)


def test_statements_do_not_grow_with_the_queue(queue, app, book, clerk, place):
    for day in ("2026-11-26", "2026-11-27", "2026-11-30"):
        book(clerk, place.east, day, "09:00", "10:00")
    with count_statements(app.portal.database.engine) as statements:
        queue()
    assert statements.count <= 8, statements.texts
