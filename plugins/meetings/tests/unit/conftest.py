"""Rooms, people and forms for the tests of the services."""

import datetime as dt
from dataclasses import dataclass, replace

import pytest

from portal_core.api import CaseService
from portal_meetings.models import Room, RoomSpace, ServiceItem, Space
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import BookingData


@dataclass
class Floor:
    """Rooms and service items. ``hall`` unites ``left`` and ``right``; ``tidy`` keeps a quarter of an hour free afterwards."""

    room: Room
    tidy: Room
    left: Room
    right: Room
    hall: Room
    reserved: Room
    signs: ServiceItem
    tea: ServiceItem


@pytest.fixture
def floor(session):
    """Six rooms and two service items."""
    spaces = {name: Space(name=name) for name in ("room", "tidy", "left", "right", "reserved")}
    signs = ServiceItem(label="席签", question="姓名与数量", position=1)
    tea = ServiceItem(label="茶水", position=2)
    session.add_all([*spaces.values(), signs, tea])
    rooms = {}
    for position, (name, capacity, on, more) in enumerate(
        (
            ("room", 30, ("room",), {}),
            ("tidy", 40, ("tidy",), {"buffer_after": 15, "building": "2 号楼"}),
            ("left", 50, ("left",), {}),
            ("right", 50, ("right",), {}),
            ("hall", 100, ("left", "right"), {}),
            ("reserved", 20, ("reserved",), {"restricted": True}),
        )
    ):
        room = Room(**{"name": name, "building": "1 号楼", "capacity": capacity, "position": position} | more)
        session.add(room)
        session.flush()
        session.add_all(RoomSpace(room_id=room.id, space_id=spaces[space].id) for space in on)
        rooms[name] = room
    session.flush()
    return Floor(signs=signs, tea=tea, **rooms)


@pytest.fixture
def at(portal):
    """``at(10, 30)`` is half past ten tomorrow, ``at(10, day=3)`` ten o'clock in three days."""
    return lambda hour, minute=0, day=1: portal.clock.at(portal.clock.today() + dt.timedelta(days=day), dt.time(hour, minute))


@pytest.fixture
def form(floor, at):
    """``form(room, start=at(9), minutes=60, title=…)``: a form that breaks no rule, but for what is given."""

    def make(room=None, start=None, minutes=60, **fields):
        start = start or at(9)
        end = start + dt.timedelta(minutes=minutes)
        data = BookingData((room or floor.room).id, "周例会", "work", start, end, 12, "杨晓", "8800 1234")
        return replace(data, **fields)

    return make


@pytest.fixture
def clerk(make_user):
    """Somebody who books."""
    return make_user("clerk", name="杨晓", roles=["clerk"])


@pytest.fixture
def other(make_user):
    """Somebody else who books."""
    return make_user("other", name="李静", department="财政局", roles=["clerk"])


@pytest.fixture
def reviewer(make_user):
    """Administrator of all rooms."""
    return make_user("reviewer", name="周敏", roles=["meetings-admin"])


@pytest.fixture
def bookings(services):
    """The booking service."""
    return services.get(BookingService)


@pytest.fixture
def act(services):
    """``act(booking, "approve", reviewer, "opinion")`` does an act of the flow."""

    def perform(booking, action, person, opinion=""):
        cases = services.get(CaseService)
        case = cases.get(booking.case_id)
        return cases.perform(case, action, person.identity, opinion=opinion, version=case.version)

    return perform


@pytest.fixture
def approved(bookings, act, clerk, reviewer):
    """``approved(form(…))`` is a booking of the clerk that the reviewer has approved."""

    def make(data, owner=clerk):
        booking = bookings.book(owner.identity, data)
        act(booking, "approve", reviewer)
        return bookings.get(booking.case_id, owner.identity)

    return make
