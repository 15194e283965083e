"""What a booking form says, as one immutable value; its JSON for drafts and changes; the words of its lists."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portal_meetings.i18n import _
from portal_meetings.models import Booking

# What the dictionary of meeting kinds starts with; administrators may change it.
KIND_DICTIONARY = "meetings.kind"
KINDS = (
    ("work", _("Work meeting")),
    ("party", _("Party group meeting")),
    ("train", _("Training")),
    ("video", _("Video conference")),
    ("recv", _("Reception")),
    ("other", _("Other")),
)

CANCEL_REASONS = (
    ("moved", _("The time has changed")),
    ("dropped", _("The meeting is not held")),
    ("elsewhere", _("Another place was found")),
    ("clash", _("It clashes with a more important meeting")),
    ("other", _("Other")),
)

TITLE_MAX, CONTACT_MAX, PHONE_MAX, NOTE_MAX, ANSWER_MAX = 60, 40, 32, 1000, 200
LEADERS_MAX, LEADER_MAX, POST_MAX = 20, 20, 40


@dataclass(frozen=True)
class BookingData:
    """The fields of 会议预约单. Moments are aware. None stands for a required field that was left empty.

    ``leaders`` are ``(name, post)`` pairs; ``services`` maps ids of ticked service items to the answers to their questions.
    """

    room_id: int | None
    title: str
    kind: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    people: int | None
    contact: str
    phone: str
    leaders: tuple[tuple[str, str], ...] = ()
    confidential: bool = False
    note: str = ""
    services: Mapping[int, str] = field(default_factory=dict)

    def with_contact(self, name: str, phone: str) -> "BookingData":
        """The same form with another contact."""
        return replace(self, contact=name, phone=phone)


def to_json(data: BookingData) -> dict[str, Any]:
    """``data`` as plain JSON; ``from_json`` reads it back."""
    return {
        "room_id": data.room_id,
        "title": data.title,
        "kind": data.kind,
        "starts_at": data.starts_at.astimezone(dt.UTC).isoformat() if data.starts_at else None,
        "ends_at": data.ends_at.astimezone(dt.UTC).isoformat() if data.ends_at else None,
        "people": data.people,
        "contact": data.contact,
        "phone": data.phone,
        "leaders": [list(pair) for pair in data.leaders],
        "confidential": data.confidential,
        "note": data.note,
        "services": {str(item): answer for item, answer in data.services.items()},
    }


def from_json(values: Mapping[str, Any]) -> BookingData:
    """The value that ``to_json`` wrote."""
    return BookingData(
        room_id=values["room_id"],
        title=values["title"],
        kind=values["kind"],
        starts_at=dt.datetime.fromisoformat(values["starts_at"]) if values["starts_at"] else None,
        ends_at=dt.datetime.fromisoformat(values["ends_at"]) if values["ends_at"] else None,
        people=values["people"],
        contact=values["contact"],
        phone=values["phone"],
        leaders=tuple((name, post) for name, post in values["leaders"]),
        confidential=values["confidential"],
        note=values["note"],
        services={int(item): answer for item, answer in values["services"].items()},
    )


def of_booking(booking: Booking) -> BookingData:
    """What the form would say for ``booking`` as it stands; its answers must be loaded."""
    return BookingData(
        room_id=booking.room_id,
        title=booking.title,
        kind=booking.kind,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        people=booking.people,
        contact=booking.contact,
        phone=booking.phone,
        leaders=tuple((name, post) for name, post in booking.leaders),
        confidential=booking.confidential,
        note=booking.note,
        services={answer.item_id: answer.answer for answer in booking.answers},
    )
