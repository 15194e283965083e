"""停用: rooms that are out of use for a while, and telling the owners of meetings inside."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.api import AuditService, Case, Identity, Invalid, NotFound, NotificationService, Services
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Closure, Room, RoomSpace
from portal_meetings.services import states as s
from portal_meetings.services.holds import HoldService, Span
from portal_meetings.services.summary import Wording

REASON_MAX = 120
LONGEST = dt.timedelta(days=3660)


@dataclass(frozen=True)
class Affected:
    """A meeting that a closure or the end of a room touches."""

    case_id: int
    room_id: int
    number: str
    title: str
    unit: str
    owner_id: int
    confidential: bool
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str


class ClosureService:
    """Closes rooms and opens them again. The meetings inside stay: people decide about them."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def upcoming(self, room_id: int) -> list[Closure]:
        """Closures of a room that are not over and not called off, the next one first."""
        now = self.services.clock.now()
        query = sa.select(Closure).where(Closure.room_id == room_id, Closure.ends_at > now, Closure.cancelled.is_(None))
        return list(self.session.scalars(query.order_by(Closure.starts_at)))

    def meetings_inside(self, room: Room, closures: Sequence[Closure]) -> dict[int, list[Affected]]:
        """The meetings inside each of ``closures`` of ``room``, by the closure's id. One statement, none without closures."""
        if not closures:
            return {}
        whole = Span(min(c.starts_at for c in closures), max(c.ends_at for c in closures))
        meetings = affected_by(self.session, room, whole)
        return {c.id: [m for m in meetings if m.starts_at < c.ends_at and m.ends_at > c.starts_at] for c in closures}

    def close(
        self, room_id: int, starts_at: dt.datetime, ends_at: dt.datetime, reason: str, identity: Identity
    ) -> list[Affected]:
        """Close a room from ``starts_at`` to ``ends_at`` (aware); returns the meetings inside, whose owners are told.

        Raises NotFound, and Invalid with messages at ``start``, ``end`` and ``reason``.
        """
        room = managed_room(self.session, room_id, identity)
        reason = self._check(starts_at, ends_at, reason)
        # Whoever books one of these spaces at this moment either sees the closure or is seen among the affected.
        self.services.get(HoldService).lock_spaces(room.id)
        closure = Closure(
            room_id=room.id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            created_by_id=identity.user_id,
            created=self.services.clock.now(),
        )
        self.session.add(closure)
        self.session.flush()
        detail = {"room": room.name, "from": starts_at.isoformat(), "to": ends_at.isoformat(), "reason": reason}
        self.services.get(AuditService).record(identity, "meetings.room_closed", "meetings.room", room.id, detail=detail)
        affected = affected_by(self.session, room, Span(max(starts_at, self.services.clock.now()), ends_at))
        tell_owners(self.services, "meetings.room_closed", room, affected, reason, identity)
        return affected

    def cancel(self, closure_id: int, identity: Identity) -> Closure:
        """Call a closure off: the room can be booked again. Raises NotFound."""
        closure = self.session.get(Closure, closure_id)
        if closure is None:
            raise NotFound()
        room = managed_room(self.session, closure.room_id, identity)
        if closure.cancelled is None:
            closure.cancelled = self.services.clock.now()
            self.services.get(AuditService).record(
                identity, "meetings.closure_cancelled", "meetings.room", room.id, detail={"closure": closure.id}
            )
            self.session.flush()
        return closure

    def _check(self, starts_at, ends_at, reason):
        reason, messages = reason.strip(), {}
        if ends_at <= starts_at:
            messages["end"] = _("The end must be after the start")
        elif ends_at <= self.services.clock.now():
            messages["end"] = _("This time is past")
        elif ends_at - starts_at > LONGEST:
            messages["end"] = _("Take the room out of use instead")
        if not reason:
            messages["reason"] = _("Please state the reason")
        elif len(reason) > REASON_MAX:
            messages["reason"] = _("At most ${max} characters", mapping={"max": REASON_MAX})
        if messages:
            raise Invalid(_("Please correct the marked fields"), messages)
        return reason


def managed_room(session: Session, room_id: int, identity: Identity) -> Room:
    """The room, if ``identity`` manages it. Raises NotFound for unknown rooms and for those of others alike.

    Rooms in use are no secret, but those out of use are.
    """
    room = session.get(Room, room_id)
    if room is None or not identity.may(permissions.MANAGE_ROOM, room.scope):
        raise NotFound()
    return room


def affected_by(session: Session, room: Room, span: Span | None = None, after: dt.datetime | None = None) -> list[Affected]:
    """Meetings on the floor of ``room`` in ``span``, or all that end ``after`` a moment, in order of time.

    Meetings in the halves count for a hall and the other way round.
    """
    spaces = sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room.id)
    rooms = sa.select(RoomSpace.room_id).where(RoomSpace.space_id.in_(spaces))
    query = (
        sa.select(
            Booking.case_id,
            Booking.room_id,
            Case.number,
            Booking.title,
            Booking.unit_name,
            Booking.owner_id,
            Booking.confidential,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
        )
        .join(Case, Case.id == Booking.case_id)
        .where(Booking.room_id.in_(rooms), Booking.state.in_(s.HOLDING))
        .order_by(Booking.starts_at)
    )
    if span:
        query = query.where(Booking.starts_at < span.end, Booking.ends_at > span.start)
    if after:
        query = query.where(Booking.ends_at > after)
    rows: Sequence[Any] = session.execute(query).all()
    return [Affected(*row) for row in rows]


def tell_owners(services: Services, code: str, room: Room, affected: list[Affected], reason: str, actor: Identity) -> None:
    """Send message type ``code`` about each affected meeting to its owner, except to the actor."""
    wording, notifications = Wording(services), services.get(NotificationService)
    secret = services.portal.default_text(_("Confidential meeting"))
    for meeting in affected:
        if meeting.owner_id != actor.user_id:
            title = secret if meeting.confidential else meeting.title
            params = {
                "room": room.name,
                "title": title,
                "when": wording.span(meeting.starts_at, meeting.ends_at),
                "reason": reason,
            }
            notifications.send(code, (meeting.owner_id,), params, f"/cases/{meeting.number}", meeting.case_id)
