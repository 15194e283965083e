"""Holding rooms: lock the spaces, look, insert. The database's own rule stands behind it as the proof.

Two people can never hold one thing. Every writer locks the rows of the spaces it wants, in the order of their ids, before it
looks whether they are free: so the second one waits a moment and then sees the first one's hold. On PostgreSQL the constraint
alone would be correct too, but two inserts may each wait for the other, and every such deadlock costs a second. On SQLite the
writing transaction is exclusive from its start (BEGIN IMMEDIATE), so there is nothing to lock.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.api import Services
from portal_meetings.models import Closure, Hold, Room, RoomSpace, Space
from portal_meetings.settings import LONGEST_MEETING_DAYS

# Longer than any hold: lets a search for overlaps begin in the index where they can begin.
REACH = dt.timedelta(days=LONGEST_MEETING_DAYS + 2)
BUFFER_MAX = 12 * 60

EXCLUSION_VIOLATION = "23P01"
TRIGGER_MESSAGE = "overlap"


class NotFree(Exception):
    """Some of the wanted spaces are held or closed at that time; the booking service says by whom."""


@dataclass(frozen=True)
class Span:
    """A stretch of time from ``start`` to ``end``, half-open."""

    start: dt.datetime
    end: dt.datetime

    def with_buffers(self, room: Room) -> "Span":
        """This meeting's time in ``room`` together with the minutes that must stay free around it."""
        return Span(self.start - dt.timedelta(minutes=room.buffer_before), self.end + dt.timedelta(minutes=room.buffer_after))


def looked_for(room: Room, meeting: Span, booking_id: int = 0) -> dict[str, Any]:
    """Parameters of ``HELD`` and ``CLOSED`` for ``meeting`` in ``room``; holds of ``booking_id`` itself are not in the way."""
    span = meeting.with_buffers(room)
    return {
        "room": room.id, "booking": booking_id, "first": span.start - REACH,
        "held_from": span.start, "held_to": span.end, "starts": meeting.start, "ends": meeting.end,
    }  # fmt: skip


# The statements below are made once: putting them together takes longer than running them.
_SPACES = sa.select(RoomSpace.space_id).where(RoomSpace.room_id == sa.bindparam("room"))
_SAME_FLOOR = sa.select(RoomSpace.room_id).where(RoomSpace.space_id.in_(_SPACES))

# A hold keeps some of the room's spaces for somebody else at that time, the buffers of both meetings included.
HELD = sa.and_(
    Hold.space_id.in_(_SPACES),
    Hold.starts_at < sa.bindparam("held_to"),
    Hold.starts_at > sa.bindparam("first"),
    Hold.ends_at > sa.bindparam("held_from"),
    Hold.booking_id != sa.bindparam("booking"),
)

# A closure falls into the meeting itself. A closed half closes the whole hall, and a closed hall its halves.
CLOSED = sa.and_(
    Closure.room_id.in_(_SAME_FLOOR),
    Closure.cancelled.is_(None),
    Closure.starts_at < sa.bindparam("ends"),
    Closure.ends_at > sa.bindparam("starts"),
)
_OUT_OF_USE = sa.and_(Room.id == sa.bindparam("room"), ~Room.active)
_OCCUPIED = sa.select(sa.or_(*(sa.exists().where(condition) for condition in (HELD, CLOSED, _OUT_OF_USE))))

# FOR NO KEY UPDATE leaves the foreign-key checks of other tables alone. The rows are locked in the order of their ids.
_LOCK = (
    sa.select(Space.id)
    .join(RoomSpace, RoomSpace.space_id == Space.id)
    .where(RoomSpace.room_id == sa.bindparam("room"))
    .order_by(Space.id)
    .with_for_update(key_share=True, of=Space)
)


def is_free(session: Session, room: Room, meeting: Span, booking_id: int = 0) -> bool:
    """Could ``booking_id`` have ``room`` for ``meeting``? One statement; says nothing about the next moment."""
    return not session.scalar(_OCCUPIED, looked_for(room, meeting, booking_id))


def violates_exclusion(error: sa.exc.IntegrityError) -> bool:
    """Is ``error`` the refusal of the constraint (PostgreSQL) or of the triggers (SQLite) that keep holds apart?"""
    return getattr(error.orig, "sqlstate", None) == EXCLUSION_VIOLATION or TRIGGER_MESSAGE in str(error.orig)


class HoldService:
    """Writes the holds of bookings."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def lock_spaces(self, room_id: int) -> list[int]:
        """Lock the spaces of a room until the transaction ends; returns their ids."""
        return list(self.session.scalars(_LOCK, {"room": room_id}))

    def claim(self, room: Room, meeting: Span, booking_id: int = 0) -> list[int]:
        """Lock the spaces of ``room`` and make sure that they are free for ``meeting``; returns their ids.

        Holds of ``booking_id`` itself are not in the way. Raises NotFree.
        """
        spaces = self.lock_spaces(room.id)
        if not is_free(self.session, room, meeting, booking_id):
            raise NotFree()
        return spaces

    def place(self, booking_id: int, spaces: Sequence[int], room: Room, meeting: Span, change_id: int | None = None) -> None:
        """Insert the holds for spaces that ``claim`` returned. Raises NotFree when the database refuses them.

        That happens only to a writer who did not lock. On PostgreSQL the transaction is then lost and must be rolled back.
        """
        during = meeting.with_buffers(room)
        rows = [
            {
                "booking_id": booking_id,
                "change_id": change_id,
                "space_id": space,
                "starts_at": during.start,
                "ends_at": during.end,
            }
            for space in spaces
        ]
        self.session.flush()
        try:
            # One statement with several rows: a batch that fails half-way would leave psycopg's pipeline in an error state.
            self.session.execute(sa.insert(Hold.__table__).values(rows))
        except sa.exc.IntegrityError as error:
            if violates_exclusion(error):
                raise NotFree() from error
            raise

    def adopt(self, booking_id: int, change_id: int) -> None:
        """The holds of the change become the booking's only ones."""
        self._delete(Hold.booking_id == booking_id, Hold.change_id.is_distinct_from(change_id))
        self.session.execute(sa.update(Hold).where(Hold.booking_id == booking_id).values(change_id=None))

    def free_change(self, change_id: int) -> None:
        """Give up what a change holds."""
        self._delete(Hold.change_id == change_id)

    def free(self, booking_id: int) -> None:
        """Give up everything that a booking holds."""
        self._delete(Hold.booking_id == booking_id)

    def _delete(self, *conditions):
        self.session.execute(sa.delete(Hold).where(*conditions).execution_options(synchronize_session=False))
