"""找会议室: which rooms fit, best first, and for each of the others why it does not."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

import sqlalchemy as sa

from portal_core.api import Identity, Services
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Room, RoomSpace, ServiceAnswer, ServiceItem
from portal_meetings.services.holds import REACH, Span
from portal_meetings.services.rules import BookingRules, closing_text, in_opening_hours
from portal_meetings.services.states import HOLDING
from portal_meetings.services.suggest import MARGIN, Busy, Suggestions


@dataclass(frozen=True)
class Wish:
    """What somebody looks for. Moments are aware; ``equipment`` are words that the room must have all of.

    ``services`` are ids of service items that shall be prepared.
    """

    people: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    equipment: tuple[str, ...] = ()
    services: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fit:
    """A room that fits; ``spare`` seats stay empty."""

    room: Room
    spare: int


@dataclass(frozen=True)
class Misfit:
    """A room that does not fit, and every reason."""

    room: Room
    reasons: tuple


@dataclass(frozen=True)
class Found:
    """The answer of ``FindService.find``: fitting rooms, the tightest first, and the others."""

    fits: list[Fit] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


class FindService:
    """Looks over all rooms in use: one statement for the rooms, two for what occupies them, one for services."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.clock = services.clock

    def equipment(self) -> list[str]:
        """All words for equipment that rooms in use have, in the order of the rooms."""
        lists = self.session.scalars(sa.select(Room.equipment).where(Room.active).order_by(Room.position, Room.id))
        return list(dict.fromkeys(word for words in lists for word in words))

    def find(self, identity: Identity, wish: Wish) -> Found:
        """All rooms in use, sorted into those that fit ``wish`` and those that do not, with the reasons."""
        rooms: dict[Room, list[int]] = defaultdict(list)
        query = sa.select(Room, RoomSpace.space_id).outerjoin(RoomSpace, RoomSpace.room_id == Room.id).where(Room.active)
        for room, space in self.session.execute(query.options(sa.orm.joinedload(Room.cover)).order_by(Room.position, Room.id)):
            rooms[room].append(space)
        window = Span(wish.starts_at - MARGIN, wish.ends_at + MARGIN)
        busy = self.services.get(Suggestions).busy({space for spaces in rooms.values() for space in spaces}, window)
        found, exhausted = Found(), self._exhausted(wish)
        for room, spaces in rooms.items():
            reasons = (*self._reasons(identity, wish, room, spaces, busy), *exhausted)
            if reasons:
                found.misfits.append(Misfit(room, reasons))
            else:
                found.fits.append(Fit(room, room.capacity - wish.people))
        # The tightest fit first, so that large rooms stay free for those who need them.
        found.fits.sort(key=lambda fit: (fit.spare, fit.room.position))
        return found

    def _exhausted(self, wish: Wish):
        """Why no room will do: services whose staff has as many meetings at that time as it can serve."""
        if not wish.services:
            return ()
        meanwhile = (
            sa.select(sa.func.count())
            .select_from(ServiceAnswer)
            .join(Booking, Booking.case_id == ServiceAnswer.booking_id)
            .where(ServiceAnswer.item_id == ServiceItem.id, Booking.state.in_(HOLDING))
            .where(Booking.starts_at > wish.starts_at - REACH, Booking.starts_at < wish.ends_at, Booking.ends_at > wish.starts_at)
            .scalar_subquery()
        )
        full = sa.select(ServiceItem.label, ServiceItem.at_once).where(
            ServiceItem.id.in_(wish.services), ServiceItem.at_once > 0, meanwhile >= ServiceItem.at_once
        )
        return tuple(
            _("${service} is asked for by ${count} meetings at this time already", mapping={"service": label, "count": at_once})
            for label, at_once in self.session.execute(full.order_by(ServiceItem.position))
        )

    def _reasons(self, identity, wish, room, spaces, busy: Busy):
        if room.capacity < wish.people:
            yield _("has only ${seats} seats", mapping={"seats": room.capacity})
        missing = [word for word in wish.equipment if word not in room.equipment]
        if missing:
            yield _("lacks ${equipment}", mapping={"equipment": "、".join(missing)})
        if not identity.may(permissions.CREATE) or not self.services.get(BookingRules).may_book(identity, room):
            yield _("is reserved; you may not book it")
        meeting = Span(wish.starts_at, wish.ends_at)
        start, end = self.clock.local(meeting.start), self.clock.local(meeting.end)
        if not all(in_opening_hours(room, start, end)):
            yield _("is open from ${from} to ${to}", mapping={"from": f"{room.open_from:%H:%M}", "to": closing_text(room)})
        yield from self._occupied(room, spaces, meeting, busy)

    def _occupied(self, room, spaces, meeting, busy):
        during = meeting.with_buffers(room)
        closed = any(start < meeting.end and end > meeting.start for space in spaces for start, end in busy.closed.get(space, ()))
        held = [
            (start, end)
            for space in spaces
            for start, end in busy.held.get(space, ())
            if start < during.end and end > during.start
        ]
        if closed:
            yield _("is out of use at this time")
        if held:
            start, end = min(held)
            times = {"from": f"{self.clock.local(start):%H:%M}", "to": f"{self.clock.local(end):%H:%M}"}
            yield _("is taken from ${from} to ${to}", mapping=times)
