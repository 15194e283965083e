"""会议预约单: what it asks, what it refuses, and that nothing typed is ever lost."""

import gc

import pytest

from portal_meetings.models import Booking

HX = {"HX-Request": "true"}
# WebOb keeps a large body in a temporary file and leaves closing it to the garbage collector, which warns.
IGNORE_OPEN_FILE = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def collected():
    """Collects the garbage of the test while its warnings are still its own."""
    yield
    gc.collect()


@pytest.fixture
def browser(app, clerk, place):
    """The application with the clerk logged in."""
    app.login(clerk)
    return app


def filled(page, place, **changes):
    """The form of ``page`` with everything that is required."""
    form = page.forms["book-form"]
    values = {
        "title": "第四季度工作部署会",
        "room": str(place.east),
        "kind": "work",
        "date": "2026-11-27",
        "start": "14:00",
        "end": "16:00",
        "people": "20",
    }
    for name, value in (values | changes).items():
        form[name] = value
    return form


def submit(form, name="_submit", **more):
    return form.submit(name, index=0, **more)


def errors(page):
    """Messages by the id of the field they stand at."""
    return {p["id"].removesuffix("-err"): p.text.strip() for p in page.html.select("p.err[id]")}


def bookings(app):
    with app.reading() as session:
        return session.query(Booking).count()


def test_the_grid_fills_room_date_times_and_contact(browser, place):
    form = browser.get(f"/meetings/book?room={place.east}&date=2026-11-27&part=pm").forms["book-form"]
    sent = {name: form[name].value for name in ("room", "date", "start", "end", "contact", "phone")}
    assert sent == {
        "room": str(place.east),
        "date": "2026-11-27",
        "start": "14:00",
        "end": "17:00",
        "contact": "杨晓",
        "phone": "13800000000",
    }


def test_a_part_that_has_begun_starts_at_the_next_quarter(browser, place):
    form = browser.get(f"/meetings/book?room={place.east}&date=2026-11-24&part=am").forms["book-form"]
    assert (form["start"].value, form["end"].value) == ("09:45", "11:30")


def test_without_anything_the_next_part_is_proposed_and_the_room_is_asked(browser):
    form = browser.get("/meetings/book").forms["book-form"]
    assert (form["date"].value, form["start"].value, form["room"].value) == ("2026-11-24", "09:45", "")


def test_a_past_day_becomes_today(browser, place):
    assert browser.get(f"/meetings/book?room={place.east}&date=2020-01-01").forms["book-form"]["date"].value == "2026-11-24"


def test_submitting_files_the_booking_and_shows_its_case(browser, place):
    page = browser.get(f"/meetings/book?room={place.east}&date=2026-11-27&part=pm")
    answer = submit(filled(page, place))
    assert answer.status_int == 303 and "/cases/HY20261124-" in answer.location
    case = answer.follow()
    assert "已提交，等待审核" in case.text and "第四季度工作部署会" in case.text and "待审核" in case.text


def test_in_the_dialog_the_answer_tells_the_browser_where_to_go(browser, place):
    page = browser.get(f"/meetings/book?room={place.east}", headers=HX)
    assert "<!DOCTYPE" not in page.text
    answer = submit(filled(page, place), headers=HX)
    assert answer.status_int == 204 and answer.headers["HX-Redirect"].startswith("/cases/HY")


def test_the_way_after_submission_is_named_before(browser, app, make_user, place):
    address = f"/meetings/book?room={place.east}"
    page = browser.get(address)
    assert "提交后需审核" in page.text and "审核" in page.html.select_one("#slot-check .path").text
    trusted = app.another()
    trusted.login(
        make_user(
            "vip", phone="13700000000", roles=["clerk"], permissions=[("meetings:booking:direct", f"meetings.room:{place.east}")]
        )
    )
    assert "提交后直接生效" in trusted.get(address).text
    case = submit(filled(trusted.get(address), place)).follow()
    assert "预约成功" in case.text and "已通过" in case.text


