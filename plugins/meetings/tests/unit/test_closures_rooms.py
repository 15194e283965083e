"""停用, and the administration of rooms, pictures and service items."""

import dataclasses
import datetime as dt
import io

import pytest
import sqlalchemy as sa
from PIL import Image

from portal_core.api import Forbidden, Invalid, NotFound, Stale
from portal_core.audit.models import AuditEntry
from portal_core.files.uploads import Upload
from portal_core.notifications.models import Notification
from portal_meetings.models import PANORAMA, PHOTO, PLAN, RoomSpace
from portal_meetings.services.bookings import SlotTaken
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.items import ServiceItemService
from portal_meetings.services.pictures import PictureService
from portal_meetings.services.rooms import RoomData, RoomService

ROOM = RoomData("新会议室", "2 号楼", "3 层", (("课桌式", 40), ("剧院式", 60)), ("投影",))


@pytest.fixture
def closures(services):
    return services.get(ClosureService)


@pytest.fixture
def rooms(services):
    return services.get(RoomService)


class TestClosing:
    def test_lists_the_meetings_inside_and_tells_their_owners(
        self, session, closures, bookings, approved, clerk, floor, reviewer, form, at
    ):
        inside = approved(form(start=at(9)))
        approved(form(start=at(14)))
        affected = closures.close(floor.room.id, at(8), at(12), "墙面粉刷", reviewer.identity)
        assert [a.case_id for a in affected] == [inside.case_id]
        assert inside.state == "approved"
        message = session.scalars(sa.select(Notification).where(Notification.code == "meetings.room_closed")).one()
        assert (message.user_id, message.params["reason"]) == (clerk.id, "墙面粉刷")

    def test_of_a_half_touches_the_hall(self, closures, approved, floor, reviewer, form, at):
        booking = approved(form(floor.hall))
        assert [a.case_id for a in closures.close(floor.left.id, at(8), at(12), "换灯", reviewer.identity)] == [booking.case_id]

    def test_called_off(self, closures, bookings, clerk, floor, reviewer, form, at):
        closures.close(floor.room.id, at(8), at(12), "检修", reviewer.identity)
        (closure,) = closures.upcoming(floor.room.id)
        with pytest.raises(SlotTaken):
            bookings.book(clerk.identity, form())
        closures.cancel(closure.id, reviewer.identity)
        assert closures.upcoming(floor.room.id) == []
        bookings.book(clerk.identity, form())

    @pytest.mark.parametrize(
        ("hours", "reason", "marked"),
        [((12, 8), "检修", "end"), ((8, 8), "检修", "end"), ((8, 12), " ", "reason"), ((8, 12), "字" * 121, "reason")],
    )
    def test_needs_times_and_a_reason(self, closures, floor, reviewer, at, hours, reason, marked):
        with pytest.raises(Invalid) as caught:
            closures.close(floor.room.id, at(hours[0]), at(hours[1]), reason, reviewer.identity)
        assert set(caught.value.fields) == {marked}

    def test_not_in_the_past_and_not_for_ever(self, closures, floor, reviewer, at):
        for start, end in ((at(6, day=0), at(7, day=0)), (at(8), at(8, day=4000))):
            with pytest.raises(Invalid):
                closures.close(floor.room.id, start, end, "检修", reviewer.identity)

    def test_only_by_managers(self, closures, floor, clerk, reviewer, at):
        with pytest.raises(NotFound):
            closures.close(floor.room.id, at(8), at(9), "检修", clerk.identity)
        with pytest.raises(NotFound):
            closures.close(999_999, at(8), at(9), "检修", reviewer.identity)
        with pytest.raises(NotFound):
            closures.cancel(999_999, reviewer.identity)


