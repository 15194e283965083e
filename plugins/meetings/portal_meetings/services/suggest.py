"""Other times and rooms for a meeting that cannot have what it asked for; all of them really free at this moment."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

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
NO_TIME = Span(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, tzinfo=dt.UTC))


def _in_window(space_id, starts_at, ends_at, name):
    """Condition: the space is one of those for which the window ``name`` is looked through, and the times reach into it."""
    return sa.and_(
        space_id.in_(sa.bindparam(f"{name}_spaces", expanding=True)),
        starts_at < sa.bindparam(f"{name}_to"),
        ends_at > sa.bindparam(f"{name}_from"),
    )


# Made once: putting statements together takes longer than running them. Two windows, because of other rooms only the hours around
# the meeting matter, but of the wanted room the days around it.
_WINDOWS = ("near", "far")
_HELD = sa.select(Hold.space_id, Hold.starts_at, Hold.ends_at).where(
    Hold.booking_id != sa.bindparam("booking"),
    sa.or_(
        *(
            sa.and_(_in_window(Hold.space_id, Hold.starts_at, Hold.ends_at, name), Hold.starts_at > sa.bindparam(f"{name}_first"))
            for name in _WINDOWS
        )
    ),
)
_CLOSED = (
    sa.select(RoomSpace.space_id, Closure.starts_at, Closure.ends_at)
    .join(Closure, Closure.room_id == RoomSpace.room_id)
    .where(
        Closure.cancelled.is_(None),
        sa.or_(*(_in_window(RoomSpace.space_id, Closure.starts_at, Closure.ends_at, name) for name in _WINDOWS)),
    )
)


_ROOMS = (
    sa.select(Room, RoomSpace.space_id)
    .join(RoomSpace, RoomSpace.room_id == Room.id)
    .where(sa.or_(sa.and_(Room.active, Room.capacity >= sa.bindparam("people")), Room.id == sa.bindparam("wanted")))
    .order_by(Room.position, Room.id)
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
    """Finds alternatives in three statements, whatever the number of rooms."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.clock = services.clock
        self.rules = services.get(BookingRules)

    def alternatives(self, identity: Identity, room: Room, meeting: Span, people: int, booking_id: int = 0) -> list[Alternative]:
        """At most five alternatives within the person's rights: other rooms at the same time first, then other times.

        Holds of ``booking_id`` itself count as free, because that booking would give them up.
        """
        others, own = self._rooms(identity, room, meeting, people)
        around = Span(meeting.start - MARGIN, meeting.end + MARGIN)
        days = Span(around.start - DAY, around.end + (DAYS_TO_LOOK + 1) * DAY)
        busy = self.busy({space for spaces in others.values() for space in spaces}, around, booking_id, (set(own), days))
        times = self._other_times(room, own, meeting, busy)[:LIMIT_SAME_ROOM]
        free = [other for other, spaces in others.items() if busy.allows(other, spaces, meeting)]
        free.sort(key=lambda r: (r.building != room.building, r.capacity - people, r.position))
        found = [Alternative(r.id, r.name, meeting.start, meeting.end, SAME_TIME) for r in free[: LIMIT - len(times)]]
        return found + [Alternative(room.id, room.name, span.start, span.end, SAME_ROOM) for span in times]

    def busy(
        self, spaces: Set[int], span: Span, booking_id: int = 0, more: tuple[Set[int], Span] = (frozenset(), NO_TIME)
    ) -> Busy:
        """What holds or closes ``spaces`` in ``span``, and the spaces of ``more`` in its span (give margins for buffers).

        Two statements.
        """
        busy = Busy()
        where: dict[str, Any] = {"booking": booking_id}
        for name, (some, window) in zip(_WINDOWS, ((spaces, span), more), strict=True):
            where |= {f"{name}_spaces": sorted(some), f"{name}_from": window.start, f"{name}_to": window.end}
            where |= {f"{name}_first": window.start - REACH}
        for space, start, end in self.session.execute(_HELD, where):
            busy.held[space].append((start, end))
        for space, start, end in self.session.execute(_CLOSED, where):
            busy.closed[space].append((start, end))
        return busy

    def _rooms(self, identity, wanted, meeting, people):
        """Rooms that suit, with their spaces, and the spaces of the wanted one."""
        rooms: dict[Room, list[int]] = defaultdict(list)
        for room, space in self.session.execute(_ROOMS, {"people": people, "wanted": wanted.id}):
            rooms[room].append(space)
        start, end = self.clock.local(meeting.start), self.clock.local(meeting.end)
        own = [space for room, spaces in rooms.items() if room.id == wanted.id for space in spaces]
        suitable = {
            room: spaces
            for room, spaces in rooms.items()
            if room.id != wanted.id and self.rules.may_book(identity, room) and all(in_opening_hours(room, start, end))
        }
        return suitable, own

    def _other_times(self, room, spaces, meeting, busy):
        """The nearest free time before and after on the same day, then the same hours on the days after; nearest first."""
        if not room.active:
            return []
        possible = self._possible(room)

        def first_free(steps):
            for delta in steps:
                moved = Span(meeting.start + delta, meeting.end + delta)
                if possible(moved) and busy.allows(room, spaces, moved):
                    return [moved]
            return []

        day = self._day(meeting.start)
        within_day = [n * STEP for n in range(1, DAY // STEP)]
        earlier = first_free(-d for d in within_day if self._day(meeting.start - d) == day)
        later = first_free(d for d in within_day if self._day(meeting.start + d) == day)
        next_days = first_free(n * DAY for n in range(1, DAYS_TO_LOOK + 1))
        return sorted(earlier + later + next_days, key=lambda span: abs(span.start - meeting.start))

    def _day(self, moment):
        return self.clock.local(moment).date()

    def _possible(self, room):
        """A function that tells whether a meeting may begin then and the room is open."""
        settings = self.services.portal.settings
        earliest = self.clock.now() + dt.timedelta(minutes=settings["meetings.min_notice_minutes"])
        last_day = self.clock.today() + dt.timedelta(days=settings["meetings.max_advance_days"])

        def possible(meeting):
            start, end = self.clock.local(meeting.start), self.clock.local(meeting.end)
            return meeting.start >= earliest and start.date() <= last_day and all(in_opening_hours(room, start, end))

        return possible
