"""Rooms in the portal's search."""

from portal_core.api import Hit, SearchProvider
from portal_meetings.i18n import _
from portal_meetings.models import Room


def _words(room):
    return [room.name, room.place, *room.equipment, room.note]


def _hit(_services, room):
    seats = _("${place}, up to ${seats} seats", mapping={"place": room.place, "seats": room.capacity})
    return Hit(room.name, f"/meetings/rooms/{room.id}", seats)


ROOMS = SearchProvider(
    code="meetings.rooms",
    title=_("Meeting rooms"),
    icon="calendar",
    model=Room,
    fields=("name", "building", "floor", "equipment", "note"),
    words=_words,
    # A room that is out of use is shown to nobody but those who manage it, who have their own list.
    visible=lambda _services, _identity: Room.active,
    hit=_hit,
    order=30,
)
