"""展示, the popup of a booking, 找会议室 and 满意度评价."""

import io

import pytest
from PIL import Image

from portal_core.api import FileService
from portal_core.testing.fixtures import count_statements
from portal_meetings.models import PANORAMA, PHOTO, PLAN, Booking, Room, RoomPicture, ServiceItem

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(app, clerk, place):
    """The application with the clerk logged in."""
    app.login(clerk)
    return app


@pytest.fixture
def pictures(app, place):
    """Two photos, a plan and a panorama of the east room; the first photo is its cover."""

    def png(colour, size=(1200, 800)):
        out = io.BytesIO()
        Image.new("RGB", size, colour).save(out, "PNG")
        return out.getvalue()

    with app.services() as services:
        files = services.get(FileService)
        for position, (kind, colour) in enumerate(((PHOTO, "red"), (PHOTO, "green"), (PLAN, "white"), (PANORAMA, "blue"))):
            size = (1600, 800) if kind == PANORAMA else (1200, 800)
            stored = files.save_bytes(png(colour, size), f"{kind}.png", "meetings", panorama=kind == PANORAMA)
            services.session.add(
                RoomPicture(room_id=place.east, file_id=stored.id, kind=kind, caption=f"图 {position}", position=position)
            )
            if position == 0:
                services.session.get_one(Room, place.east).cover_id = stored.id


class TestRoom:
    def test_photos_plan_and_panorama_are_shown_and_can_be_loaded(self, browser, place, pictures):
        page = browser.get(f"/meetings/rooms/{place.east}")
        assert len(page.html.select(".gallery figure img")) == 2 and len(page.html.select(".thumbs a")) == 2
        assert page.html.select_one(".plan img")
        island = page.html.select_one("x-island")
        assert "panorama" in island["src"] and island.select_one("a img"), "there is a picture without JavaScript"
        for address in [island["data-src"], *(img["src"] for img in page.html.select("main img"))]:
            assert browser.get(address).content_type.startswith("image/")

    def test_the_cover_stands_in_the_grid(self, browser, place, pictures):
        assert browser.get(browser.get("/meetings/").html.select_one("table.bk th.room img")["src"]).content_type.startswith(
            "image/"
        )

    def test_pictures_need_a_login(self, app, browser, place, pictures):
        address = browser.get(f"/meetings/rooms/{place.east}").html.select_one(".gallery img")["src"]
        assert "/login" in app.another().get(address, status=303).location

    def test_facts_and_free_half_days(self, browser, book, clerk, place):
        book(clerk, place.east, "2026-11-26", "09:00", "11:00")
        page = browser.get(f"/meetings/rooms/{place.east}")
        facts = page.html.select_one("dl.kv").text
        assert "1 号楼 2 层" in facts and "课桌式 60" in facts and "07:00–22:00" in facts and "投影" in facts
        free = [a["href"] for a in page.html.select(".alts a")]
        assert f"/meetings/book?room={place.east}&date=2026-11-26&part=pm" in free
        assert f"/meetings/book?room={place.east}&date=2026-11-26&part=am" not in free
        assert f"/meetings/book?room={place.east}&date=2026-11-24&part=am" in free, "this morning is not over"

    def test_without_pictures_the_page_is_calm(self, browser, place):
        page = browser.get(f"/meetings/rooms/{place.hall}")
        assert page.html.select_one(".dlg-b .empty") and not page.html.select(".dlg-b img")

    def test_as_a_fragment(self, browser, place):
        assert "<!DOCTYPE" not in browser.get(f"/meetings/rooms/{place.east}", headers=HX).text

    @pytest.mark.parametrize("room", ["999999", "0", "-1", "x", "9" * 40, "1.5"])
    def test_unknown_rooms(self, browser, room):
        browser.get(f"/meetings/rooms/{room}", status=404)

    def test_a_room_out_of_use_is_only_for_its_administrator(self, app, browser, reviewer, place):
        with app.services() as services:
            services.session.get_one(Room, place.east).active = False
        browser.get(f"/meetings/rooms/{place.east}", status=404)
        admin = app.another()
        admin.login(reviewer)
        assert "已停用" in admin.get(f"/meetings/rooms/{place.east}").text
        assert "东会议室" not in browser.get("/meetings/").text


