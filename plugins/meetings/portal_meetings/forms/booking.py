"""会议预约单: the booking form, made for the service items that there are now.

Rooms and times are offered in lists when the form is shown (``offer``). A form that is accepted is never shown, so the lists are
not needed to check it: the booking service checks the room and its opening hours anyway.
"""

import datetime as dt
import re

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, StopValidation, ValidationError

from portal_core.api import Clock, DictionaryService, PortalForm, VersionField
from portal_meetings.i18n import _
from portal_meetings.services import data as limits
from portal_meetings.services.data import KIND_DICTIONARY, BookingData
from portal_meetings.services.rules import PHONE
from portal_meetings.settings import MIDNIGHT, STEP_MINUTES

TIME = re.compile(r"([0-9]{2}):([0-5][0-9])")
ROOM_ID = re.compile(r"[0-9]{1,18}")


def at_most(length):
    """A validator for the length of a text."""
    return Length(max=length, message=_("At most ${max} characters"))


def asked_for_several_days(form, field):
    """A validator: the last day counts only when the box is ticked, and then it must be there."""
    if form.multiday.data and any(value.strip() for value in field.raw_data or ()):
        return
    # That nothing is no date need not be said.
    field.errors[:] = []
    raise StopValidation(_("Please choose the last day") if form.multiday.data else "")


class LeaderForm(PortalForm):
    """One row of 出席领导."""

    name = StringField(_("Person's name"), [DataRequired(_("Please fill in the name")), at_most(limits.LEADER_MAX)])
    post = StringField(_("Post"), [at_most(limits.POST_MAX)])


class TimeField(SelectField):
    """A time of day chosen from a list. ``minutes`` counts from midnight (24:00 is the day's end), None: nothing chosen."""

    @property
    def minutes(self):
        match = TIME.fullmatch(self.data or "")
        minutes = int(match[1]) * 60 + int(match[2]) if match else None
        return minutes if minutes is not None and minutes <= MIDNIGHT else None

    def pre_validate(self, form):
        """Our sentence instead of the library's, and none for an empty choice: InputRequired has spoken."""
        if self.data and self.minutes is None:
            raise ValidationError(_("Please choose a time from the list"))


class ChoiceField(SelectField):
    """A select whose message for a value that is not in the list is ours."""

    def pre_validate(self, form):
        if self.data not in (None, "") and all(str(self.data) != str(choice.value) for choice in self.choices):
            raise ValidationError(_("Please choose from the list"))


class RoomField(SelectField):
    """A room's id, chosen from a list; whether there is such a room and who may book it is the service's question."""

    def pre_validate(self, form):
        if self.data and not ROOM_ID.fullmatch(self.data):
            raise ValidationError(_("Please choose from the list"))


class BookingForm(PortalForm):
    """Fields in the order of the page. ``services`` lists the service items whose fields ``booking_form`` added."""

    services = ()

    version = VersionField()
    title = StringField(
        _("Name of the meeting"), [DataRequired(_("Please fill in the name of the meeting")), at_most(limits.TITLE_MAX)]
    )
    room = RoomField(_("Meeting room"), [DataRequired(_("Please choose a room"))])
    kind = ChoiceField(_("Kind of meeting"), [DataRequired(_("Please choose the kind of meeting"))])
    date = DateField(_("Date"), [InputRequired(_("Please choose the date"))])
    start = TimeField(_("Start time"), [InputRequired(_("Please choose the start time"))])
    end = TimeField(_("End time"), [InputRequired(_("Please choose the end time"))])
    multiday = BooleanField(_("The meeting ends on another day"))
    end_date = DateField(_("Last day"), [asked_for_several_days])
    people = IntegerField(
        _("Number of people"),
        [
            InputRequired(_("Please fill in the number of people")),
            NumberRange(1, 5000, _("The number of people must be between ${min} and ${max}")),
        ],
    )
    contact = StringField(_("Contact"), [DataRequired(_("Please fill in the contact")), at_most(limits.CONTACT_MAX)])
    phone = StringField(
        _("Telephone number"),
        [DataRequired(_("Please fill in the telephone number")), at_most(limits.PHONE_MAX)],
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )
    confidential = BooleanField(_("Confidential: others only see that the room is taken"))
    leaders = FieldList(FormField(LeaderForm), label=_("Leaders attending"), max_entries=limits.LEADERS_MAX)
    note = TextAreaField(_("Other special requirements"), [at_most(limits.NOTE_MAX)])

    def validate_end_date(self, field):
        """Not before the first."""
        if self.date.data and field.data and field.data < self.date.data:
            raise ValidationError(_("The last day is before the first"))

    def validate_end(self, field):
        """On one day the end is after the start."""
        same_day = not self.multiday.data or self.end_date.data == self.date.data
        if same_day and None not in (field.minutes, self.start.minutes) and field.minutes <= self.start.minutes:
            raise ValidationError(_("The end must be after the start"))

    def validate_phone(self, field):
        """Digits with the usual signs between them."""
        if field.data and not PHONE.fullmatch(field.data):
            raise ValidationError(_("Please fill in a telephone number"))

    def service_items(self):
        """Pairs of the tick box and its question (or None), for the macro ``reveal``."""
        return [(self[_box(item)], self[_question(item)] if item.question else None) for item in self.services]

    def booking_data(self, clock: Clock) -> BookingData:
        """The valid form as what the service takes; answers of boxes that are not ticked are dropped."""
        last = self.end_date.data if self.multiday.data else self.date.data
        answers = {
            item.id: (self[_question(item)].data or "").strip() if item.question else ""
            for item in self.services
            if self[_box(item)].data
        }
        return BookingData(
            room_id=int(self.room.data),
            title=self.title.data.strip(),
            kind=self.kind.data,
            starts_at=_moment(clock, self.date.data, self.start.minutes),
            ends_at=_moment(clock, last, self.end.minutes),
            people=self.people.data,
            contact=self.contact.data.strip(),
            phone=self.phone.data.strip(),
            leaders=tuple((row["name"].strip(), (row["post"] or "").strip()) for row in self.leaders.data),
            confidential=self.confidential.data,
            note=(self.note.data or "").strip(),
            services=answers,
        )


