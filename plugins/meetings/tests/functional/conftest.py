"""People, rooms and bookings for the tests of pages."""

import datetime as dt
from dataclasses import dataclass

import pytest

from portal_core.api import CaseService
from portal_meetings.models import Closure, Room, RoomSpace, ServiceItem, Space
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import BookingData


@dataclass
class Place:
    """Ids of what the fixture ``place`` made."""

    east: int
    hall: int
    half: int
    small: int
    sign: int
    tea: int


@pytest.fixture
def place(app):
    """Four rooms: an ordinary one, a hall and one of its halves, and a restricted small one; two service items."""
    with app.services() as services:
        session = services.session
        floors = [Space(name=name) for name in ("东", "A", "B", "小")]
        sign = ServiceItem(label="席签", question="席签要求（人数、姓名、摆放）", position=1)
        tea = ServiceItem(label="茶水", position=2)
        session.add_all([*floors, sign, tea])
        session.flush()

        def room(name, building, capacity, spaces, **more):
            made = Room(
                name=name,
                building=building,
                floor="2 层",
                capacity=capacity,
                layouts=[["课桌式", capacity]],
                equipment=["投影"],
                **more,
            )
            session.add(made)
            session.flush()
            session.add_all(RoomSpace(room_id=made.id, space_id=floors[n].id) for n in spaces)
            return made.id

        east = room("东会议室", "1 号楼", 60, [0], position=1)
        hall = room("多功能厅", "3 号楼", 300, [1, 2], position=2)
        half = room("多功能厅 A 厅", "3 号楼", 150, [1], position=3)
        small = room("接待室", "1 号楼", 12, [3], position=4, restricted=True)
        session.flush()
        return Place(east, hall, half, small, sign.id, tea.id)


@pytest.fixture
def clerk(make_user):
    """A clerk with a telephone number."""
    return make_user("yangxiao", name="杨晓", roles=["clerk"], phone="13800000000")


@pytest.fixture
def other(make_user):
    """A clerk of another unit."""
    return make_user("lijing", name="李静", department="机关工委", roles=["clerk"], phone="13900000000")


@pytest.fixture
def reviewer(make_user):
    """The administrator of all rooms."""
    return make_user("zhoumin", name="周敏", roles=["meetings-admin"])


@pytest.fixture
def book(app):
    """``book(person, room_id, "2026-11-27", "14:00", "16:00", title="例会", approve=reviewer)`` returns the case's number."""

    def make(person, room_id, day, start, end, approve=None, **fields):
        clock = app.portal.clock
        date = dt.date.fromisoformat(day)
        values = {"title": "工作例会", "kind": "work", "people": 10, "contact": "杨晓", "phone": "13800000000"} | fields
        begins, ends = (clock.at(date, dt.time.fromisoformat(text)) for text in (start, end))
        with app.services() as services:
            booking = services.get(BookingService).book(
                person.identity, BookingData(room_id=room_id, starts_at=begins, ends_at=ends, **values)
            )
            cases = services.get(CaseService)
            case = cases.get(booking.case_id)
            if approve:
                cases.perform(case, "approve", approve.identity)
            return case.number

    return make


@pytest.fixture
def close_room(app):
    """``close_room(room_id, person, "2026-11-26T08:00", "2026-11-26T18:00", "检修")`` puts a room out of use."""

    def make(room_id, person, start, end, reason):
        zone = app.portal.clock.zone
        begins, ends = (dt.datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))
        with app.services() as services:
            services.session.add(
                Closure(
                    room_id=room_id,
                    starts_at=begins,
                    ends_at=ends,
                    reason=reason,
                    created_by_id=person.id,
                    created=services.clock.now(),
                )
            )

    return make