class TestRooms:
    def test_made_with_a_floor_of_its_own(self, session, rooms, bookings, clerk, reviewer, form):
        room = rooms.save(reviewer.identity, ROOM)
        assert (room.capacity, room.version, room.active) == (60, 1, True)
        bookings.book(clerk.identity, form(room))
        assert session.scalar(sa.select(AuditEntry.action).where(AuditEntry.object_id == str(room.id))) == "meetings.room_made"

    def test_a_hall_is_made_of_rooms(self, session, rooms, floor, reviewer):
        both = rooms.save(reviewer.identity, dataclasses.replace(ROOM, parts=(floor.room.id, floor.left.id)))
        assert session.scalar(sa.select(sa.func.count()).select_from(RoomSpace).where(RoomSpace.room_id == both.id)) == 2
        assert rooms.parts(both) == [floor.room, floor.left]
        assert rooms.parts(floor.hall) == [floor.left, floor.right]
        assert rooms.parts(floor.room) == []

    def test_changed(self, rooms, floor, reviewer):
        rooms.save(reviewer.identity, dataclasses.replace(ROOM, buffer_after=30), floor.room, floor.room.version)
        assert (floor.room.name, floor.room.buffer_after, floor.room.version) == ("新会议室", 30, 2)
        with pytest.raises(Stale):
            rooms.save(reviewer.identity, ROOM, floor.room, 1)

    @pytest.mark.parametrize(
        ("fields", "marked"),
        [
            ({"name": ""}, "name"),
            ({"name": "字" * 81}, "name"),
            ({"name": "tidy"}, "name"),
            ({"building": ""}, "building"),
            ({"layouts": ()}, "layouts"),
            ({"layouts": (("课桌式", 0),)}, "layouts"),
            ({"layouts": (("", 10),)}, "layouts"),
            ({"equipment": ("字" * 21,)}, "equipment"),
            ({"open_to": dt.time(7)}, "open_to"),
            ({"buffer_after": -1}, "buffer_after"),
            ({"buffer_before": 721}, "buffer_before"),
            ({"note": "字" * 1001}, "note"),
            ({"parts": (999_999,)}, "parts"),
        ],
    )
    def test_what_is_wrong(self, rooms, floor, reviewer, fields, marked):
        with pytest.raises(Invalid) as caught:
            rooms.save(reviewer.identity, dataclasses.replace(ROOM, **fields))
        assert set(caught.value.fields) == {marked}

    def test_out_of_use(self, session, rooms, bookings, approved, clerk, floor, reviewer, form, at):
        booking = approved(form())
        assert [a.case_id for a in rooms.affected(floor.room)] == [booking.case_id]
        with pytest.raises(Invalid):
            rooms.disable(floor.room, reviewer.identity, " ", floor.room.version)
        affected = rooms.disable(floor.room, reviewer.identity, "装修", floor.room.version)
        assert [a.case_id for a in affected] == [booking.case_id]
        message = session.scalars(sa.select(Notification).where(Notification.code == "meetings.room_disabled")).one()
        assert message.user_id == clerk.id
        with pytest.raises(Invalid):
            bookings.book(clerk.identity, form(start=at(14)))
        rooms.enable(floor.room, reviewer.identity, floor.room.version)
        bookings.book(clerk.identity, form(start=at(14)))

    def test_lists(self, rooms, floor, clerk, reviewer, make_user):
        assert rooms.buildings() == ["1 号楼", "2 号楼"]
        assert rooms.managed(clerk.identity) == []
        assert floor.reserved in rooms.managed(reviewer.identity)
        keeper = make_user(permissions=[("meetings:room:manage", floor.tidy.scope)])
        assert rooms.managed(keeper.identity) == [floor.tidy]
        assert rooms.to_manage(floor.tidy.id, keeper.identity) is floor.tidy
        with pytest.raises(NotFound):
            rooms.to_manage(floor.room.id, keeper.identity)
        with pytest.raises(Forbidden):
            rooms.save(keeper.identity, ROOM)


class TestPictures:
    @pytest.fixture
    def pictures(self, services):
        return services.get(PictureService)

    def upload(self, size=(40, 20)):
        stream = io.BytesIO()
        Image.new("RGB", size, "teal").save(stream, "PNG")
        return Upload("file", "room.png", stream)

    def test_the_first_photo_is_the_cover(self, pictures, floor, reviewer):
        plan = pictures.add(floor.room, reviewer.identity, self.upload(), PLAN)
        assert floor.room.cover_id is None
        first = pictures.add(floor.room, reviewer.identity, self.upload((41, 20)), PHOTO, "从门口看")
        second = pictures.add(floor.room, reviewer.identity, self.upload((42, 20)), PHOTO)
        assert floor.room.cover_id == first.file_id
        assert pictures.of_room(floor.room.id) == [plan, first, second]
        pictures.make_cover(second.id, reviewer.identity)
        assert floor.room.cover_id == second.file_id
        pictures.move(second.id, reviewer.identity, -1)
        assert pictures.of_room(floor.room.id) == [plan, second, first]
        pictures.remove(second.id, reviewer.identity)
        assert (pictures.of_room(floor.room.id), floor.room.cover_id) == ([plan, first], first.file_id)

    def test_what_is_refused(self, pictures, floor, clerk, reviewer):
        with pytest.raises(NotFound):
            pictures.add(floor.room, clerk.identity, self.upload(), PHOTO)
        for upload, kind, caption in (
            (self.upload(), "film", ""),
            (self.upload(), PHOTO, "字" * 81),
            (Upload("file", "x.jpg", io.BytesIO(b"<html>")), PHOTO, ""),
        ):
            with pytest.raises(Invalid):
                pictures.add(floor.room, reviewer.identity, upload, kind, caption)
        panorama = pictures.add(floor.room, reviewer.identity, self.upload((80, 40)), PANORAMA)
        with pytest.raises(Invalid):
            pictures.make_cover(panorama.id, reviewer.identity)
        pictures.remove(panorama.id, reviewer.identity)
        with pytest.raises(NotFound):
            pictures.remove(panorama.id, reviewer.identity)


class TestServiceItems:
    def test_kept_in_order_and_switched_off(self, services, floor, clerk, reviewer):
        items = services.get(ServiceItemService)
        banner = items.save(reviewer.identity, " 横幅 ", "横幅文字", position=0)
        assert items.offered() == [banner, floor.signs, floor.tea]
        items.save(reviewer.identity, "横幅", "横幅文字", 0, False, banner)
        assert items.offered() == [floor.signs, floor.tea]
        assert banner in items.all(reviewer.identity)
        assert items.get(banner.id, reviewer.identity) is banner
        with pytest.raises(NotFound):
            items.get(999_999, reviewer.identity)
        for label, question in (("", ""), ("字" * 41, ""), ("鲜花", "字" * 81)):
            with pytest.raises(Invalid):
                items.save(reviewer.identity, label, question)
        with pytest.raises(Forbidden):
            items.all(clerk.identity)
