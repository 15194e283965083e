"""Forms of the administration: rooms, pictures, rights, closures, service items."""

import re

from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal_core.api import Filled, PortalForm, TickBoxes, VersionField
from portal_meetings.i18n import _
from portal_meetings.models import PANORAMA, PHOTO, PLAN
from portal_meetings.services.holds import BUFFER_MAX
from portal_meetings.services.rooms import RoomData

WORDS = re.compile(r"[,，、;；\n]+")
LAYOUT = re.compile(r"(.+?)[\s:：,，]+([0-9]{1,5})")
PICTURE_KINDS = ((PHOTO, _("Photo")), (PLAN, _("Floor plan")), (PANORAMA, _("360° picture")))


class RoomForm(PortalForm):
    """The facts about a room. ``parts`` is asked only when the room is made."""

    version = VersionField()
    name = StringField(_("Name"), [Filled(), Length(max=80)])
    building = StringField(_("Building"), [Filled(), Length(max=60)])
    floor = StringField(_("Floor"), [Length(max=20)])
    layouts = TextAreaField(_("Layouts and seats"), [Filled(), Length(max=1000)])
    equipment = StringField(_("Equipment"), [Length(max=600)])
    contact = StringField(_("Contact"), [Length(max=40)])
    phone = StringField(_("Telephone"), [Length(max=32)])
    open_from = TimeField(_("Open from"), [InputRequired()])
    open_to = TimeField(_("Open to"), [InputRequired()])
    buffer_before = IntegerField(_("Minutes kept free before"), [InputRequired(), NumberRange(0, BUFFER_MAX)])
    buffer_after = IntegerField(_("Minutes kept free after"), [InputRequired(), NumberRange(0, BUFFER_MAX)])
    position = IntegerField(_("Place in the list"), [InputRequired(), NumberRange(0, 10_000)])
    place = SelectField(_("Place on the floor plans"), coerce=int, validate_choice=False)
    restricted = BooleanField(_("Only people with the right may book this room"))
    note = TextAreaField(_("Note"), [Length(max=1000)])
    parts = TickBoxes(_("Unites the rooms"), coerce=int, validate_choice=False)

    def validate_layouts(self, field):
        """Every line names a layout and its seats."""
        for line in _lines(field.data):
            if not LAYOUT.fullmatch(line):
                raise ValidationError(_("Write one layout a line with the number of its seats"))

    def value(self) -> RoomData:
        """What the form says; call it after ``validate``."""
        layouts = tuple((m[1].strip(), int(m[2])) for m in map(LAYOUT.fullmatch, _lines(self.layouts.data)) if m)
        equipment = tuple(word.strip() for word in WORDS.split(self.equipment.data or "") if word.strip())
        return RoomData(
            self.name.data,
            self.building.data,
            self.floor.data or "",
            layouts,
            equipment,
            self.contact.data or "",
            self.phone.data or "",
            self.open_from.data,
            self.open_to.data,
            self.buffer_before.data,
            self.buffer_after.data,
            self.restricted.data,
            self.position.data,
            self.note.data or "",
            tuple(self.parts.data or ()) if self.parts else (),
            self.place.data or None,
        )


def room_values(room) -> dict:
    """The form's values for ``room``; for None those of a new room."""
    if room is None:
        return {
            "buffer_before": 0,
            "buffer_after": 15,
            "position": 100,
            "open_from": RoomData.open_from,
            "open_to": RoomData.open_to,
        }
    values = {
        name: getattr(room, name) for name in ("name", "building", "floor", "contact", "phone", "open_from", "open_to", "note")
    }
    values |= {name: getattr(room, name) for name in ("buffer_before", "buffer_after", "position", "restricted")}
    values["layouts"] = "\n".join(f"{name} {seats}" for name, seats in room.layouts)
    return values | {"equipment": "、".join(room.equipment), "version": str(room.version), "place": room.place_id or 0}


def _lines(text):
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


class PictureForm(PortalForm):
    """One more picture or several of one kind."""

    kind = RadioField(
        _("Kind of picture"), [InputRequired()], choices=[SelectChoice(*pair) for pair in PICTURE_KINDS], validate_choice=True
    )
    caption = StringField(_("Caption"), [Length(max=80)])
    pictures = MultipleFileField(_("Pictures"), render_kw={"accept": "image/jpeg,image/png,image/webp", "multiple": True})


class RightForm(PortalForm):
    """Who gets which right. Exactly one subject is named; which one, ``subject`` says."""

    permission = SelectField(_("Right"), [InputRequired()])
    subject = RadioField(_("To whom"), [InputRequired()], validate_choice=True)
    login = StringField(_("User name"), [Length(max=64)])
    department = SelectField(_("Unit"), coerce=int, validate_choice=False)
    role = SelectField(_("Role"), validate_choice=False)


class ClosureForm(PortalForm):
    """A time in which the room cannot be used."""

    start_date = DateField(_("From"), [InputRequired()])
    start = TimeField(_("Time"), [InputRequired()])
    end_date = DateField(_("To"), [InputRequired()])
    end = TimeField(_("Time"), [InputRequired()])
    reason = StringField(_("Reason"), [Filled(), Length(max=120)])

    def validate_start_date(self, field):
        """A date that calendars and databases know how to handle."""
        # Without a date there already is a message.
        if field.data and not 2000 <= field.data.year < 2200:
            raise ValidationError(_("Please choose a date between 2000 and 2199"))

    validate_end_date = validate_start_date


class OutOfUseForm(PortalForm):
    """Taking a room out of use for good."""

    version = VersionField()
    reason = StringField(_("Reason"), [Filled(), Length(max=120)])


class ItemForm(PortalForm):
    """A service that can be ticked on 会议预约单."""

    label = StringField(_("Service"), [Filled(), Length(max=40)])
    question = StringField(_("Question"), [Length(max=80)])
    at_once = IntegerField(_("Meetings served at the same time"), [Optional(), NumberRange(0, 1000)])
    position = IntegerField(_("Place in the list"), [Optional(), NumberRange(0, 10_000)])
    active = BooleanField(_("Offered on the form"))
