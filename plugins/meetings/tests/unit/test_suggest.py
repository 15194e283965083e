"""What is offered instead of a taken room: really free, within one's rights, the useful first, at most five."""

import datetime as dt

import pytest

from portal_meetings.models import Room, RoomSpace, Space
from portal_meetings.services.bookings import SlotTaken
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.suggest import LIMIT, SAME_ROOM, SAME_TIME


@pytest.fixture
def offered(bookings, other):
    """``(room, start)`` of the alternatives that the other clerk is offered."""

    def ask(data, person=other, reason=None):
        with pytest.raises(SlotTaken) as caught:
            bookings.book(person.identity, data)
        return [(a.room_name, a.starts_at) for a in caught.value.alternatives if reason in (None, a.reason)]

    return ask


def test_other_rooms_tightest_fit_first_then_other_buildings(bookings, offered, clerk, form, at):
    bookings.book(clerk.identity, form())
    rooms = [name for name, _start in offered(form(people=25), reason=SAME_TIME)]
    assert rooms == ["left", "right", "hall"]
    assert len(offered(form(people=25))) == LIMIT


def test_the_nearest_times_before_and_after(bookings, offered, clerk, form, at):
    bookings.book(clerk.identity, form(start=at(10)))
    bookings.book(clerk.identity, form(start=at(11)))
    assert offered(form(start=at(10, 15)), reason=SAME_ROOM) == [("room", at(9)), ("room", at(12))]


def test_the_next_day_when_the_day_is_full(bookings, offered, clerk, form, at):
    bookings.book(clerk.identity, form(start=at(7), ends_at=at(22)))
    assert offered(form(start=at(9)), reason=SAME_ROOM) == [("room", at(9, day=2))]


def test_nothing_in_the_past(bookings, offered, clerk, form, at):
    bookings.book(clerk.identity, form(start=at(9, 30, day=0)))
    assert offered(form(start=at(9, 45, day=0)), reason=SAME_ROOM)[0] == ("room", at(10, 30, day=0))
    assert all(start >= at(9, 30, day=0) for _name, start in offered(form(start=at(9, 45, day=0))))


def test_buffers_closures_halls_and_rights(services, bookings, offered, clerk, reviewer, floor, form, at, make_user):
    bookings.book(clerk.identity, form())
    # tidy is free from ten, but its quarter of an hour is not over; the closed half closes the hall.
    bookings.book(clerk.identity, form(floor.tidy, start=at(8)))
    services.get(ClosureService).close(floor.left.id, at(8), at(12), "换灯", reviewer.identity)
    assert [name for name, _start in offered(form(), reason=SAME_TIME)] == ["right"]
    guest = make_user(roles=["clerk"], permissions=[("meetings:room:book", floor.reserved.scope)])
    assert [name for name, _start in offered(form(), person=guest, reason=SAME_TIME)] == ["reserved", "right"]


def test_opening_hours_and_capacity(session, bookings, offered, clerk, floor, form, at):
    floor.left.open_from = dt.time(10)
    session.flush()
    bookings.book(clerk.identity, form())
    assert [name for name, _start in offered(form(people=30), reason=SAME_TIME)] == ["right", "hall", "tidy"]


def test_every_alternative_can_be_booked(session, bookings, offered, clerk, other, form, at):
    for number in range(8):
        room = Room(name=f"room {number}", building="1 号楼", capacity=30 + number, position=10 + number)
        space = Space(name=room.name)
        session.add_all([room, space])
        session.flush()
        session.add(RoomSpace(room_id=room.id, space_id=space.id))
    session.flush()
    bookings.book(clerk.identity, form())
    with pytest.raises(SlotTaken) as caught:
        bookings.book(other.identity, form())
    assert len(caught.value.alternatives) == LIMIT
    for alternative in caught.value.alternatives:
        data = form(start=alternative.starts_at)
        bookings.book(other.identity, data.__class__(**{**vars(data), "room_id": alternative.room_id}))
