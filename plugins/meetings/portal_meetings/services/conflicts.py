"""What to tell somebody whose room is taken: by whom, and what is free instead."""

import datetime as dt
from dataclasses import dataclass

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
    """The room is not free at that time. ``taken`` is what is in the way, ``alternatives`` up to five that are free."""

    def __init__(self, taken: list[Taken], alternatives: list[Alternative]):
        super().__init__(_("The room is not free at this time"))
        self.taken = taken
        self.alternatives = alternatives


class Conflicts:
    """Describes conflicts. Give it a reading session where the writing one is spent or holds locks others wait for."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def describe(self, identity: Identity, room: Room, meeting: Span, people: int, booking_id: int = 0) -> SlotTaken:
        """The answer for ``identity``, who wanted ``room`` for ``meeting`` with so many people."""
        taken = self.in_the_way(identity, room, meeting, booking_id)
        return SlotTaken(taken, self.services.get(Suggestions).alternatives(identity, room, meeting, people, booking_id))

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
