"""The queue of bookings that wait for a review (会议审核), and acting on many of them at once."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal_core.api import BATCH_MAX, BatchOutcome, BatchService, Case, Identity, Invalid, Services, Task
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Change, Closure, Room, RoomSpace
from portal_meetings.services import states as s

NEARBY = dt.timedelta(hours=2)
SORTS = ("urgent", "oldest")

# The act that each button of the queue performs, by the state of the booking.
ACTS = {
    "approve": {s.PENDING: "approve", s.CHANGE_PENDING: "approve_change"},
    "reject": {s.PENDING: "reject", s.CHANGE_PENDING: "reject_change"},
    "return": {s.PENDING: "return"},
}


@dataclass(frozen=True)
class Neighbour:
    """What else happens on the same floor within two hours of a meeting. ``closed`` marks a closure; its title is the reason."""

    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    closed: bool = False


@dataclass(frozen=True)
class Waiting:
    """One line of the queue. For a change, room and times are the proposed ones. ``waits`` is how long it has waited.

    ``conflicts`` are closures that the meeting would fall into; bookings cannot be among them, because the room is held.
    """

    case_id: int
    number: str
    version: int
    title: str
    unit: str
    room_id: int
    room_name: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    people: int
    is_change: bool
    waits: dt.timedelta
    neighbours: tuple[Neighbour, ...]
    conflicts: tuple[Neighbour, ...]


class PendingService:
    """See the module. Only bookings of rooms that the person reviews are seen or touched."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def queue(self, identity: Identity, sort: str = "urgent", limit: int = BATCH_MAX) -> list[Waiting]:
        """What waits for ``identity``, ``urgent`` (next meeting) or ``oldest`` (longest wait) first. Four statements."""
        starts, ends, room_id = (
            sa.func.coalesce(a, b)
            for a, b in (
                (Change.starts_at, Booking.starts_at),
                (Change.ends_at, Booking.ends_at),
                (Change.room_id, Booking.room_id),
            )
        )
        query = (
            sa.select(
                Case.id,
                Case.number,
                Case.version,
                Case.changed,
                Booking.title,
                Booking.unit_name,
                Booking.people,
                Room.id.label("room_id"),
                Room.name.label("room_name"),
                sa.type_coerce(starts, Booking.starts_at.type).label("starts_at"),
                sa.type_coerce(ends, Booking.ends_at.type).label("ends_at"),
                Change.id.label("change_id"),
                Change.created.label("asked"),
            )
            .join(Booking, Booking.case_id == Case.id)
            .outerjoin(Change, sa.and_(Change.booking_id == Booking.case_id, Change.status == s.OPEN))
            .join(Room, Room.id == room_id)
            .where(Booking.state.in_((s.PENDING, s.CHANGE_PENDING)), *self._rooms(identity, room_id), self._awaited(identity))
            .order_by(starts if sort == "urgent" else Case.changed, Case.id)
            .limit(limit)
        )
        rows = self.session.execute(query).all()
        floors = self._floors({row.room_id for row in rows})
        neighbours = self._neighbours(rows, floors)
        return [self._waiting(row, floors, neighbours) for row in rows]

    def act(self, identity: Identity, chosen: Sequence[tuple[int, int]], action: str, opinion: str = "") -> list[BatchOutcome]:
        """Do ``action`` (a key of ``ACTS``) to up to a hundred bookings; ``chosen`` are pairs ``(case id, version)``.

        Each is done or refused by itself. Raises Invalid when the action is unknown, the opinion missing, or too many are chosen.
        """
        if action not in ACTS:
            raise Invalid(_("Please choose what to do."))
        if action != "approve" and not opinion.strip():
            raise Invalid(fields={"opinion": _("Please state the reason")})
        batch = self.services.get(BatchService)
        return batch.perform(identity, chosen, lambda case: ACTS[action].get(case.state, action), opinion, s.KIND)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _awaited(self, identity):
        """Condition: the case awaits ``identity`` now. In an approval of several stages it may be the turn of others."""
        permissions_held = [permissions.APPROVE, *(name for name in identity.permissions if name.startswith("role:"))]
        anybodys = sa.and_(Task.assignee_id.is_(None), Task.permission.in_(permissions_held))
        mine = sa.or_(Task.assignee_id == identity.user_id, anybodys)
        return sa.exists().where(Task.case_id == Case.id, Task.status == "open", Task.kind == "act", mine)

    def _rooms(self, identity, room_id):
        """Condition: the rooms whose bookings ``identity`` reviews; none for a reviewer of everything."""
        if identity.may(permissions.APPROVE):
            return []
        scopes = identity.scoped.get(permissions.APPROVE, frozenset())
        return [room_id.in_([int(scope.rpartition(":")[2]) for scope in scopes if scope.startswith("meetings.room:")])]

    def _floors(self, room_ids: set[int]) -> dict[int, set[int]]:
        """For each room the rooms that share its floor, itself included."""
        mine, theirs = aliased(RoomSpace), aliased(RoomSpace)
        query = (
            sa.select(mine.room_id, theirs.room_id)
            .join(theirs, theirs.space_id == mine.space_id)
            .where(mine.room_id.in_(room_ids))
        )
        floors: dict[int, set[int]] = {}
        for room, other in self.session.execute(query):
            floors.setdefault(room, set()).add(other)
        return floors

    def _neighbours(self, rows, floors: dict[int, set[int]]) -> list[tuple[int, int, Neighbour]]:
        """``(room id, case id or 0, Neighbour)`` of everything near any of the rows: two statements for the whole page."""
        if not rows:
            return []
        rooms: Iterable[int] = set().union(*floors.values())
        begin, end = min(r.starts_at for r in rows) - NEARBY, max(r.ends_at for r in rows) + NEARBY
        longest = dt.timedelta(days=self.services.portal.settings["meetings.max_days"])
        bookings = sa.select(Booking.room_id, Booking.case_id, Booking.title, Booking.starts_at, Booking.ends_at).where(
            Booking.room_id.in_(rooms),
            Booking.state.in_(s.HOLDING),
            Booking.starts_at > begin - longest,
            Booking.starts_at < end,
            Booking.ends_at > begin,
        )
        found = [(row[0], row[1], Neighbour(*row[2:])) for row in self.session.execute(bookings)]
        closures = sa.select(Closure.room_id, Closure.reason, Closure.starts_at, Closure.ends_at).where(
            Closure.room_id.in_(rooms), Closure.cancelled.is_(None), Closure.starts_at < end, Closure.ends_at > begin
        )
        return found + [(row[0], 0, Neighbour(*row[1:], closed=True)) for row in self.session.execute(closures)]

    def _waiting(self, row, floors, neighbours):
        floor = floors.get(row.room_id, set())
        near = sorted(
            (
                n
                for room, case_id, n in neighbours
                if room in floor
                and case_id != row.id
                and n.starts_at < row.ends_at + NEARBY
                and n.ends_at > row.starts_at - NEARBY
            ),
            key=lambda n: n.starts_at,
        )
        conflicts = tuple(n for n in near if n.closed and n.starts_at < row.ends_at and n.ends_at > row.starts_at)
        return Waiting(
            row.id,
            row.number,
            row.version,
            row.title,
            row.unit_name,
            row.room_id,
            row.room_name,
            row.starts_at,
            row.ends_at,
            row.people,
            row.change_id is not None,
            self.services.clock.now() - (row.asked or row.changed),
            tuple(n for n in near if not n.closed),
            conflicts,
        )