def test_every_required_field_has_its_message_and_a_link_in_the_summary(browser, place):
    form = filled(
        browser.get("/meetings/book"),
        place,
        title="",
        room="",
        kind="",
        date="",
        start="",
        end="",
        people="",
        contact="",
        phone="",
    )
    page = submit(form, status=422)
    assert set(errors(page)) == {"title", "room", "kind", "date", "start", "end", "people", "contact", "phone"}
    assert errors(page)["title"] == "请填写会议名称"
    links = [a["href"] for a in page.html.select(".error-summary a")]
    assert links == ["#title", "#room", "#kind", "#date", "#start", "#end", "#people", "#contact", "#phone"]
    assert "有 9 处需要修改" in page.html.select_one(".error-summary h2").text
    assert page.html.find(id="title")["aria-invalid"] == "true" and bookings(browser) == 0


def test_nothing_typed_is_lost_when_the_form_is_refused(browser, place):
    form = filled(browser.get("/meetings/book"), place, people="", note="需要座位图")
    form[f"svc_{place.sign}"] = True
    form[f"svc_{place.sign}_text"] = "20 个，双面"
    again = submit(form, status=422).forms["book-form"]
    kept = {name: again[name].value for name in ("title", "room", "date", "start", "end", "note", f"svc_{place.sign}_text")}
    assert kept == {
        "title": "第四季度工作部署会",
        "room": str(place.east),
        "date": "2026-11-27",
        "start": "14:00",
        "end": "16:00",
        "note": "需要座位图",
        f"svc_{place.sign}_text": "20 个，双面",
    }
    assert again[f"svc_{place.sign}"].checked


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"end": "13:00"}, "end", "结束时间必须晚于开始时间"),
        ({"date": "2026-11-23"}, "start", "该时间已过"),
        ({"people": "61"}, "people", "东会议室最多容纳 60 人"),
        ({"people": "0"}, "people", "人数应在 1 到 5000 之间"),
        ({"people": "9" * 5000}, "people", None),
        ({"people": "很多"}, "people", None),
        ({"date": "27.11.2026"}, "date", None),
        ({"date": "9999-12-31"}, "date", None),
        ({"title": "会" * 61}, "title", "最多 60 个字"),
        ({"phone": "call me"}, "phone", "请填写正确的联系电话"),
        ({"date": "2028-11-27"}, "date", None),
        ({"note": "长" * 1001}, "note", "最多 1000 个字"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(browser, place, changes, field, message):
    page = submit(filled(browser.get("/meetings/book"), place, **changes), status=422)
    assert field in errors(page)
    assert message is None or message in errors(page)[field]
    assert bookings(browser) == 0


def forged(browser, place, **changes):
    """The form sent with values that no browser offers."""
    form = filled(browser.get("/meetings/book"), place)
    values = dict(form.submit_fields("_submit", index=0)) | changes
    return browser.post("/meetings/book", values, status=422)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"room": "999999"}, "room"),
        ({"room": "abc"}, "room"),
        ({"room": "9" * 40}, "room"),
        ({"kind": "x"}, "kind"),
        ({"start": "14:07"}, "start"),
        ({"start": "25:00"}, "start"),
        ({"end": "16"}, "end"),
    ],
)
def test_forged_values_are_refused_at_the_field(browser, place, changes, field):
    assert field in errors(forged(browser, place, **changes))


def test_a_restricted_room_cannot_be_booked_by_a_forged_id(browser, place):
    assert "room" in errors(forged(browser, place, room=str(place.small)))


def test_a_ticked_service_asks_for_its_details(browser, place):
    form = filled(browser.get("/meetings/book"), place)
    form[f"svc_{place.sign}"] = True
    page = submit(form, status=422)
    assert errors(page)[f"svc_{place.sign}_text"] == "您勾选了“席签”，请填写具体要求"


def test_the_answer_of_a_box_that_is_not_ticked_is_dropped(browser, place):
    form = filled(browser.get("/meetings/book"), place)
    form[f"svc_{place.sign}_text"] = "不该保存"
    form[f"svc_{place.tea}"] = True
    case = submit(form).follow()
    assert "茶水" in case.text and "不该保存" not in case.text and "席签" not in case.text


def test_rows_of_leaders_come_and_go_without_javascript(browser, place):
    page = submit(filled(browser.get("/meetings/book"), place, title="部署会"), "_add")
    form = page.forms["book-form"]
    form["leaders-0-name"] = "王副市长"
    form = submit(form, "_add").forms["book-form"]
    assert form["title"].value == "部署会" and form["leaders-0-name"].value == "王副市长"
    form["leaders-1-name"] = "李秘书长"
    form = form.submit("_remove", index=0).forms["book-form"]
    # WebTest reads the row inside <template> as well; a browser does not.
    names = [fields[0].value for name, fields in form.fields.items() if name and name.endswith("-name") and "__i__" not in name]
    assert names == ["李秘书长"]
    assert "李秘书长" in submit(form).follow().text


