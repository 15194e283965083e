"""Rooms: which there are, who may book them, and their administration."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.api import AuditService, Forbidden, Identity, Invalid, NotFound, PlaceService, RightsService, Services, Stale
from portal_meetings import permissions
from portal_meetings.auditing import room_fields
from portal_meetings.i18n import _
from portal_meetings.models import Room, RoomSpace, Space, room_scope
from portal_meetings.services.closures import Affected, affected_by, managed_room, tell_owners
from portal_meetings.services.holds import BUFFER_MAX
from portal_meetings.services.rules import BookingRules

SCOPED_RIGHTS = (permissions.BOOK_ROOM, permissions.DIRECT, permissions.APPROVE, permissions.VIEW, permissions.MANAGE_ROOM)
NAME_MAX, PLACE_MAX, FLOOR_MAX, WORD_MAX = 80, 60, 20, 20
LIST_MAX = 30
CAPACITY_MAX = 10_000


@dataclass(frozen=True)
class RoomData:
    """What the form of a room says. ``layouts``: ``(name, capacity)``; times are of the users' zone; buffers are minutes.

    ``parts``: ids of rooms that this one unites (a divisible hall); empty for a room with a floor of its own. ``place_id``: where
    it is in the portal's tree of places, or None.
    """

    name: str
    building: str
    floor: str
    layouts: tuple[tuple[str, int], ...]
    equipment: tuple[str, ...] = ()
    contact: str = ""
    phone: str = ""
    open_from: dt.time = dt.time(7)
    open_to: dt.time = dt.time(22)
    buffer_before: int = 0
    buffer_after: int = 0
    restricted: bool = False
    position: int = 0
    note: str = ""
    parts: tuple[int, ...] = field(default=())
    place_id: int | None = None


class RoomService:
    """See the module. Pictures have a service of their own (``services.pictures``)."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    # -- reading ---------------------------------------------------------------------------------------------------

    def bookable(self, identity: Identity) -> list[Room]:
        """Rooms in use that ``identity`` may book, in the order of the grid. One statement."""
        rules = self.services.get(BookingRules)
        rooms = self.session.scalars(sa.select(Room).where(Room.active).order_by(Room.position, Room.id))
        return [room for room in rooms if rules.may_book(identity, room)]

    def get(self, room_id: int, identity: Identity) -> Room:
        """The room with its cover loaded. One out of use is only for those who manage it. Raises NotFound."""
        room = self.session.scalar(sa.select(Room).options(joinedload(Room.cover)).where(Room.id == room_id))
        if room is None or not (room.active or self.may_manage(room, identity)):
            raise NotFound()
        return room

    def managed(self, identity: Identity) -> list[Room]:
        """Rooms that ``identity`` manages, those out of use included."""
        rooms = self.session.scalars(sa.select(Room).options(joinedload(Room.cover)).order_by(Room.position, Room.id))
        return [room for room in rooms if self.may_manage(room, identity)]

    def to_manage(self, room_id: int, identity: Identity) -> Room:
        """The room for its administration page. Raises NotFound, for rooms of others too."""
        return managed_room(self.session, room_id, identity)

    def may_manage(self, room: Room, identity: Identity) -> bool:
        """Does ``identity`` manage this room?"""
        return identity.may(permissions.MANAGE_ROOM, room.scope)

    def buildings(self) -> list[str]:
        """Names of the buildings with rooms in use, in the order of the grid."""
        query = sa.select(Room.building).where(Room.active).group_by(Room.building).order_by(sa.func.min(Room.position))
        return list(self.session.scalars(query))

    def parts(self, room: Room) -> list[Room]:
        """The rooms that ``room`` unites: those whose floor is a true part of its own."""
        floors = self._floors()
        whole = floors.get(room.id, frozenset())
        inside = [room_id for room_id, spaces in floors.items() if spaces < whole]
        return list(self.session.scalars(sa.select(Room).where(Room.id.in_(inside)).order_by(Room.position, Room.id)))

    # -- writing ---------------------------------------------------------------------------------------------------

    def save(self, identity: Identity, data: RoomData, room: Room | None = None, version: int | None = None) -> Room:
        """Make a room, or change ``room`` as its form of ``version`` says. The floor of a room is chosen when it is made.

        Raises Forbidden, Invalid with messages by field, and Stale.
        """
        if not identity.may(permissions.MANAGE_ROOM, room.scope if room else ""):
            raise Forbidden(_("You do not manage this room."))
        self._check(data, room)
        made = room is None
        room = room or Room(active=True, version=0)
        if not made:
            self._lock(room, version)
        before = {} if made else room_fields(room)
        room.name, room.building, room.floor = data.name.strip(), data.building.strip(), data.floor.strip()
        room.layouts, room.capacity = [list(pair) for pair in data.layouts], max(seats for _name, seats in data.layouts)
        room.equipment, room.note = list(data.equipment), data.note.strip()
        room.contact, room.phone = data.contact.strip(), data.phone.strip()
        room.open_from, room.open_to = data.open_from, data.open_to
        room.buffer_before, room.buffer_after = data.buffer_before, data.buffer_after
        room.restricted, room.position, room.place_id = data.restricted, data.position, data.place_id
        room.version += 1
        self.session.add(room)
        self.session.flush()
        if made:
            self._lay_floor(room, data.parts)
        action = "meetings.room_made" if made else "meetings.room_changed"
        audit = self.services.get(AuditService)
        audit.record_change(identity, "meetings.room", room.id, before, room_fields(room), action=action)
        return room

    def disable(self, room: Room, identity: Identity, reason: str, version: int | None = None) -> list[Affected]:
        """Take a room out of use; returns the meetings that need another one, whose owners are told. They are not moved.

        Raises NotFound (not theirs to manage), Invalid (no ``reason``) and Stale.
        """
        managed_room(self.session, room.id, identity)
        reason = reason.strip()
        if not reason or len(reason) > 120:
            raise Invalid(
                _("Please correct the marked fields"), {"reason": _("Please state the reason in at most 120 characters")}
            )
        self._lock(room, version)
        room.active, room.version = False, room.version + 1
        self.session.flush()
        self._audit(identity, "meetings.room_disabled", room, {"reason": reason})
        affected = self.affected(room)
        tell_owners(self.services, "meetings.room_disabled", room, affected, reason, identity)
        return affected

    def enable(self, room: Room, identity: Identity, version: int | None = None) -> None:
        """Take a room into use again. Raises NotFound and Stale."""
        managed_room(self.session, room.id, identity)
        self._lock(room, version)
        room.active, room.version = True, room.version + 1
        self.session.flush()
        self._audit(identity, "meetings.room_enabled", room, {})

    def affected(self, room: Room) -> list[Affected]:
        """Meetings in this room that are not over: what a page shows before the room is taken out of use."""
        now = self.services.clock.now()
        return list(affected_by(self.session, room, after=now))

    # -- rights ----------------------------------------------------------------------------------------------------

    def rights(self, room: Room) -> dict[str, list]:
        """Who got each of ``SCOPED_RIGHTS`` for this room, as the core's ``GrantSubject``."""
        service = self.services.get(RightsService)
        return {permission: service.subjects(permission, room.scope) for permission in SCOPED_RIGHTS}

    def grant(self, room: Room, identity: Identity, permission: str, **subject) -> None:
        """Give one of ``SCOPED_RIGHTS`` for this room to a ``user_id``, ``role_id``, ``department_id`` or ``everyone``.

        Raises NotFound, Invalid, and Forbidden for oneself.
        """
        self._change_right(room, identity, permission, subject, "grant", by=identity)

    def revoke(self, room: Room, identity: Identity, permission: str, **subject) -> None:
        """Take back what ``grant`` gave. Raises NotFound and Invalid."""
        self._change_right(room, identity, permission, subject, "revoke")

    # -- parts -----------------------------------------------------------------------------------------------------

    def _change_right(self, room, identity, permission, subject, act, **more):
        managed_room(self.session, room.id, identity)
        if permission not in SCOPED_RIGHTS:
            raise Invalid(_("Please correct the marked fields"), {"permission": _("Please choose from the list")})
        getattr(self.services.get(RightsService), act)(permission, room_scope(room.id), **subject, **more)
        self._audit(identity, f"meetings.room_{act}", room, {"permission": permission, **subject})

    def _lock(self, room: Room, version: int | None) -> None:
        """Lock the room's floor and row: bookings that are being made now either see the change or are seen by it."""
        spaces = sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room.id)
        self.session.execute(sa.select(Space.id).where(Space.id.in_(spaces)).order_by(Space.id).with_for_update(key_share=True))
        self.session.refresh(room, with_for_update={"key_share": True})
        if version is not None and room.version != version:
            raise Stale(_("This has changed meanwhile; please look again."))

    def _lay_floor(self, room: Room, parts: Sequence[int]) -> None:
        spaces = set(self.session.scalars(sa.select(RoomSpace.space_id).where(RoomSpace.room_id.in_(parts)))) if parts else set()
        if not spaces:
            space = Space(name=room.name)
            self.session.add(space)
            self.session.flush()
            spaces = {space.id}
        self.session.add_all(RoomSpace(room_id=room.id, space_id=space) for space in sorted(spaces))
        self.session.flush()

    def _floors(self) -> dict[int, frozenset[int]]:
        floors: dict[int, set[int]] = {}
        for room_id, space_id in self.session.execute(sa.select(RoomSpace.room_id, RoomSpace.space_id)):
            floors.setdefault(room_id, set()).add(space_id)
        return {room_id: frozenset(spaces) for room_id, spaces in floors.items()}

    def _audit(self, identity, action, room, detail):
        self.services.get(AuditService).record(identity, action, "meetings.room", room.id, detail=detail)

    def _check(self, data: RoomData, room: Room | None) -> None:
        messages = problems(data)
        same_name = sa.select(Room.id).where(Room.name == data.name.strip(), Room.id != (room.id if room else 0))
        if "name" not in messages and self.session.scalar(same_name) is not None:
            messages["name"] = _("There is a room with this name already")
        if data.parts and self.session.scalar(sa.select(sa.func.count()).where(Room.id.in_(data.parts))) != len(set(data.parts)):
            messages["parts"] = _("Please choose from the list")
        if data.place_id is not None and data.place_id not in dict(self.services.get(PlaceService).choices()):
            messages["place"] = _("Please choose from the list")
        if messages:
            raise Invalid(_("Please correct the marked fields"), messages)


