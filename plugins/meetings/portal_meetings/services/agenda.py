"""What a person has today, for the home page."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.api import Case, Identity, Services
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Room
from portal_meetings.services import states as s

SHOWN = 6
TAKES_PLACE = (s.PENDING, s.APPROVED, s.CHANGE_PENDING, s.ENDED, s.RATED)


@dataclass(frozen=True)
class AgendaLine:
    """One meeting of today. Moments are aware; ``url`` opens it."""

    start: dt.datetime
    end: dt.datetime
    title: str
    room: str
    state: str
    url: str


@dataclass(frozen=True)
class Agenda:
    """Context of the card 今日会议: the person's meetings of ``day``, the first ones first."""

    day: dt.date
    meetings: tuple[AgendaLine, ...]


def agenda_of(services: Services, identity: Identity) -> Agenda:
    """The meetings that ``identity`` filed and that touch today. One statement."""
    day = services.clock.today()
    query = (
        sa.select(Booking.starts_at, Booking.ends_at, Booking.title, Room.name, Booking.state, Case.number)
        .join(Room, Room.id == Booking.room_id)
        .join(Case, Case.id == Booking.case_id)
        .where(*_of_day(services, identity, day))
        .order_by(Booking.starts_at)
        .limit(SHOWN)
    )
    lines = (
        AgendaLine(row.starts_at, row.ends_at, row.title, row.name, row.state, f"/cases/{row.number}")
        for row in services.session.execute(query)
    )
    return Agenda(day, tuple(lines))


def greeting(services: Services, identity: Identity, day: dt.date) -> str:
    """``2 场会议`` for the greeting, or nothing. One statement."""
    query = sa.select(sa.func.count()).select_from(Booking).where(*_of_day(services, identity, day))
    count = services.session.scalar(query)
    return _("${count} meetings", mapping={"count": count}) if count else ""


def _of_day(services, identity, day):
    begin = services.clock.at(day, dt.time())
    end = services.clock.at(day + dt.timedelta(days=1), dt.time())
    longest = dt.timedelta(days=services.portal.settings["meetings.max_days"])
    return (
        Booking.owner_id == identity.user_id,
        Booking.starts_at >= begin - longest,
        Booking.starts_at < end,
        Booking.ends_at > begin,
        Booking.state.in_(TAKES_PLACE),
    )
