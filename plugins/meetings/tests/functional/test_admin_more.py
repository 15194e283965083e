"""The other pages of the administration: pictures, rights, closures and service items."""

import io

import pytest
import sqlalchemy as sa
from PIL import Image
from webtest import Upload

from portal_meetings.models import Closure, Room, RoomPicture, ServiceItem

ROOMS, ITEMS = "/meetings/admin/rooms", "/meetings/admin/services"


@pytest.fixture
def manager(app, reviewer, place):
    """The administrator of all rooms, logged in."""
    app.login(reviewer)
    return app


def form_to(page, action):
    """The form of ``page`` that is sent to ``action``."""
    return next(form for form in page.forms.values() if form.action == action)


def wrong(page):
    """Names of the fields that the page marks."""
    return {field["name"] for field in page.html.select('[aria-invalid="true"]') if field.get("name")}


# -- pictures ----------------------------------------------------------------------------------------------------------


def photo(colour, size=(60, 40)):
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "JPEG")
    return Upload(f"{colour}.jpg", target.getvalue(), "image/jpeg")


def add(app, room, *pictures, kind="photo", caption="", status=303):
    address = f"{ROOMS}/{room}/pictures"
    token = app.get(address).html.select_one("input[name=csrf_token]")["value"]
    fields = [("csrf_token", token), ("kind", kind), ("caption", caption), *(("pictures", picture) for picture in pictures)]
    return app.post(address, fields, status=status)


def shown(app, room):
    """``(id, caption)`` of the room's pictures in the order of the page."""
    with app.reading() as session:
        query = sa.select(RoomPicture.id, RoomPicture.caption).where(RoomPicture.room_id == room, RoomPicture.active)
        return [tuple(row) for row in session.execute(query.order_by(RoomPicture.position, RoomPicture.id))]


def press(app, room, picture, act):
    page = app.get(f"{ROOMS}/{room}/pictures")
    return form_to(page, f"{ROOMS}/{room}/pictures/{picture}").submit("act", value=act)


def cover(app, room):
    with app.reading() as session:
        return session.scalar(
            sa.select(RoomPicture.id).join(Room, Room.cover_id == RoomPicture.file_id).where(Room.id == room, RoomPicture.active)
        )


def test_pictures_are_added_ordered_and_taken_off(manager, place):
    for caption in ("一", "二", "三"):
        add(manager, place.east, photo("red"), caption=caption)
    first, second, third = (picture for picture, _caption in shown(manager, place.east))
    press(manager, place.east, third, "up")
    assert [caption for _id, caption in shown(manager, place.east)] == ["一", "三", "二"]
    press(manager, place.east, first, "down")
    assert [caption for _id, caption in shown(manager, place.east)] == ["三", "一", "二"]
    press(manager, place.east, second, "remove")
    assert [caption for _id, caption in shown(manager, place.east)] == ["三", "一"]
    page = manager.get(f"/meetings/rooms/{place.east}")
    assert len(page.html.select('main img[src^="/files/"]')) >= 2


def test_the_cover_follows(manager, place):
    add(manager, place.east, photo("red"), photo("blue"))
    add(manager, place.east, photo("green", (80, 40)), kind="panorama")
    first, second, sphere = (picture for picture, _caption in shown(manager, place.east))
    assert cover(manager, place.east) == first
    press(manager, place.east, second, "cover")
    assert cover(manager, place.east) == second
    press(manager, place.east, second, "remove")
    assert cover(manager, place.east) == first
    token = manager.get("/me").html.select_one("input[name=csrf_token]")["value"]
    manager.post(f"{ROOMS}/{place.east}/pictures/{sphere}", {"csrf_token": token, "act": "cover"}, status=422)
    assert cover(manager, place.east) == first
    press(manager, place.east, first, "remove")
    assert cover(manager, place.east) is None
    manager.get("/meetings/", status=200)


def test_a_picture_that_was_taken_off_meanwhile(manager, place):
    add(manager, place.east, photo("red"))
    ((picture, _caption),) = shown(manager, place.east)
    form = form_to(manager.get(f"{ROOMS}/{place.east}/pictures"), f"{ROOMS}/{place.east}/pictures/{picture}")
    form.submit("act", value="remove").follow()
    form.submit("act", value="up", status=404)


def test_no_picture_chosen(manager, place):
    page = add(manager, place.east, status=422)
    assert wrong(page) == {"pictures"}


# -- rights ------------------------------------------------------------------------------------------------------------


def grant(app, room, status=303, **fields):
    form = form_to(app.get(f"{ROOMS}/{room}/rights"), f"{ROOMS}/{room}/rights")
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=status)


def test_a_right_is_granted_shown_and_taken_back(manager, place, clerk):
    page = grant(manager, place.small, permission="meetings:room:book", subject="user", login="YangXiao").follow()
    assert "杨晓" in page.html.select_one("tbody").text
    visitor = manager.another()
    visitor.login(clerk)
    visitor.get(f"/meetings/book?room={place.small}", status=200)
    page = form_to(page, f"{ROOMS}/{place.small}/rights/revoke").submit().follow()
    assert not page.html.select("tbody tr")
    visitor.get(f"/meetings/book?room={place.small}", status=404)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"subject": "user", "login": ""}, "login"),
        ({"subject": "user", "login": "niemand"}, "login"),
        ({"subject": "department", "department": "999999"}, "department"),
        ({"subject": "role", "role": "kaiser"}, "role"),
        ({"permission": "core:admin:view", "subject": "everyone"}, "permission"),
    ],
)
def test_nobody_is_given_a_right_by_mistake(manager, place, fields, field):
    form = form_to(manager.get(f"{ROOMS}/{place.small}/rights"), f"{ROOMS}/{place.small}/rights")
    for name, value in fields.items():
        if name in ("department", "role", "permission"):
            form[name].force_value(value)
        else:
            form[name] = value
    assert wrong(form.submit(status=422)) == {field}
    assert not manager.get(f"{ROOMS}/{place.small}/rights").html.select("tbody tr")