def test_a_leader_without_a_name_is_refused(browser, place):
    form = submit(filled(browser.get("/meetings/book"), place), "_add").forms["book-form"]
    form["leaders-0-post"] = "副市长"
    assert errors(submit(form, status=422))["leaders-0-name"] == "请填写姓名"


def test_a_taken_room_is_told_with_alternatives_and_one_click_fills_the_form(browser, book, other, place):
    book(other, place.east, "2026-11-27", "14:00", "16:00", title="预算编制讨论")
    form = filled(browser.get("/meetings/book"), place, start="15:00", end="16:30")
    page = submit(form, status=409)
    assert "该时段" in page.text or "预算编制讨论" in page.text
    offers = page.html.select("button[name=_use]")
    assert 1 <= len(offers) <= 5
    form = page.forms["book-form"]
    assert form["title"].value == "第四季度工作部署会"
    taken = form["room"].value, form["start"].value
    again = submit(form, "_use").forms["book-form"]
    assert again["title"].value == "第四季度工作部署会" and (again["room"].value, again["start"].value) != taken
    assert submit(again).status_int == 303


def test_of_a_confidential_meeting_in_the_way_nothing_is_told(browser, book, other, place):
    book(other, place.east, "2026-11-27", "14:00", "16:00", title="机密议题", confidential=True)
    page = submit(filled(browser.get("/meetings/book"), place), status=409)
    assert "机密议题" not in page.text and "机关工委" not in page.text and "已占用" in page.text


@pytest.mark.parametrize(
    "value", ["", "x", "1|2|3", "1|2026-11-27T14:00|", "|||", "1|2026-11-27T14:00|9999-12-31T23:59:59.999999", "a" * 5000]
)
def test_a_forged_alternative_changes_nothing_or_is_refused_later(browser, place, value):
    values = dict(filled(browser.get("/meetings/book"), place).submit_fields("_submit", index=0))
    values.pop("_submit")
    browser.post("/meetings/book", values | {"_use": value}, status="*").mustcontain("会议预约单") if value else None


def test_a_draft_keeps_half_a_form_and_is_submitted_later(browser, place):
    form = browser.get("/meetings/book").forms["book-form"]
    form["title"], form["people"] = "还没想好", "很多"
    form[f"svc_{place.sign}"] = True
    listed = submit(form, "_draft").follow()
    assert "草稿已保存" in listed.text
    again = listed.click("还没想好", index=0).forms["book-form"]
    assert again["people"].value == "很多" and again[f"svc_{place.sign}"].checked
    again[f"svc_{place.sign}_text"] = "10 个"
    for name, value in {
        "room": str(place.east),
        "kind": "work",
        "date": "2026-11-27",
        "start": "09:00",
        "end": "10:00",
        "people": "5",
    }.items():
        again[name] = value
    assert "待审核" in submit(again).follow().text
    assert "还没想好" not in browser.get("/meetings/mine?tab=drafts").text


@IGNORE_OPEN_FILE
def test_a_draft_with_very_much_text_is_refused(browser, place, collected):
    form = filled(browser.get("/meetings/book"), place, note="长" * 30000)
    page = submit(form, "_draft", status=422)
    assert page.forms["book-form"]["title"].value == "第四季度工作部署会"


def test_drafts_of_others_look_like_none(browser, app, other, place):
    form = browser.get("/meetings/book").forms["book-form"]
    form["title"] = "我的草稿"
    address = submit(form, "_draft").follow().html.find("a", string="我的草稿")["href"]
    stranger = app.another()
    stranger.login(other)
    stranger.get(address, status=404)
    stranger.get("/meetings/drafts/HY20261124-999", status=404)


@pytest.mark.parametrize(
    "query",
    [
        "room=abc",
        "room=-1",
        "room=" + "9" * 30,
        "date=heute",
        "date=2026-02-30",
        "part=night",
        "start=9",
        "start=99:99",
        "end=%00",
        "people=x",
        "svc=x",
    ],
)
def test_nonsense_in_the_address_is_a_clear_400(browser, query):
    browser.get(f"/meetings/book?{query}", status=400)


