"""Who reviews a booking after it is submitted: people whom its room names, and the predicted way of the approval."""

from collections.abc import Sequence
from typing import Any

from portal_core.api import Identity, PathService, PathStage, RightsService, Services
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import room_scope
from portal_meetings.services import states as s

Fields = dict[str, tuple[Any, Sequence[int]]]


def approver_fields(services: Services, room_id: int | None) -> Fields:
    """People whom the room named in the form stands for: who was given this very room to look after (``RoomService.grant``).

    With ``room_id`` None only the label.
    """
    keepers: tuple[int, ...] = ()
    if room_id is not None:
        found = services.get(RightsService).subjects(permissions.MANAGE_ROOM, room_scope(room_id))
        keepers = tuple(subject.id for subject in found if subject.kind == "user" and subject.id is not None)
    return {"keeper": (_("Who looks after the room"), keepers)}


def path_ahead(services: Services, identity: Identity, room_id: int | None, step: str = "review") -> tuple[PathStage, ...]:
    """Who would review a booking of the room by ``identity``; nobody where they book directly. ``step`` as in the flow.

    While no room has been chosen, who reviews the bookings of all rooms.
    """
    scope = room_scope(room_id) if room_id is not None else ""
    if identity.may(permissions.DIRECT, scope):
        return ()
    paths = services.get(PathService)
    return paths.predict(s.KIND, step, identity, scope, lambda: approver_fields(services, room_id))