def test_a_right_that_was_taken_back_meanwhile(manager, place):
    page = grant(manager, place.small, permission="meetings:room:book", subject="everyone").follow()
    form = form_to(page, f"{ROOMS}/{place.small}/rights/revoke")
    form.submit(status=303)
    form.submit(status=303)


# -- closures ----------------------------------------------------------------------------------------------------------


def close(app, room, status=303, **fields):
    form = form_to(app.get(f"{ROOMS}/{room}/closures"), f"{ROOMS}/{room}/closures")
    days = {"start_date": "2026-11-27", "start": "08:00", "end_date": "2026-11-28", "end": "18:00"}
    for name, value in (days | {"reason": "墙面粉刷"} | fields).items():
        form[name] = value
    return form.submit(status=status)


def test_a_closure_names_the_meetings_inside_and_tells_their_owners(manager, place, book, clerk):
    book(clerk, place.half, "2026-11-27", "09:00", "10:00", title="厅里的会")
    book(clerk, place.half, "2026-11-30", "09:00", "10:00", title="之后的会")
    page = close(manager, place.hall).follow()
    assert "已通知 1 场会议的预约人" in page.html.select_one(".flash-ok").text
    line = page.html.select_one("ul.inbox li").text
    assert "墙面粉刷" in line and "厅里的会" in line and "之后的会" not in line
    visitor = manager.another()
    visitor.login(clerk)
    assert "厅里的会" in visitor.get("/notifications").text
    assert "停用" in visitor.get("/meetings/?date=2026-11-27").text
    taken = visitor.get(f"/meetings/check?room={place.half}&date=2026-11-28&start=09:00&end=10:00")
    assert "停用" in taken.text or "墙面粉刷" in taken.text


def test_a_closure_is_called_off(manager, place):
    page = close(manager, place.east).follow()
    with manager.reading() as session:
        closure = session.scalar(sa.select(Closure.id))
    form = form_to(page, f"{ROOMS}/{place.east}/closures/{closure}/cancel")
    assert not form.submit().follow().html.select("ul.inbox li")
    form.submit(status=404)
    taken = manager.get(f"/meetings/check?room={place.east}&date=2026-11-27&start=09:00&end=10:00")
    assert "粉刷" not in taken.text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reason": ""}, {"reason"}),
        ({"reason": "字" * 121}, {"reason"}),
        ({"start_date": ""}, {"start_date"}),
        ({"start_date": "2026-02-30"}, {"start_date"}),
        ({"end_date": "9999-12-31"}, {"end_date"}),
        ({"end_date": "2026-11-26"}, {"end"}),
        ({"start_date": "2026-11-20", "end_date": "2026-11-21"}, {"end"}),
        ({"end_date": "2199-12-31"}, {"end"}),
        ({"start": "25:00"}, {"start"}),
        ({"end": ""}, {"end"}),
    ],
)
def test_closures_that_make_no_sense(manager, place, fields, expected):
    page = close(manager, place.east, status=422, **fields)
    assert wrong(page) == expected
    assert page.html.select(".error-summary")
    with manager.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Closure)) == 0


# -- service items -----------------------------------------------------------------------------------------------------


def test_a_new_item_is_offered_on_the_form(manager):
    form = form_to(manager.get(ITEMS), ITEMS)
    form["label"], form["question"] = "横幅", "横幅内容"
    page = form.submit().follow()
    assert "横幅" in page.html.select_one("tbody").text
    assert "横幅" in manager.get("/meetings/book").html.select_one("#book-form").text


def test_an_item_is_changed_and_no_longer_offered(manager, place):
    form = form_to(manager.get(f"{ITEMS}/{place.tea}"), f"{ITEMS}/{place.tea}")
    assert form["label"].value == "茶水"
    form["label"], form["active"] = "茶水（绿茶）", False
    form.submit(status=303)
    assert "茶水" not in manager.get("/meetings/book").html.select_one("#book-form").text
    with manager.reading() as session:
        item = session.get(ServiceItem, place.tea)
    assert (item.label, item.active) == ("茶水（绿茶）", False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "字" * 41}, "label"),
        ({"question": "字" * 81}, "question"),
        ({"position": "x"}, "position"),
        ({"position": "-1"}, "position"),
        ({"position": "99999999999999999999"}, "position"),
    ],
)
def test_items_that_make_no_sense(manager, fields, field):
    form = form_to(manager.get(ITEMS), ITEMS)
    for name, value in ({"label": "横幅"} | fields).items():
        form[name] = value
    assert wrong(form.submit(status=422)) == {field}
    with manager.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ServiceItem)) == 2


def test_bookings_keep_the_words_they_had(manager, app, place, book, clerk):
    number = book(clerk, place.east, "2026-11-27", "09:00", "10:00", services={place.sign: "十个"})
    form = form_to(manager.get(f"{ITEMS}/{place.sign}"), f"{ITEMS}/{place.sign}")
    form["label"], form["active"] = "桌牌", False
    form.submit(status=303)
    assert "席签" in manager.get(f"/cases/{number}").text
    owner = app.another()
    owner.login(clerk)
    change = owner.get(f"/meetings/change/{number}").forms["book-form"]
    change["title"] = "改名"
    change.submit("_submit", status=303)
