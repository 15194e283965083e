"""What cases, tasks and messages say of a booking. Of a confidential one they say nothing that an outsider must not read."""

import datetime as dt
from typing import Any

from portal_core.api import DictionaryService, Services
from portal_meetings.i18n import _
from portal_meetings.models import Room
from portal_meetings.services.data import KIND_DICTIONARY, BookingData

FIELDS = (
    ("room_id", _("Meeting room")),
    ("title", _("Name of the meeting")),
    ("kind", _("Kind of meeting")),
    ("starts_at", _("Start time")),
    ("ends_at", _("End time")),
    ("people", _("Number of people")),
    ("contact", _("Contact")),
    ("phone", _("Telephone")),
    ("leaders", _("Leaders attending")),
    ("confidential", _("Confidential")),
    ("note", _("Other special requirements")),
    ("services", _("Services to prepare")),
)
# What may stand in a timeline that others can read.
HARMLESS = frozenset(("room_id", "starts_at", "ends_at", "people", "confidential"))


class Wording:
    """Texts about bookings in the portal's default language, for what is stored."""

    def __init__(self, services: Services):
        self.services = services
        self.text = services.portal.default_text

    def case_title(self, data: BookingData) -> str:
        """Title of the case: the meeting's name, or only that there is a meeting."""
        return self.text(_("Confidential meeting")) if data.confidential else data.title

    def summary(self, data: BookingData, room: Room, unit: str) -> list[tuple[str, str]]:
        """The label and value pairs that an inbox shows."""
        pairs = [(_("Meeting room"), room.name), (_("Time"), self.span(data.starts_at, data.ends_at))]
        if not data.confidential:
            pairs += [(_("Number of people"), str(data.people)), (_("Unit"), unit), (_("Contact"), data.contact)]
        return [(self.text(label), value) for label, value in pairs if value]

    def span(self, start: dt.datetime | None, end: dt.datetime | None) -> str:
        """``2026-11-24 14:00-16:00`` in the users' zone; the second date is written when it is another one."""
        if start is None or end is None:
            return ""
        first, last = self.services.clock.local(start), self.services.clock.local(end)
        return (
            f"{first:%Y-%m-%d %H:%M}-{last:%H:%M}"
            if first.date() == last.date()
            else f"{first:%Y-%m-%d %H:%M} - {last:%Y-%m-%d %H:%M}"
        )

    def differences(self, old: BookingData, new: BookingData, rooms: dict[int, str], items: dict[int, str]) -> list[list[str]]:
        """``[label, old, new]`` for each field that differs. ``rooms``, ``items``: names by id of those that occur."""
        return [[label, before, after] for _name, label, before, after in self._pairs(old, new, rooms, items)]

    def public_differences(
        self, old: BookingData, new: BookingData, rooms: dict[int, str], items: dict[int, str]
    ) -> list[list[str]]:
        """As ``differences``; when the old or the new meeting is confidential its secret fields only show that they changed."""
        secret = old.confidential or new.confidential
        hidden = self.text(_("(confidential)"))
        return [
            [label, hidden, hidden] if secret and name not in HARMLESS else [label, before, after]
            for name, label, before, after in self._pairs(old, new, rooms, items)
        ]

    def _pairs(self, old, new, rooms, items):
        for name, label in FIELDS:
            if getattr(old, name) != getattr(new, name):
                yield name, self.text(label), self._show(name, old, rooms, items), self._show(name, new, rooms, items)

    def _show(self, name: str, data: BookingData, rooms: dict[int, str], items: dict[int, str]) -> str:
        value: Any = getattr(data, name)
        match name:
            case "room_id":
                return rooms.get(value, "")
            case "starts_at" | "ends_at":
                return f"{self.services.clock.local(value):%Y-%m-%d %H:%M}" if value else ""
            case "kind":
                return self.text(self.services.get(DictionaryService).word(KIND_DICTIONARY, value))
            case "leaders":
                return "、".join(f"{person} {post}".strip() for person, post in value)
            case "confidential":
                return self.text(_("Yes") if value else _("No"))
            case "services":
                return "；".join(f"{items.get(item, item)} {answer}".strip() for item, answer in value.items())
        return "" if value is None else str(value)
