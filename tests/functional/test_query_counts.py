"""How many statements the pages cost, and that ten times as many rows cost no more."""

import dataclasses
import datetime as dt

import pytest

from portal_core.testing.fixtures import count_statements
from portal_meetings.models import Closure, Room, RoomSpace, Space
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import of_booking
from portal_meetings.services.lifecycle import finish_ended
from tests import scene as scenes

scene = scenes.scene

# Who opens which page, and how many statements it may cost, those of login and page frame included.
PAGES = {
    "home": ("staff", "/", 12),
    "home of a reviewer": ("meetings-admin", "/", 12),
    "inbox, to do": ("meetings-admin", "/inbox", 7),
    "inbox, started by me": ("staff", "/inbox?tab=mine", 7),
    "inbox, handled": ("meetings-admin", "/inbox?tab=done", 7),
    "messages": ("staff", "/notifications", 5),
    "case": ("meetings-admin", "/cases/{cases[pending]}", 12),
    "grid, week": ("staff", "/meetings/?date=2026-12-02", 8),
    "grid, day": ("staff", "/meetings/?view=day&date=2026-12-02", 8),
    "grid, list": ("staff", "/meetings/?view=list&date=2026-12-02", 8),
    "own bookings": ("staff", "/meetings/mine?tab=all", 6),
    "review queue": ("meetings-admin", "/meetings/pending", 8),
    "find a room": ("staff", "/meetings/find?people=5&date=2026-11-27&start=09:00&end=10:00", 9),
    "booking form": ("staff", "/meetings/book", 8),
    "ratings": ("staff", "/meetings/ratings", 6),
    "room": ("staff", "/meetings/rooms/{rooms.first}", 9),
    "popup": ("staff", "/meetings/bookings/{ids[approved]}", 9),
    "rooms to manage": ("meetings-admin", "/meetings/admin/rooms", 5),
    "room to manage": ("meetings-admin", "/meetings/admin/rooms/{rooms.first}", 8),
    "working calendar": ("admin", "/admin/calendar", 12),
    "background work": ("admin", "/admin/jobs", 8),
    "services to manage": ("meetings-admin", "/meetings/admin/services", 5),
}


def cost(scene, who, address):
    browser = scene.browsers[who]
    browser.get(address)
    with count_statements(scene.app.portal.database.engine) as seen:
        browser.get(address)
    return seen


def grow(scene):
    """Ten times as many rooms, closures, bookings, to-dos, messages, meetings to rate, and events of one case."""
    _more_rooms(scene)
    for day in range(6, 24):
        for hour in (9, 13, 16):
            number = scene.book("staff", scene.rooms.first, (day, hour), hours=2)
            if hour == 9:
                scene.act("meetings-admin", number, "approve")
        scene.book("staff2", scene.rooms.second, (day, 9), hours=2)
    _more_to_rate(scene)
    for people in range(9, 19):
        _edit(scene, people)


def _more_to_rate(scene):
    earlier = scene.app.portal.clock.now() - dt.timedelta(days=20)
    for day in range(-10, 0):
        number = scene.book("staff", scene.rooms.second, (day, 14), moment=earlier)
        scene.act("meetings-admin", number, "approve", moment=earlier)
    with scene.services() as services:
        finish_ended(services.session, scene.app.portal, services.clock)


def _edit(scene, people):
    with scene.services() as services:
        bookings, staff = services.get(BookingService), scene.people["staff"].identity
        booking = bookings.get(scene.cases["pending"], staff)
        bookings.change(booking, staff, dataclasses.replace(of_booking(booking), people=people), booking.case.version)


def _more_rooms(scene):
    with scene.services() as services:
        session, now = services.session, services.clock.now()
        for number in range(40):
            facts = {"building": "2 号楼", "capacity": 40, "layouts": [["课桌式", 40]], "position": 50 + number}
            room, space = Room(name=f"第 {number} 会议室", **facts), Space(name=str(number))
            session.add_all([room, space])
            session.flush()
            session.add(RoomSpace(room_id=room.id, space_id=space.id))
            begins = now + dt.timedelta(days=1)
            closing = {"starts_at": begins, "ends_at": begins + dt.timedelta(days=1), "reason": "检修", "created": now}
            session.add(Closure(room_id=room.id, created_by_id=scene.people["admin"].id, **closing))


@pytest.fixture(scope="module")
def costs(scene):
    """Statements by page, before and after the growth."""
    ids = {key: scene.ids.get(number, 0) for key, number in scene.cases.items()}
    addresses = {page: (who, url.format_map(vars(scene) | {"ids": ids})) for page, (who, url, _most) in PAGES.items()}
    few = {page: cost(scene, *asked) for page, asked in addresses.items()}
    grow(scene)
    return few, {page: cost(scene, *asked) for page, asked in addresses.items()}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_the_same_with_many_rows(costs, page):
    few, many = (seen[page] for seen in costs)
    assert many.count == few.count, "\n".join(sorted(set(many.texts)))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_no_more_than_allowed(costs, page):
    assert costs[1][page].count <= PAGES[page][2], "\n".join(costs[1][page].texts)
