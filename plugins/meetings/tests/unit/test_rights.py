"""Who may do what, for each right and each place it is given (A2)."""

import pytest

from portal_core.api import CaseService, Forbidden, NotFound, ServiceError
from portal_meetings import permissions as p
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.items import ServiceItemService
from portal_meetings.services.pending import PendingService
from portal_meetings.services.rooms import RoomService

EVERYWHERE, HERE, ELSEWHERE, NOT_AT_ALL = "everywhere", "here", "elsewhere", "not at all"


@pytest.fixture
def acts(services, bookings, floor, clerk, form, at):
    """What can be tried, by right: each act gets the person and either does it or raises a ServiceError."""

    def approve(person):
        booking = bookings.book(clerk.identity, form())
        cases = services.get(CaseService)
        case = cases.get(booking.case_id)
        cases.perform(case, "approve", person.identity, version=case.version)

    def direct(person):
        if bookings.book(person.identity, form()).state != "approved":
            raise Forbidden("")

    def view(person):
        bookings.get(bookings.book(clerk.identity, form()).case_id, person.identity)

    def reserved(person):
        bookings.book(person.identity, form(floor.reserved))

    def manage(person):
        services.get(ClosureService).close(floor.room.id, at(8), at(9), "检修", person.identity)

    def serve(person):
        services.get(ServiceItemService).save(person.identity, "横幅")

    def create(person):
        bookings.book(person.identity, form())

    return {
        p.CREATE: create,
        p.APPROVE: approve,
        p.DIRECT: direct,
        p.VIEW: view,
        p.BOOK_ROOM: reserved,
        p.MANAGE_ROOM: manage,
        p.MANAGE_SERVICE: serve,
    }


SCOPED = (p.APPROVE, p.DIRECT, p.VIEW, p.BOOK_ROOM, p.MANAGE_ROOM)
MATRIX = [(right, where, where in (EVERYWHERE, HERE)) for right in SCOPED for where in (EVERYWHERE, HERE, ELSEWHERE, NOT_AT_ALL)]
MATRIX += [(right, where, where == EVERYWHERE) for right in (p.CREATE, p.MANAGE_SERVICE) for where in (EVERYWHERE, NOT_AT_ALL)]


@pytest.mark.parametrize(("right", "where", "expected"), MATRIX)
def test_matrix(acts, floor, make_user, right, where, expected):
    room = floor.reserved if right == p.BOOK_ROOM else floor.room
    granted = {EVERYWHERE: [right], HERE: [(right, room.scope)], ELSEWHERE: [(right, floor.tidy.scope)], NOT_AT_ALL: []}[where]
    # Booking itself needs the right to book; everybody but the one whose right it is has it.
    basic = [] if right == p.CREATE else [p.CREATE]
    person = make_user(permissions=basic + granted)
    if expected:
        acts[right](person)
    else:
        with pytest.raises(ServiceError):
            acts[right](person)


def test_roles_at_first(make_user):
    assert make_user(roles=["clerk"]).identity.permissions >= {p.CREATE}
    assert make_user(roles=["meetings-admin"]).identity.permissions >= {
        p.CREATE,
        p.APPROVE,
        p.VIEW,
        p.MANAGE_ROOM,
        p.MANAGE_SERVICE,
    }
    admin = make_user(roles=["admin"]).identity.permissions
    assert admin >= {p.MANAGE_ROOM, p.MANAGE_SERVICE}
    assert not admin & {p.APPROVE, p.VIEW, p.DIRECT}


def test_a_room_is_granted_to_a_unit(services, floor, reviewer, make_user):
    rooms = services.get(RoomService)
    person = make_user(department="财政局")
    assert floor.reserved not in rooms.bookable(person.identity)
    rooms.grant(floor.reserved, reviewer.identity, p.BOOK_ROOM, department_id=person.identity.department_id)
    assert [subject.name for subject in rooms.rights(floor.reserved)[p.BOOK_ROOM]] == ["财政局"]
    assert floor.reserved in rooms.bookable(make_user(department="财政局").identity)
    rooms.revoke(floor.reserved, reviewer.identity, p.BOOK_ROOM, department_id=person.identity.department_id)
    assert floor.reserved not in rooms.bookable(make_user(department="财政局").identity)


def test_only_rights_over_rooms_are_granted_for_rooms(services, floor, reviewer, clerk):
    rooms = services.get(RoomService)
    with pytest.raises(ServiceError):
        rooms.grant(floor.room, reviewer.identity, "core:admin:view", everyone=True)
    with pytest.raises(NotFound):
        rooms.grant(floor.room, clerk.identity, p.APPROVE, user_id=clerk.id)


def test_the_queue_shows_only_ones_own_rooms(services, bookings, clerk, floor, form, make_user):
    here = bookings.book(clerk.identity, form())
    there = bookings.book(clerk.identity, form(floor.tidy))
    queue = services.get(PendingService).queue
    assert [w.case_id for w in queue(make_user(permissions=[(p.APPROVE, floor.room.scope)]).identity)] == [here.case_id]
    assert {w.case_id for w in queue(make_user(permissions=[p.APPROVE]).identity)} == {here.case_id, there.case_id}
    assert queue(clerk.identity) == []


def test_a_room_out_of_use_is_known_to_its_managers_only(services, floor, clerk, reviewer):
    rooms = services.get(RoomService)
    rooms.disable(floor.room, reviewer.identity, "装修", floor.room.version)
    assert rooms.get(floor.room.id, reviewer.identity) is floor.room
    with pytest.raises(NotFound):
        rooms.get(floor.room.id, clerk.identity)
