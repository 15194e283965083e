"""Holding rooms: lock the spaces, look, insert. The database's own rule stands behind it as the proof.

Two people can never hold one thing. Every writer locks the rows of the spaces it wants, in the order of their ids, before it
looks whether they are free: so the second one waits a moment and then sees the first one's hold. On PostgreSQL the constraint
alone would be correct too, but two inserts may each wait for the other, and every such deadlock costs a second. On SQLite the
writing transaction is exclusive from its start (BEGIN IMMEDIATE), so there is nothing to lock.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

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


def overlapping_holds(spaces, span: Span, booking_id: int = 0) -> sa.ColumnElement[bool]:
    """Condition on ``Hold``: it keeps one of ``spaces`` (ids or a select of them) in ``span`` for another than ``booking_id``."""
    return sa.and_(
        Hold.space_id.in_(spaces),
        Hold.starts_at < span.end,
        Hold.starts_at > span.start - REACH,
        Hold.ends_at > span.start,
        Hold.booking_id != booking_id,
    )


def overlapping_closures(spaces, meeting: Span) -> sa.ColumnElement[bool]:
    """Condition on ``Closure``: it closes a room that contains one of ``spaces`` while ``meeting`` (without buffers) runs.

    A closed half closes the whole hall, and a closed hall its halves.
    """
    rooms = sa.select(RoomSpace.room_id).where(RoomSpace.space_id.in_(spaces))
    return sa.and_(
        Closure.room_id.in_(rooms), Closure.cancelled.is_(None), Closure.starts_at < meeting.end, Closure.ends_at > meeting.start
    )


def spaces_of(room_id: int) -> sa.Select:
    """A select of the ids of the spaces of a room."""
    return sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room_id)


def is_free(session: Session, spaces, room: Room, meeting: Span, booking_id: int = 0) -> bool:
    """Could ``booking_id`` have ``spaces`` of ``room`` for ``meeting``? One statement; says nothing about the next moment."""
    held = sa.exists().where(overlapping_holds(spaces, meeting.with_buffers(room), booking_id))
    closed = sa.exists().where(overlapping_closures(spaces, meeting))
    out_of_use = sa.exists().where(Room.id == room.id, ~Room.active)
    return not session.scalar(sa.select(held | closed | out_of_use))


def violates_exclusion(error: sa.exc.IntegrityError) -> bool:
    """Is ``error`` the refusal of the constraint (PostgreSQL) or of the triggers (SQLite) that keep holds apart?"""
    return getattr(error.orig, "sqlstate", None) == EXCLUSION_VIOLATION or TRIGGER_MESSAGE in str(error.orig)


class HoldService:
    """Writes the holds of bookings."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def lock_spaces(self, room_id: int) -> list[int]:
        """Lock the spaces of a room until the transaction ends; returns their ids.

        FOR NO KEY UPDATE leaves the foreign-key checks of other tables alone.
        """
        query = (
            sa.select(Space.id)
            .join(RoomSpace, RoomSpace.space_id == Space.id)
            .where(RoomSpace.room_id == room_id)
            .order_by(Space.id)
            .with_for_update(key_share=True, of=Space)
        )
        return list(self.session.scalars(query))

    def claim(self, room: Room, meeting: Span, booking_id: int = 0) -> list[int]:
        """Lock the spaces of ``room`` and make sure that they are free for ``meeting``; returns their ids.

        Holds of ``booking_id`` itself are not in the way. Raises NotFree.
        """
        spaces = self.lock_spaces(room.id)
        if not is_free(self.session, spaces, room, meeting, booking_id):
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