def booking_form(request, items, post=None, values=None):
    """The booking form for the service items ``items``.

    ``post``: what was sent, or None. ``values``: what the form starts with by field name (services as ``svc_<id>`` and
    ``svc_<id>_text``).
    """
    fields = {"services": tuple(items)}
    for item in items:
        fields[_box(item)] = BooleanField(item.label)
        if item.question:
            fields[_question(item)] = StringField(item.question, [_answered_when_ticked(item), at_most(limits.ANSWER_MAX)])
    form = type("BookingFormOfToday", (BookingForm,), fields)(request, post, data=values or {})
    translate = request.translator("portal_meetings")
    kinds = request.services.get(DictionaryService).entries(KIND_DICTIONARY)
    # A kind that is no longer offered stays with the meeting that has it.
    offered = [kind for kind in kinds if kind.active or kind.code == form.kind.data]
    form.kind.choices = [_nothing(translate), *(SelectChoice(kind.code, translate(kind.label)) for kind in offered)]
    return form


def offer(form, request, rooms):
    """Fill the lists of ``form`` with the ``rooms`` that the person may book and the times at which they are open."""
    translate = request.translator("portal_meetings")
    form.room.choices = [_nothing(translate), *(SelectChoice(str(room.id), translate(_room_text(room))) for room in rooms)]
    form.start.choices, form.end.choices = _times(rooms, 0), _times(rooms, STEP_MINUTES)


def _nothing(translate):
    return SelectChoice("", translate(_("Please choose")))


def form_values(data: BookingData, clock: Clock) -> dict:
    """The start values of a form that shows ``data``."""
    start, end = clock.local(data.starts_at), clock.local(data.ends_at)
    last, end_text = end.date(), f"{end:%H:%M}"
    if end.time() == dt.time():
        last, end_text = last - dt.timedelta(days=1), "24:00"
    values = {
        "title": data.title,
        "room": str(data.room_id),
        "kind": data.kind,
        "date": start.date(),
        "start": f"{start:%H:%M}",
        "end": end_text,
        "multiday": last != start.date(),
        "end_date": last if last != start.date() else None,
        "people": data.people,
        "contact": data.contact,
        "phone": data.phone,
        "confidential": data.confidential,
        "note": data.note,
        "leaders": [{"name": name, "post": post} for name, post in data.leaders],
    }
    for item_id, answer in data.services.items():
        values |= {f"svc_{item_id}": True, f"svc_{item_id}_text": answer}
    return values


def _box(item):
    return f"svc_{item.id}"


def _question(item):
    return f"svc_{item.id}_text"


def _answered_when_ticked(item):
    def check(form, field):
        if form[_box(item)].data and not (field.data or "").strip():
            raise ValidationError(_("You ticked “${service}”: please fill in the details", mapping={"service": item.label}))

    return check


def _room_text(room):
    return _("${room} (${place}, ${seats} people)", mapping={"room": room.name, "place": room.place, "seats": room.capacity})


def _moment(clock, day, minutes):
    """``minutes`` after midnight of ``day``; clocks of the zone do not change at night."""
    return clock.at(day + dt.timedelta(days=minutes // MIDNIGHT), dt.time(minutes // 60 % 24, minutes % 60))


def _times(rooms, shift):
    """Choices every 15 minutes while any of the rooms is open, ``shift`` minutes later for ends than for starts."""
    first = min((room.open_from.hour * 60 + room.open_from.minute for room in rooms), default=7 * 60)
    last = max((room.open_to.hour * 60 + room.open_to.minute or MIDNIGHT for room in rooms), default=22 * 60)
    times = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(first + shift, last + shift, STEP_MINUTES)]
    return [SelectChoice("", "--:--"), *(SelectChoice(time, time) for time in times)]