def problems(data: RoomData) -> dict[str, str]:
    """What is wrong with the fields by themselves, by field name."""
    messages = {}
    for name, value, longest, required in (
        ("name", data.name, NAME_MAX, True),
        ("building", data.building, PLACE_MAX, True),
        ("floor", data.floor, FLOOR_MAX, False),
        ("contact", data.contact, 40, False),
        ("phone", data.phone, 32, False),
        ("note", data.note, 1000, False),
    ):
        if required and not value.strip():
            messages[name] = _("This field is required")
        elif len(value) > longest:
            messages[name] = _("At most ${max} characters", mapping={"max": longest})
    layouts = data.layouts
    if not 1 <= len(layouts) <= LIST_MAX or any(
        not name.strip() or len(name) > WORD_MAX or not 1 <= seats <= CAPACITY_MAX for name, seats in layouts
    ):
        messages["layouts"] = _("Name at least one layout with the number of its seats")
    if len(data.equipment) > LIST_MAX or any(not word.strip() or len(word) > WORD_MAX for word in data.equipment):
        messages["equipment"] = _(
            "At most ${max} words of at most ${length} characters", mapping={"max": LIST_MAX, "length": WORD_MAX}
        )
    if data.open_to != dt.time() and data.open_to <= data.open_from:
        messages["open_to"] = _("The end must be after the start")
    for name, minutes in (("buffer_before", data.buffer_before), ("buffer_after", data.buffer_after)):
        if not 0 <= minutes <= BUFFER_MAX:
            messages[name] = _("The number must be between ${min} and ${max}", mapping={"min": 0, "max": BUFFER_MAX})
    return messages
