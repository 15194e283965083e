"""The rules a booking form must keep. All that is wrong is told at once, at the field where it is wrong."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.api import DictionaryService, Identity, Invalid, Services
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Room, ServiceItem
from portal_meetings.services import data as d
from portal_meetings.services.data import BookingData
from portal_meetings.services.holds import Span
from portal_meetings.settings import MIDNIGHT, STEP_MINUTES

PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,30}")


@dataclass(frozen=True)
class Checked:
    """A form that keeps the rules, with its room, its time and the ticked service items by id."""

    data: BookingData
    room: Room
    span: Span
    items: Mapping[int, ServiceItem]


class BookingRules:
    """Checks forms. Keys of messages are the names of the form's fields: room, start, svc_7_text …"""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.settings = services.portal.settings

    def check(self, identity: Identity, data: BookingData, booking: Booking | None = None) -> Checked:
        """``data`` as ``Checked``; ``booking`` is the meeting that it changes. Raises Invalid with one message a field."""
        messages: dict[str, str] = {}
        self._texts(data, messages)
        room = self._room(identity, data.room_id, messages)
        if room and data.people and data.people > room.capacity:
            messages["people"] = _(
                "${room} holds at most ${capacity} people", mapping={"room": room.name, "capacity": room.capacity}
            )
        self._time(data, messages)
        if room and data.starts_at and data.ends_at and not messages.keys() & {"start", "end", "date"}:
            self._opening(room, data.starts_at, data.ends_at, messages)
        items = self._items(data, booking, messages)
        if messages or room is None or data.starts_at is None or data.ends_at is None:
            raise Invalid(_("Please correct the marked fields"), messages)
        return Checked(data, room, Span(data.starts_at, data.ends_at), items)

    def may_book(self, identity: Identity, room: Room) -> bool:
        """Is the room in use and open to this person?"""
        return room.active and (not room.restricted or identity.may(permissions.BOOK_ROOM, room.scope))

    def _texts(self, data, messages):
        for name, value, longest, missing in (
            ("title", data.title, d.TITLE_MAX, _("Please fill in the name of the meeting")),
            ("contact", data.contact, d.CONTACT_MAX, _("Please fill in the contact")),
            ("phone", data.phone, d.PHONE_MAX, _("Please fill in the telephone number")),
        ):
            if not value.strip():
                messages[name] = missing
            elif len(value) > longest:
                messages[name] = _at_most(longest)
        if "phone" not in messages and not PHONE.fullmatch(data.phone):
            messages["phone"] = _("Please fill in a telephone number")
        # One that is no longer offered may stay; which are offered, the form knows.
        if data.kind not in {kind.code for kind in self.services.get(DictionaryService).entries(d.KIND_DICTIONARY)}:
            messages["kind"] = _("Please choose the kind of meeting")
        if data.people is None:
            messages["people"] = _("Please fill in the number of people")
        elif data.people < 1:
            messages["people"] = _("At least one person must attend")
        if len(data.note) > d.NOTE_MAX:
            messages["note"] = _at_most(d.NOTE_MAX)
        if len(data.leaders) > d.LEADERS_MAX or any(
            not name.strip() or len(name) > d.LEADER_MAX or len(post) > d.POST_MAX for name, post in data.leaders
        ):
            messages["leaders"] = _("At most ${max} leaders, each with a name", mapping={"max": d.LEADERS_MAX})

    def _room(self, identity, room_id, messages):
        room = self.session.get(Room, room_id) if room_id is not None else None
        if room is None:
            messages["room"] = _("Please choose a room")
        elif not room.active:
            messages["room"] = _("${room} is out of use", mapping={"room": room.name})
        elif not self.may_book(identity, room):
            messages["room"] = _("${room} is reserved; you may not book it", mapping={"room": room.name})
        return room

    def _time(self, data, messages):
        start, end = data.starts_at, data.ends_at
        if start is None:
            messages["start"] = _("Please choose the start time")
        if end is None:
            messages["end"] = _("Please choose the end time")
        if start is None or end is None:
            return
        now = self.services.clock.now()
        notice = dt.timedelta(minutes=self.settings["meetings.min_notice_minutes"])
        last_day = self.services.clock.today() + dt.timedelta(days=self.settings["meetings.max_advance_days"])
        for name, moment in (("start", start), ("end", end)):
            if moment.minute % STEP_MINUTES or moment.second or moment.microsecond:
                messages[name] = _("Times go in steps of ${minutes} minutes", mapping={"minutes": STEP_MINUTES})
        if end <= start:
            messages["end"] = _("The end must be after the start")
        elif end - start > dt.timedelta(days=self.settings["meetings.max_days"]):
            messages["end"] = _("A meeting lasts at most ${days} days", mapping={"days": self.settings["meetings.max_days"]})
        if start < now:
            messages["start"] = _("This time is past")
        elif start < now + notice:
            messages["start"] = _(
                "Please book at least ${minutes} minutes ahead",
                mapping={"minutes": notice.seconds // 60 + notice.days * MIDNIGHT},
            )
        elif self.services.clock.local(start).date() > last_day:
            messages["date"] = _("Rooms can be booked up to ${date}", mapping={"date": last_day.isoformat()})

    def _opening(self, room, start, end, messages):
        """Start and end lie in the room's opening hours; a meeting of several days may span the nights between."""
        text = {"room": room.name, "from": f"{room.open_from:%H:%M}", "to": closing_text(room)}
        message = _("${room} is open from ${from} to ${to}", mapping=text)
        starts_open, ends_open = in_opening_hours(room, self.services.clock.local(start), self.services.clock.local(end))
        if not starts_open:
            messages["start"] = message
        if not ends_open:
            messages["end"] = message

    def _items(self, data, booking, messages):
        """The ticked items. One that is no longer offered may stay in a booking that already has it."""
        if not data.services:
            return {}
        items = {item.id: item for item in self.session.scalars(sa.select(ServiceItem).where(ServiceItem.id.in_(data.services)))}
        kept = {answer.item_id for answer in booking.answers} if booking else set()
        for item_id, answer in data.services.items():
            item = items.get(item_id)
            if item is None or not (item.active or item_id in kept):
                messages[f"svc_{item_id}"] = _("This service is no longer offered")
            elif item.question and not answer.strip():
                messages[f"svc_{item_id}_text"] = _(
                    "You ticked “${service}”: please fill in the details", mapping={"service": item.label}
                )
            elif len(answer) > d.ANSWER_MAX:
                messages[f"svc_{item_id}_text"] = _at_most(d.ANSWER_MAX)
        return items


def in_opening_hours(room: Room, start: dt.datetime, end: dt.datetime) -> tuple[bool, bool]:
    """Do a start and an end, both in the users' zone, lie in the opening hours of ``room``? Closing at 0:00 is the day's end."""
    opens, closes = _minutes(room.open_from), _minutes(room.open_to) or MIDNIGHT
    return opens <= _minutes(start) < closes, opens < (_minutes(end) or MIDNIGHT) <= closes


def closing_text(room: Room) -> str:
    """The closing time as people write it: 24:00, not 00:00."""
    return f"{room.open_to:%H:%M}" if _minutes(room.open_to) else "24:00"


def _minutes(time):
    return time.hour * 60 + time.minute


def _at_most(length):
    return _("At most ${max} characters", mapping={"max": length})