class TestPopup:
    def case_id(self, app, number):
        with app.reading() as session:
            return session.query(Booking.case_id).filter(Booking.case.has(number=number)).scalar()

    def test_somebody_elses_booking(self, app, browser, book, other, place):
        number = book(
            other, place.east, "2026-11-26", "09:00", "11:00", title="预算编制讨论", contact="李静", phone="13900000000"
        )
        page = browser.get(f"/meetings/bookings/{self.case_id(app, number)}")
        for text in ("预算编制讨论", "机关工委", "李静", "13900000000", "待审核", "11 月 26 日 周四 09:00–11:00"):
            assert text in page.text
        assert f"/cases/{number}" not in page.text
        gaps = [a["href"] for a in page.html.select(".alts a")]
        assert gaps == [
            f"/meetings/book?room={place.east}&date=2026-11-26&start=07:00&end=09:00",
            f"/meetings/book?room={place.east}&date=2026-11-26&start=11:00&end=22:00",
        ]

    def test_the_free_times_leave_the_buffers_out(self, app, browser, book, other, place):
        with app.services() as services:
            room = services.session.get_one(Room, place.east)
            room.buffer_before, room.buffer_after = 10, 15
        number = book(other, place.east, "2026-11-26", "09:00", "11:00")
        page = browser.get(f"/meetings/bookings/{self.case_id(app, number)}")
        assert [a.b.text for a in page.html.select(".alts a")] == ["07:00–08:30", "11:30–22:00"]

    def test_a_confidential_one_tells_only_that_the_room_is_taken(self, app, browser, book, other, place):
        number = book(other, place.east, "2026-11-26", "09:00", "11:00", title="机密议题", contact="李静", confidential=True)
        page = browser.get(f"/meetings/bookings/{self.case_id(app, number)}")
        assert "已占用" in page.text and "保密会议" in page.text
        for text in ("机密议题", "李静", "机关工委", number):
            assert text not in page.text

    def test_ones_own_leads_to_case_change_and_cancel(self, app, browser, book, clerk, place):
        number = book(clerk, place.east, "2026-11-26", "09:00", "11:00")
        hrefs = {a["href"] for a in browser.get(f"/meetings/bookings/{self.case_id(app, number)}").html.select(".dlg-f a")}
        assert hrefs == {"/meetings/", f"/cases/{number}", f"/meetings/change/{number}", f"/meetings/cancel/{number}"}

    def test_a_cancelled_one_of_others_looks_like_none(self, app, browser, book, other, reviewer, place):
        number = book(other, place.east, "2026-11-26", "09:00", "11:00")
        case_id = self.case_id(app, number)
        reviewing = app.another()
        reviewing.login(reviewer)
        form = next(f for f in reviewing.get(f"/meetings/cancel/{number}").forms.values() if f.action.endswith(number))
        form["reason"] = "clash"
        form.submit()
        browser.get(f"/meetings/bookings/{case_id}", status=404)
        assert "已取消" in reviewing.get(f"/meetings/bookings/{case_id}").text

    @pytest.mark.parametrize("case", ["999999", "x", "0", "9" * 30])
    def test_unknown(self, browser, case):
        browser.get(f"/meetings/bookings/{case}", status=404)


