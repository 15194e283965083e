"""我的预约: a person's own bookings, filtered and paged."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.api import Case, Identity, Services
from portal_meetings.models import Booking, Draft, Room
from portal_meetings.services import states as s

PAGE = 20

# The groups of states that the list can be narrowed to, besides single states.
GROUPS = {
    "open": (s.PENDING, s.RETURNED, s.APPROVED, s.CHANGE_PENDING),
    "past": (s.ENDED, s.RATED, s.NO_SHOW),
    "dropped": (s.REJECTED, s.WITHDRAWN, s.CANCELLED),
}


@dataclass(frozen=True)
class MineFilter:
    """``title``: part of the meeting's name; ``first`` and ``last``: days of the start in the users' zone. Empty: any."""

    title: str = ""
    room_id: int | None = None
    states: tuple[str, ...] = ()
    first: dt.date | None = None
    last: dt.date | None = None


@dataclass(frozen=True)
class OwnBooking:
    """One line of the list."""

    case_id: int
    number: str
    version: int
    title: str
    room_name: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    people: int
    state: str
    state_label: str
    tone: str
    confidential: bool


@dataclass(frozen=True)
class OwnDraft:
    """A draft of the person. ``changed`` is when it was last saved or made."""

    case_id: int
    number: str
    title: str
    changed: dt.datetime


class MineService:
    """See the module. The newest start comes first; a page continues after the last line of the one before (keyset)."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def bookings(
        self,
        identity: Identity,
        wanted: MineFilter | None = None,
        after: tuple[dt.datetime, int] | None = None,
        limit: int = PAGE,
    ) -> list[OwnBooking]:
        """Own bookings that fit ``wanted``; ``after`` is ``(starts_at, case_id)`` of the line before. One statement.

        Ask for one more than a page shows to know whether there is another.
        """
        query = (
            sa.select(
                Booking.case_id,
                Case.number,
                Case.version,
                Booking.title,
                Room.name.label("room_name"),
                Booking.starts_at,
                Booking.ends_at,
                Booking.people,
                Booking.state,
                Case.state_label,
                Case.tone,
                Booking.confidential,
            )
            .join(Case, Case.id == Booking.case_id)
            .join(Room, Room.id == Booking.room_id)
            .where(Booking.owner_id == identity.user_id, *self._conditions(wanted or MineFilter()))
            .order_by(Booking.starts_at.desc(), Booking.case_id.desc())
            .limit(limit)
        )
        if after:
            starts_at, case_id = after
            query = query.where(
                sa.or_(Booking.starts_at < starts_at, sa.and_(Booking.starts_at == starts_at, Booking.case_id < case_id))
            )
        return [OwnBooking(**row._mapping) for row in self.session.execute(query)]

    def drafts(self, identity: Identity, limit: int = 100) -> list[OwnDraft]:
        """Own forms that were saved but not submitted, the newest first."""
        query = (
            sa.select(Case.id, Case.number, Case.title, Case.changed)
            .join(Draft, Draft.case_id == Case.id)
            .where(Case.applicant_id == identity.user_id, Case.state == s.DRAFT)
            .order_by(Case.id.desc())
            .limit(limit)
        )
        return [OwnDraft(*row) for row in self.session.execute(query)]

    def _conditions(self, wanted):
        clock, conditions = self.services.clock, []
        if wanted.title:
            conditions.append(Booking.title.icontains(wanted.title, autoescape=True))
        if wanted.room_id is not None:
            conditions.append(Booking.room_id == wanted.room_id)
        if wanted.states:
            conditions.append(Booking.state.in_(wanted.states))
        if wanted.first:
            conditions.append(Booking.starts_at >= clock.at(wanted.first, dt.time()))
        if wanted.last:
            conditions.append(Booking.starts_at < clock.at(wanted.last + dt.timedelta(days=1), dt.time()))
        return conditions
