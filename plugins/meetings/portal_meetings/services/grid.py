"""What happens in the rooms during some days, read for the grid, the timeline, the list and the page of a room.

Three statements, whatever the number of rooms and bookings: the rooms, the bookings together with proposed changes, the closures.
They return plain rows, because making entities costs more than reading them, and they are built once, when the module is loaded.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from portal_core.api import Identity, Services, StoredFile
from portal_meetings import permissions
from portal_meetings.models import Booking, Change, Closure, Room, RoomSpace, room_scope
from portal_meetings.services import states
from portal_meetings.services.visibility import is_hidden

PROPOSED, CLOSED = "proposed", "closed"
DRAWN = frozenset((*states.KEEPING, PROPOSED))


class Cover(NamedTuple):
    """What the address of a room's picture is made of."""

    id: int
    digest: str
    content_type: str


class GridRoom(NamedTuple):
    """A room as the grid shows it. ``spaces`` are the pieces of floor it stands on, as text."""

    id: int
    name: str
    building: str
    floor: str
    capacity: int
    open_from: dt.time
    open_to: dt.time
    restricted: bool
    buffer_before: int
    buffer_after: int
    cover: Cover | None
    spaces: frozenset[str]

    @property
    def place(self) -> str:
        """Building and floor as one text."""
        return f"{self.building} {self.floor}".strip()

    def opening(self, day: dt.date, zone: dt.tzinfo | None) -> tuple[dt.datetime, dt.datetime]:
        """When the room opens and closes on ``day``; closing at 0:00 is the day's end."""
        closing_day = day if self.open_to > dt.time() else day + dt.timedelta(days=1)
        return dt.datetime.combine(day, self.open_from, zone), dt.datetime.combine(closing_day, self.open_to, zone)


class Item(NamedTuple):
    """Something that occupies room ``room_id`` from ``start`` to ``end`` (aware, in the users' zone).

    ``state`` is the booking's state, ``proposed`` for the new slot of an open change, or ``closed`` for a closure. Of a
    ``hidden`` booking title and unit are empty: it is confidential and not this person's business.
    """

    booking_id: int | None
    room_id: int
    state: str
    title: str
    unit: str
    start: dt.datetime
    end: dt.datetime
    mine: bool
    hidden: bool


@dataclass(frozen=True)
class Schedule:
    """The rooms, in their order, and what occupies each of them. What is in a part of a divisible hall is at the whole too."""

    rooms: list[GridRoom]
    items: dict[int, list[Item]]
    buildings: list[str]
    names: dict[int, str]
    buffers: dict[int, tuple[int, int]]

    def of(self, room_id: int) -> list[Item]:
        """What occupies room ``room_id``, in the order of time."""
        return self.items.get(room_id, [])

    def other_rooms(self, room_id: int) -> tuple[tuple[int, str], ...]:
        """Ids and names of the other rooms whose meetings occupy this one: the parts of a hall, or the hall around a part."""
        others = {item.room_id for item in self.of(room_id)} - {room_id}
        return tuple((other, self.names.get(other, "")) for other in sorted(others))

    def margins(self, room_id: int, item: Item) -> tuple[int, int]:
        """Minutes before and after ``item`` in which no meeting in room ``room_id`` may run: the buffers of both rooms.

        Closures have none.
        """
        if item.state == CLOSED:
            return 0, 0
        (own_before, own_after), (its_before, its_after) = self.buffers[room_id], self.buffers.get(item.room_id, (0, 0))
        return own_after + its_before, its_after + own_before


_spaces = (
    sa.select(sa.func.aggregate_strings(sa.cast(RoomSpace.space_id, sa.String), ","))
    .where(RoomSpace.room_id == Room.id)
    .scalar_subquery()
)
ROOMS = (
    sa.select(
        Room.id,
        Room.name,
        Room.building,
        Room.floor,
        Room.capacity,
        Room.open_from,
        Room.open_to,
        Room.restricted,
        Room.buffer_before,
        Room.buffer_after,
        StoredFile.id.label("cover_id"),
        StoredFile.digest,
        StoredFile.content_type,
        _spaces.label("spaces"),
    )
    .outerjoin(StoredFile, StoredFile.id == Room.cover_id)
    .where(Room.active)
    .order_by(Room.position, Room.id)
)

