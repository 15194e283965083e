"""Proof that no two meetings have one room: the database's rule is in place, and nothing breaks it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from portal_meetings.models import Booking, Hold
from portal_meetings.services import states as s

SHOWN = 20
CONSTRAINT = "ex_meetings_hold_overlap"
TRIGGERS = ("meetings_hold_overlap_insert", "meetings_hold_overlap_update")


@dataclass(frozen=True)
class Report:
    """What was found. ``overlaps`` are pairs of case ids that hold one space at one time; the others are single case ids.

    ``missing``: a meeting that should hold its room and does not; ``stray``: one that holds a room and should not. Each list
    names at most ``SHOWN``; the counts are complete.
    """

    overlap_count: int
    missing_count: int
    stray_count: int
    overlaps: list[tuple[int, int]]
    missing: list[int]
    stray: list[int]

    @property
    def sound(self) -> bool:
        """True when nothing was found."""
        return not (self.overlap_count or self.missing_count or self.stray_count)


def verify(session: Session) -> Report:
    """Look through all holds and bookings. Reads only; takes time in proportion to their number."""
    one, other = aliased(Hold), aliased(Hold)
    # Of two overlapping holds one begins while the other runs; so each is compared with the few that begin inside it.
    begins_inside = sa.and_(
        other.space_id == one.space_id,
        other.booking_id != one.booking_id,
        other.starts_at >= one.starts_at,
        other.starts_at < one.ends_at,
        sa.or_(other.starts_at > one.starts_at, other.id > one.id),
    )
    overlaps = sa.select(one.booking_id, other.booking_id).join(other, begins_inside)
    held = sa.exists().where(Hold.booking_id == Booking.case_id)
    missing = sa.select(Booking.case_id).where(Booking.state.in_(s.HOLDING), ~held)
    stray = sa.select(Booking.case_id).where(Booking.state.not_in(s.KEEPING), held)
    return Report(
        _count(session, overlaps),
        _count(session, missing),
        _count(session, stray),
        [(a, b) for a, b in session.execute(overlaps.limit(SHOWN))],
        list(session.scalars(missing.limit(SHOWN))),
        list(session.scalars(stray.limit(SHOWN))),
    )


def rule_is_in_place(session: Session) -> str | None:
    """Health check: None when the database refuses overlapping holds, else what is missing."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    catalogue = "pg_constraint WHERE conname" if on_postgresql else "sqlite_master WHERE name"
    query = sa.text(f"SELECT 1 FROM {catalogue} = :name")  # noqa: S608 - one of the two texts above
    names = (CONSTRAINT,) if on_postgresql else TRIGGERS
    lost = [name for name in names if session.scalar(query, {"name": name}) is None]
    return f"{lost[0]} is missing" if lost else None


def _count(session, query):
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
