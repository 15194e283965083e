"""Other times and rooms for a meeting that cannot have what it asked for; all of them really free at this moment."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.api import Identity, Services
from portal_meetings.models import Closure, Hold, Room, RoomSpace
from portal_meetings.services.holds import BUFFER_MAX, REACH, Span
from portal_meetings.services.rules import BookingRules, in_opening_hours
from portal_meetings.settings import STEP_MINUTES

SAME_TIME, SAME_ROOM = "same time", "same room"
LIMIT, LIMIT_SAME_ROOM = 5, 2
DAYS_TO_LOOK = 7
MARGIN = dt.timedelta(minutes=BUFFER_MAX)
DAY = dt.timedelta(days=1)
STEP = dt.timedelta(minutes=STEP_MINUTES)

# Made once: putting statements together takes longer than running them.
_SPACES = sa.bindparam("spaces", expanding=True)
_HELD = sa.select(Hold.space_id, Hold.starts_at, Hold.ends_at).where(
    Hold.space_id.in_(_SPACES),
    Hold.starts_at < sa.bindparam("to"),
    Hold.starts_at > sa.bindparam("first"),
    Hold.ends_at > sa.bindparam("from"),
    Hold.booking_id != sa.bindparam("booking"),
)
_CLOSED = (
    sa.select(RoomSpace.space_id, Closure.starts_at, Closure.ends_at)
    .join(Closure, Closure.room_id == RoomSpace.room_id)
    .where(
        RoomSpace.space_id.in_(_SPACES),
        Closure.cancelled.is_(None),
        Closure.starts_at < sa.bindparam("to"),
        Closure.ends_at > sa.bindparam("from"),
    )
)


@dataclass(frozen=True)
class Alternative:
    """A room and a time that are free. ``reason``: ``same time`` (another room) or ``same room`` (another time)."""

    room_id: int
    room_name: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    reason: str


class Busy:
    """When spaces are held (buffers included) and closed; answers for any room that stands on them."""

    def __init__(self):
        self.held: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        self.closed: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)

    def allows(self, room: Room, spaces: list[int], meeting: Span) -> bool:
        """Are all ``spaces`` of ``room`` free for ``meeting`` and its buffers, and none of them closed?"""
        return all(self._free(self.held, spaces, meeting.with_buffers(room))) and all(self._free(self.closed, spaces, meeting))

    def _free(self, taken, spaces, span) -> Iterator[bool]:
        return (end <= span.start or span.end <= start for space in spaces for start, end in taken.get(space, ()))


class Suggestions:
    """Finds alternatives: three statements, whatever the number of rooms, and two more for the wanted room's other times."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.clock = services.clock
        self.rules = services.get(BookingRules)

    def alternatives(self, identity: Identity, room: Room, meeting: Span, people: int, booking_id: int = 0) -> list[Alternative]:
        """At most five alternatives within the person's rights: other rooms at the same time first, then other times.

        Holds of ``booking_id`` itself count as free, because that booking would give them up.
        """
        others = self._other_rooms(identity, room, meeting, people, booking_id)
        times = self._other_times(room, meeting, booking_id)[:LIMIT_SAME_ROOM]
        return others[: LIMIT - len(times)] + times

    def busy(self, spaces: set[int], span: Span, booking_id: int = 0) -> Busy:
        """What holds or closes ``spaces`` in ``span`` (give it margins for buffers). Two statements."""
        busy = Busy()
        if not spaces:
            return busy
        where = {"spaces": sorted(spaces), "first": span.start - REACH, "from": span.start, "to": span.end}
        for space, start, end in self.session.execute(_HELD, where | {"booking": booking_id}):
            busy.held[space].append((start, end))
        for space, start, end in self.session.execute(_CLOSED, where):
            busy.closed[space].append((start, end))
        return busy

    def _other_rooms(self, identity, wanted, meeting, people, booking_id):
        """Rooms that suit, the same building first and in it the tightest fit."""
        query = (
            sa.select(Room, RoomSpace.space_id)
            .join(RoomSpace, RoomSpace.room_id == Room.id)
            .where(Room.active, Room.capacity >= people, Room.id != wanted.id)
            .order_by(Room.position, Room.id)
        )
        rooms: dict[Room, list[int]] = defaultdict(list)
        for room, space in self.session.execute(query):
            rooms[room].append(space)
        start, end = self.clock.local(meeting.start), self.clock.local(meeting.end)
        suitable = {
            room: spaces
            for room, spaces in rooms.items()
            if self.rules.may_book(identity, room) and all(in_opening_hours(room, start, end))
        }
        span = Span(meeting.start - MARGIN, meeting.end + MARGIN)
        busy = self.busy({s for spaces in suitable.values() for s in spaces}, span, booking_id)
        free = [room for room, spaces in suitable.items() if busy.allows(room, spaces, meeting)]
        free.sort(key=lambda r: (r.building != wanted.building, r.capacity - people, r.position))
        return [Alternative(r.id, r.name, meeting.start, meeting.end, SAME_TIME) for r in free]

    def _other_times(self, room, meeting, booking_id):
        """The nearest free time before and after on the same day, then the same hours on the days after; nearest first."""
        if not room.active:
            return []
        spaces = list(self.session.scalars(sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room.id)))
        window = Span(meeting.start - DAY - MARGIN, meeting.end + (DAYS_TO_LOOK + 1) * DAY + MARGIN)
        busy = self.busy(set(spaces), window, booking_id)

        def first_free(steps):
            for delta in steps:
                moved = Span(meeting.start + delta, meeting.end + delta)
                if self._possible(room, moved) and busy.allows(room, spaces, moved):
                    return [moved]
            return []

        day = self.clock.local(meeting.start).date()
        within_day = [n * STEP for n in range(1, DAY // STEP)]
        earlier = first_free(-d for d in within_day if self._day(meeting.start - d) == day)
        later = first_free(d for d in within_day if self._day(meeting.start + d) == day)
        next_days = first_free(n * DAY for n in range(1, DAYS_TO_LOOK + 1))
        found = sorted(earlier + later + next_days, key=lambda m: abs(m.start - meeting.start))
        return [Alternative(room.id, room.name, m.start, m.end, SAME_ROOM) for m in found]

    def _day(self, moment):
        return self.clock.local(moment).date()

    def _possible(self, room, meeting):
        """May a meeting begin then, and is the room open?"""
        settings = self.services.portal.settings
        earliest = self.clock.now() + dt.timedelta(minutes=settings["meetings.min_notice_minutes"])
        last_day = self.clock.today() + dt.timedelta(days=settings["meetings.max_advance_days"])
        start, end = self.clock.local(meeting.start), self.clock.local(meeting.end)
        return meeting.start >= earliest and start.date() <= last_day and all(in_opening_hours(room, start, end))
