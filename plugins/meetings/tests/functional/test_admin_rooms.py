"""会议室管理: making and changing rooms, divisible halls, and taking rooms out of use."""

import pytest
import sqlalchemy as sa

from portal_meetings.models import Room, RoomSpace

LIST = "/meetings/admin/rooms"


@pytest.fixture
def manager(app, reviewer, place):
    """The administrator of all rooms, logged in."""
    app.login(reviewer)
    return app


def form_to(page, action):
    """The form of ``page`` that is sent to ``action``."""
    return next(form for form in page.forms.values() if form.action == action)


def new_room(app, **changes):
    """The form of a new room, filled in."""
    form = form_to(app.get(f"{LIST}/new"), f"{LIST}/new")
    values = {"name": "西会议室", "building": "2 号楼", "layouts": "课桌式 40\n剧院式：60", "equipment": "投影、话筒，白板"}
    for name, value in (values | changes).items():
        form[name] = value
    return form


def problems(page):
    """Messages by field, as the page shows them."""
    return {
        field["name"]: page.html.select_one(f"#{field['id']}-err").text.strip()
        for field in page.html.select('[aria-invalid="true"]')
        if field.get("name")
    }


def room_of(app, room_id):
    with app.reading() as session:
        return session.get(Room, room_id)


def test_a_new_room_can_be_booked_at_once(manager):
    answer = new_room(manager).submit()
    assert (answer.status_int, answer.headers["Location"].rsplit("/", 1)[1]) == (303, "pictures")
    page = answer.follow()
    assert "会议室已建立" in page.html.select_one(".flash-ok").text
    with manager.reading() as session:
        room = session.scalar(sa.select(Room).where(Room.name == "西会议室"))
    assert (room.capacity, room.layouts, room.equipment) == (60, [["课桌式", 40], ["剧院式", 60]], ["投影", "话筒", "白板"])
    assert "西会议室" in manager.get("/meetings/book").html.select_one("#room").text
    assert "西会议室" in manager.get(LIST).html.select_one("tbody").text


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, {"name": "请填写名称"}),
        ({"name": "东会议室"}, {"name": "已有同名会议室"}),
        ({"name": "字" * 81}, {"name": None}),
        ({"building": " "}, {"building": None}),
        ({"layouts": ""}, {"layouts": None}),
        ({"layouts": "课桌式"}, {"layouts": None}),
        ({"layouts": "课桌式 0"}, {"layouts": "请至少填写一种布置形式及座位数"}),
        ({"layouts": "课桌式 99999"}, {"layouts": None}),
        ({"equipment": "很长" * 20}, {"equipment": None}),
        ({"open_from": ""}, {"open_from": None}),
        ({"open_from": "20:00", "open_to": "08:00"}, {"open_to": "结束时间必须晚于开始时间"}),
        ({"buffer_after": "-1"}, {"buffer_after": None}),
        ({"buffer_before": "9999"}, {"buffer_before": None}),
        ({"position": "vorn"}, {"position": None}),
        ({"name": "", "building": "", "layouts": "x"}, {"name": None, "building": None, "layouts": None}),
    ],
)
def test_mistakes_are_told_at_their_fields_and_nothing_is_lost(manager, changes, wrong):
    page = new_room(manager, contact="周敏", **changes).submit(status=422)
    told = problems(page)
    assert told.keys() == wrong.keys()
    assert all(message in (None, told[name]) for name, message in wrong.items()), told
    assert {link["href"] for link in page.html.select(".error-summary a")} == {f"#{name}" for name in wrong}
    assert page.html.select_one("#contact")["value"] == "周敏"
    with manager.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Room)) == 4


def test_a_room_is_changed(manager, place):
    page = manager.get(f"{LIST}/{place.east}")
    form = form_to(page, f"{LIST}/{place.east}")
    assert (form["name"].value, form["layouts"].value.strip(), form["equipment"].value) == ("东会议室", "课桌式 60", "投影")
    form["layouts"], form["restricted"], form["open_to"] = "围桌式 30", True, "00:00"
    page = form.submit(status=303).follow()
    assert "已保存" in page.html.select_one(".flash-ok").text
    room = room_of(manager, place.east)
    assert (room.capacity, room.restricted, room.version) == (30, True, 2)


