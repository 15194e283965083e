"""What to tell somebody whose room is taken: by whom, and what is free instead."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from portal_core.api import Conflict, Identity, Services
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Closure, Hold, Room
from portal_meetings.services.holds import CLOSED, HELD, Span, looked_for
from portal_meetings.services.suggest import Alternative, Suggestions
from portal_meetings.services.visibility import is_hidden

CLOSURE = "closed"
SHOWN = 5

_BOOKINGS = (
    sa.select(
        Booking.title,
        Booking.unit_name,
        Booking.starts_at,
        Booking.ends_at,
        Booking.state,
        Booking.owner_id,
        Booking.room_id,
        Booking.confidential,
    )
    .where(Booking.case_id.in_(sa.select(Hold.booking_id).where(HELD)))
    .order_by(Booking.starts_at)
    .limit(SHOWN)
)
_CLOSURES = sa.select(Closure.reason, Closure.starts_at, Closure.ends_at).where(CLOSED).order_by(Closure.starts_at).limit(SHOWN)


@dataclass(frozen=True)
class Taken:
    """What is in the way. ``title`` is None (``unit`` empty) when the person may not know; a closure has the state ``closed``."""

    title: str | None
    unit: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str


class SlotTaken(Conflict):
    """The room is not free at that time. ``taken`` is what is in the way, ``alternatives`` up to five that are free.

    Both are looked up when they are first asked for, on a connection of their own: so whoever holds locks can let go of them
    first (``request.roll_back()``) and keeps nobody waiting meanwhile.
    """

    def __init__(self, explain: Callable[[], tuple[list[Taken], list[Alternative]]]):
        super().__init__(_("The room is not free at this time"))
        self._explain = explain

    @cached_property
    def _explanation(self) -> tuple[list[Taken], list[Alternative]]:
        return self._explain()

    @property
    def taken(self) -> list[Taken]:
        """Bookings and closures in the way, in order of time."""
        return self._explanation[0]

    @property
    def alternatives(self) -> list[Alternative]:
        """Rooms and times that are free instead, the most useful first."""
        return self._explanation[1]


def slot_taken(services: Services, identity: Identity, room: Room, meeting: Span, people: int, booking_id: int = 0) -> SlotTaken:
    """The error for ``identity``, who wanted ``room`` for ``meeting`` with so many people; ``booking_id`` is what would move."""
    portal, clock = services.portal, services.clock

    def explain():
        with portal.database.reading() as session:
            reading = Services(session, portal, clock)
            taken = reading.get(Conflicts).in_the_way(identity, room, meeting, booking_id)
            return taken, reading.get(Suggestions).alternatives(identity, room, meeting, people, booking_id)

    return SlotTaken(explain)


class Conflicts:
    """Finds what a meeting would collide with."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def in_the_way(self, identity: Identity, room: Room, meeting: Span, booking_id: int = 0) -> list[Taken]:
        """Bookings and closures that ``meeting`` in ``room`` would collide with, buffers considered, in order of time."""
        where = looked_for(room, meeting, booking_id)
        taken = [self._taken(identity, row) for row in self.session.execute(_BOOKINGS, where)]
        taken += [Taken(reason, "", start, end, CLOSURE) for reason, start, end in self.session.execute(_CLOSURES, where)]
        return sorted(taken, key=lambda t: t.starts_at)[:SHOWN]

    def _taken(self, identity, row):
        if is_hidden(identity, row):
            return Taken(None, "", row.starts_at, row.ends_at, row.state)
        return Taken(row.title, row.unit_name, row.starts_at, row.ends_at, row.state)