class TestFind:
    QUERY = "/meetings/find?people={}&date=2026-11-26&part=pm"
    INTERPRETING = "%E5%90%8C%E5%A3%B0%E4%BC%A0%E8%AF%91"

    def test_rooms_that_fit_come_tightest_first_with_a_link_that_fills_the_form(self, browser, place):
        page = browser.get(self.QUERY.format(40) + f"&svc={place.tea}")
        assert [b.text for b in page.html.select(".day-rooms b")] == ["东会议室", "多功能厅 A 厅", "多功能厅"]
        form = browser.get(page.html.select_one(".day-rooms a.btn-p")["href"]).forms["book-form"]
        sent = {name: form[name].value for name in ("room", "date", "start", "end", "people")}
        assert sent == {"room": str(place.east), "date": "2026-11-26", "start": "14:00", "end": "17:00", "people": "40"}
        assert form[f"svc_{place.tea}"].checked

    def test_every_other_room_comes_with_its_reasons(self, app, browser, book, close_room, other, reviewer, place):
        book(other, place.half, "2026-11-26", "15:00", "16:00")
        close_room(place.east, reviewer, "2026-11-26T08:00", "2026-11-26T18:00", "检修")
        page = browser.get(self.QUERY.format(100) + f"&equipment={self.INTERPRETING}")
        reasons = {li.b.text: li.text for li in page.html.select(".reasons li")}
        assert "仅可容纳 60 人" in reasons["东会议室"] and "停用" in reasons["东会议室"] and "缺少同声传译" in reasons["东会议室"]
        assert "15:00–16:00 已被占用" in reasons["多功能厅 A 厅"] and "15:00–16:00 已被占用" in reasons["多功能厅"]
        assert "专用会议室" in reasons["接待室"]
        assert "没有符合条件的会议室" in page.text

    def test_nothing_is_searched_before_people_are_named(self, browser):
        assert not browser.get("/meetings/find").html.select("#h-found")
        assert "请填写参会人数" in browser.get("/meetings/find?people=").text

    def test_a_past_time_and_an_end_before_the_start(self, browser):
        assert "该时间已过" in browser.get("/meetings/find?people=5&date=2026-11-20&part=am").text
        assert "结束时间必须晚于开始时间" in browser.get("/meetings/find?people=5&start=15:00&end=14:00").text

    @pytest.mark.parametrize("query", ["people=x", "date=x", "part=x", "start=x", "svc=x", "equipment=" + "x" * 200, "people=-4"])
    def test_nonsense_is_a_clear_400(self, browser, query):
        browser.get(f"/meetings/find?{query}", status=400)

    def test_a_service_whose_staff_is_busy_is_the_reason(self, browser, book, clerk, place):
        with browser.services() as services:
            services.session.get(ServiceItem, place.tea).at_once = 1
        asked = self.QUERY.format(8) + f"&svc={place.tea}"
        assert "0 间会议室符合要求" not in browser.get(asked).text
        book(clerk, place.east, "2026-11-26", "15:00", "16:00", services={place.tea: ""})
        page = browser.get(asked)
        assert "0 间会议室符合要求" in page.text
        assert "茶水在该时段已有 1 场会议使用" in page.html.select_one(".reasons").text
        # At another time, and without the service, nothing stands in the way.
        assert "茶水在该时段" not in browser.get(asked.replace("part=pm", "part=am")).text
        assert "茶水在该时段" not in browser.get(self.QUERY.format(8)).text

    def test_statements_do_not_grow_with_rooms(self, browser, place):
        with count_statements(browser.portal.database.engine) as statements:
            browser.get(self.QUERY.format(40))
        assert statements.count <= 10, statements.texts


class TestRatings:
    def test_a_meeting_that_is_over_can_be_rated_once(self, browser, book, clerk, reviewer, place):
        number = book(clerk, place.east, "2026-11-24", "10:00", "11:00", title="已开完的会", approve=reviewer)
        assert "已开完的会" not in browser.get("/meetings/ratings").text
        browser.portal.clock.advance(hours=3)
        browser.login(clerk)
        page = browser.get("/meetings/ratings")
        assert "已开完的会" in page.text
        link = next(a["href"] for a in page.html.select("main a") if "/evaluations/meetings.satisfaction/" in a.get("href", ""))
        form = next(f for f in browser.get(link).forms.values() if "comment" in f.fields)
        for code in ("room", "tea", "technology", "staff", "response"):
            form[f"q_{code}"] = "5"
        form["comment"] = "茶水很及时"
        form.submit().follow()
        assert "已评价" in browser.get(f"/cases/{number}").text
        other = browser.another()
        other.login(reviewer)
        rated = other.get(f"/cases/{number}").html.select_one("section[aria-labelledby=h-booking]").text
        assert rated.count("非常满意") == 5
        assert "茶水很及时" in rated


class TestHome:
    def test_todays_meetings_stand_on_the_home_page(self, browser, book, clerk, place):
        assert "今天没有会议安排" in browser.get("/").text
        book(clerk, place.east, "2026-11-24", "14:00", "15:00", title="今天下午的会")
        page = browser.get("/")
        assert "今天下午的会" in page.html.select_one(".agenda").text and "1 场会议" in page.text
