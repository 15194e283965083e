"""What meetings' lines in the audit log are called, and which fields of a room they compare."""

from portal_core.api import AuditWords
from portal_meetings.i18n import _
from portal_meetings.models import Room

WORDS = AuditWords(
    actions={
        "meetings.room_made": _("Made a room"),
        "meetings.room_changed": _("Changed a room"),
        "meetings.room_disabled": _("Took a room out of use"),
        "meetings.room_enabled": _("Took a room into use"),
        "meetings.room_grant": _("Granted a right in a room"),
        "meetings.room_revoke": _("Took back a right in a room"),
        "meetings.room_closed": _("Closed a room for a time"),
        "meetings.closure_cancelled": _("Called off a closure"),
        "meetings.picture_added": _("Added a picture"),
        "meetings.picture_removed": _("Removed a picture"),
        "meetings.service_saved": _("Changed a service"),
        "meetings.confidential_viewed": _("Viewed a confidential meeting"),
    },
    objects={
        "meetings.room": _("Meeting room"),
        "meetings.service_item": _("Service"),
        "meetings.booking": _("Booking"),
    },
    fields={
        "meetings.room.name": _("Name"),
        "meetings.room.building": _("Building"),
        "meetings.room.floor": _("Floor"),
        "meetings.room.layouts": _("Layouts and seats"),
        "meetings.room.equipment": _("Equipment"),
        "meetings.room.contact": _("Contact"),
        "meetings.room.phone": _("Telephone"),
        "meetings.room.open_from": _("Open from"),
        "meetings.room.open_to": _("Open to"),
        "meetings.room.buffer_before": _("Minutes kept free before"),
        "meetings.room.buffer_after": _("Minutes kept free after"),
        "meetings.room.position": _("Place in the list"),
        "meetings.room.restricted": _("Only people with the right may book this room"),
        "meetings.room.note": _("Note"),
    },
)


def room_fields(room: Room) -> dict:
    """The fields of a room whose changes are kept, as text or numbers."""
    names = ("name", "building", "floor", "equipment", "contact", "phone", "buffer_before", "buffer_after", "position", "note")
    values = {name: getattr(room, name) for name in names}
    values["layouts"] = [f"{name} {seats}" for name, seats in room.layouts or ()]
    for name in ("open_from", "open_to"):
        moment = getattr(room, name)
        values[name] = f"{moment:%H:%M}" if moment is not None else ""
    return values | {"restricted": {True: "✓", False: "✗"}.get(room.restricted, "")}