_earliest, _first, _after = (sa.bindparam(name, type_=Booking.starts_at.type) for name in ("earliest", "first", "after"))
# The lower bound of starts_at makes this a short range of the index however many years of bookings there are; no meeting is
# longer than meetings.max_days. The state is looked at in Python: given it in SQL, SQLite would walk the index of states.
_booked = sa.select(
    Booking.case_id,
    Booking.room_id,
    Booking.owner_id,
    Booking.state,
    Booking.title,
    Booking.unit_name,
    Booking.confidential,
    Booking.starts_at,
    Booking.ends_at,
).where(Booking.starts_at >= _earliest, Booking.starts_at < _after, Booking.ends_at > _first)
_proposed = (
    sa.select(
        Booking.case_id,
        Change.room_id,
        Booking.owner_id,
        sa.literal(PROPOSED),
        Booking.title,
        Booking.unit_name,
        Booking.confidential,
        Change.starts_at,
        Change.ends_at,
    )
    .join(Change, Change.booking_id == Booking.case_id)
    .where(Booking.state == states.CHANGE_PENDING, Change.status == states.OPEN)
    .where(Change.starts_at >= _earliest, Change.starts_at < _after, Change.ends_at > _first)
)
BOOKINGS = sa.union_all(_booked, _proposed)
CLOSURES = sa.select(Closure.room_id, Closure.reason, Closure.starts_at, Closure.ends_at).where(
    Closure.ends_at > _first, Closure.starts_at < _after, Closure.cancelled.is_(None)
)


class GridService:
    """Reads schedules for a person, who sees of confidential meetings only that the room is taken."""

    def __init__(self, services: Services):
        self.session = services.session
        self.clock = services.clock
        self.longest = dt.timedelta(days=services.portal.settings["meetings.max_days"])

    def schedule(self, identity: Identity, first: dt.date, days: int, building: str = "", seats: int = 0) -> Schedule:
        """What occupies the rooms in ``days`` days from ``first`` on, of rooms in ``building`` with at least ``seats`` seats."""
        bounds = self._bounds(first, days)
        rooms = self.rooms()
        wanted = [room for room in rooms if room.capacity >= seats and (not building or room.building == building)]
        own_and_shared = _sharing(rooms, wanted)
        items: dict[int, list[Item]] = defaultdict(list)
        for item in self._items(identity, bounds):
            for room_id in own_and_shared.get(item.room_id, ()):
                items[room_id].append(item)
        for some in items.values():
            some.sort(key=lambda item: item.start)
        buildings = list(dict.fromkeys(room.building for room in rooms))
        names = {room.id: room.name for room in rooms}
        buffers = {room.id: (room.buffer_before, room.buffer_after) for room in rooms}
        return Schedule(wanted, dict(items), buildings, names, buffers)

    def rooms(self) -> list[GridRoom]:
        """All rooms in use, in their order."""
        return [
            GridRoom(
                *row[:10],
                Cover(row.cover_id, row.digest, row.content_type) if row.cover_id else None,
                frozenset((row.spaces or "").split(",")) - {""},
            )
            for row in self.session.execute(ROOMS)
        ]

    def bookable(self, identity: Identity) -> list[GridRoom]:
        """The rooms that ``identity`` may book."""
        return [room for room in self.rooms() if may_book(identity, room)]

    def _bounds(self, first, days):
        start = self.clock.at(first, dt.time())
        after = self.clock.at(first + dt.timedelta(days=days), dt.time())
        return {"first": start, "after": after, "earliest": start - self.longest}

    def _items(self, identity, bounds):
        """Bookings, proposed changes and closures within ``bounds``."""
        zone = self.clock.zone
        me = identity.user_id
        for row in self.session.execute(BOOKINGS, bounds):
            case_id, room_id, owner_id, state, title, unit, confidential, start, end = row
            if state not in DRAWN:
                continue
            hidden = confidential and is_hidden(identity, row)
            yield Item(
                case_id,
                room_id,
                state,
                "" if hidden else title,
                "" if hidden else unit,
                start.astimezone(zone),
                end.astimezone(zone),
                owner_id == me,
                hidden,
            )
        for room_id, reason, start, end in self.session.execute(CLOSURES, {k: bounds[k] for k in ("first", "after")}):
            yield Item(None, room_id, CLOSED, reason, "", start.astimezone(zone), end.astimezone(zone), False, False)


def may_book(identity: Identity, room) -> bool:
    """May ``identity`` book ``room`` (anything with ``id`` and ``restricted``)?"""
    if not identity.may(permissions.CREATE):
        return False
    return not room.restricted or identity.may(permissions.BOOK_ROOM, room_scope(room.id))


def _sharing(rooms, wanted):
    """For each room's id the ids of the ``wanted`` rooms that are taken while it is: itself and those on the same floor."""
    standing_on = defaultdict(set)
    for room in wanted:
        for space in room.spaces:
            standing_on[space].add(room.id)
    shared = {room.id: set().union(*(standing_on[space] for space in room.spaces)) for room in rooms}
    for room in wanted:
        shared[room.id].add(room.id)
    return shared