def test_unknown_and_restricted_rooms_look_alike(browser, place):
    browser.get("/meetings/book?room=999999", status=404)
    browser.get(f"/meetings/book?room={place.small}", status=404)


@IGNORE_OPEN_FILE
def test_ten_megabytes_of_text_are_refused_without_a_fault(browser, place, collected):
    values = dict(filled(browser.get("/meetings/book"), place).submit_fields("_submit", index=0))
    answer = browser.post("/meetings/book", values | {"note": "x" * 10_000_000}, status="*")
    assert 400 <= answer.status_int < 500 and bookings(browser) == 0


def test_a_file_where_text_belongs_is_refused_without_a_fault(browser, place):
    values = dict(filled(browser.get("/meetings/book"), place).submit_fields("_submit", index=0))
    for name in ("title", "date", "room", "version"):
        sent = {k: v for k, v in values.items() if k != name}
        answer = browser.post("/meetings/book", sent, upload_files=[(name, "a.html", b"<b>x</b>")], status="*")
        assert 400 <= answer.status_int < 500, name


def test_without_a_token_nothing_is_booked(browser, place):
    values = dict(filled(browser.get("/meetings/book"), place).submit_fields("_submit", index=0))
    browser.post("/meetings/book", values | {"csrf_token": "forged"}, status=400)
    assert bookings(browser) == 0


def test_people_without_the_right_cannot_open_the_form(app, make_user, place):
    app.login(make_user("guest"))
    app.get("/meetings/book", status=403)
    assert not app.get("/meetings/").html.select("a.free")


def test_whoever_may_see_a_booking_of_somebody_else_is_told_whose_change_it_is(browser, book, clerk, other, reviewer, place):
    number = book(clerk, place.east, "2026-11-27", "14:00", "16:00")
    stranger, watching = browser.another(), browser.another()
    stranger.login(other)
    watching.login(reviewer)
    stranger.get(f"/meetings/change/{number}", status=404)
    assert "只有预约人可以变更此预约" in watching.get(f"/meetings/change/{number}", status=403).text


def test_a_meeting_of_two_days(browser, place):
    form = filled(browser.get("/meetings/book"), place, date="2026-11-26", start="14:00", end="11:00")
    form["multiday"], form["end_date"] = True, "2026-11-27"
    assert submit(form).status_int == 303
    form = filled(browser.get("/meetings/book"), place, date="2026-11-30")
    form["multiday"], form["end_date"] = True, "2026-11-29"
    assert "end_date" in errors(submit(form, status=422))


class TestCheck:
    """The line that says whether the room is free."""

    def ask(self, browser, place, **changes):
        values = {"room": place.east, "date": "2026-11-27", "start": "14:00", "end": "16:00"} | changes
        return browser.get("/meetings/check", values, headers=HX)

    def test_free(self, browser, place):
        assert "该时段空闲" in self.ask(browser, place).text

    def test_taken_by_whom(self, browser, book, other, place):
        book(other, place.east, "2026-11-27", "15:00", "17:00", title="预算编制讨论")
        answer = self.ask(browser, place).text
        assert "已占用" in answer and "预算编制讨论" in answer and "机关工委" in answer

    def test_ones_own_booking_is_not_in_the_way_of_its_change(self, browser, book, clerk, place):
        number = book(clerk, place.east, "2026-11-27", "15:00", "17:00")
        assert "该时段空闲" in self.ask(browser, place, number=number).text

    @pytest.mark.parametrize(
        "changes",
        [
            {"date": ""},
            {"start": ""},
            {"end": "x"},
            {"end": "13:00"},
            {"date": "nonsense"},
            {"end_date": "x", "multiday": "y"},
        ],
    )
    def test_of_half_a_form_only_who_reviews_is_known(self, browser, place, changes):
        answer = self.ask(browser, place, **changes)
        assert [item.name for item in answer.html.select(".flash-ok, .flash-bad")] == []
        assert "审核" in answer.html.select_one(".path").text

    @pytest.mark.parametrize("room", ["", 999999])
    def test_without_a_room_nothing_is_known(self, browser, place, room):
        assert self.ask(browser, place, room=room).text.strip() == ""

    def test_a_past_time(self, browser, place):
        assert "该时间已过" in self.ask(browser, place, date="2026-11-23").text