def test_the_second_of_two_administrators_overwrites_nothing(manager, place):
    first, second = (form_to(manager.get(f"{LIST}/{place.east}"), f"{LIST}/{place.east}") for _n in range(2))
    first["floor"] = "3 层"
    first.submit(status=303)
    second["floor"] = "9 层"
    page = second.submit(status=409)
    assert "内容已被修改" in page.html.select_one("main [role=alert]").text
    assert page.html.select_one("#floor")["value"] == "9 层"
    assert room_of(manager, place.east).floor == "3 层"


def test_a_hall_takes_the_floor_of_its_parts(manager, place, book, clerk):
    form = new_room(manager, name="三厅合一")
    for box in form.fields["parts"]:
        box.checked = box._value in (str(place.half), str(place.small))
    form.submit(status=303)
    with manager.reading() as session:
        hall = session.scalar(sa.select(Room.id).where(Room.name == "三厅合一"))
        floors = {
            room: set(session.scalars(sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room)))
            for room in (hall, place.half, place.small)
        }
    assert floors[hall] == floors[place.half] | floors[place.small]
    page = manager.get(f"{LIST}/{hall}")
    assert "多功能厅 A 厅、接待室" in page.text
    assert "parts" not in form_to(page, f"{LIST}/{hall}").fields
    book(clerk, place.half, "2026-11-27", "09:00", "10:00")
    check = manager.get(f"/meetings/check?room={hall}&date=2026-11-27&start=09:30&end=11:00")
    assert "占用" in check.text or "工作例会" in check.text


def test_unknown_parts_are_refused(manager):
    form = new_room(manager)
    fields = [*form.submit_fields(), ("parts", "999999")]
    page = manager.post(f"{LIST}/new", fields, status=422)
    assert "请从列表中选择" in page.text


def test_out_of_use_and_back(manager, place, book, clerk, other):
    number = book(clerk, place.east, "2026-11-27", "09:00", "10:00", title="要搬的会")
    page = manager.get(f"{LIST}/{place.east}")
    assert "要搬的会" in page.html.select_one("#h-off").find_parent("section").text
    off = form_to(page, f"{LIST}/{place.east}/disable")
    missing = off.submit(status=422)
    assert set(problems(missing)) == {"off-reason"}
    assert room_of(manager, place.east).active
    off = form_to(missing, f"{LIST}/{place.east}/disable")
    off["off-reason"] = "改造"
    page = off.submit(status=303).follow()
    assert "已通知 1 场会议的预约人" in page.html.select_one(".flash-ok").text
    assert not room_of(manager, place.east).active
    visitor = manager.another()
    visitor.login(clerk)
    assert "东会议室" not in visitor.get("/meetings/?date=2026-12-07").html.select_one("main").text
    assert "要搬的会" in visitor.get("/notifications").text
    visitor.get(f"/cases/{number}", status=200)
    visitor.get(f"/meetings/rooms/{place.east}", status=404)
    form_to(page, f"{LIST}/{place.east}/enable").submit(status=303)
    assert room_of(manager, place.east).active
    visitor.get(f"/meetings/rooms/{place.east}", status=200)


def test_of_confidential_meetings_only_those_who_may_read_them_see_the_title(manager, app, make_user, place, book, clerk):
    book(clerk, place.east, "2026-11-27", "09:00", "10:00", title="绝密专题会", confidential=True)
    pages = (f"{LIST}/{place.east}", f"{LIST}/{place.east}/closures")
    closing = form_to(manager.get(pages[1]), pages[1])
    closing["start_date"], closing["end_date"], closing["reason"] = "2026-11-27", "2026-11-27", "检修"
    closing.submit(status=303)
    assert all("绝密专题会" in manager.get(page).text for page in pages)
    blind = app.another()
    blind.login(make_user("system", roles=["admin"]))
    for page in pages:
        text = blind.get(page).text
        assert "绝密" not in text and "保密会议" in text
