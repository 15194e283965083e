"""Forms of announcements and help pages."""

import datetime as dt

from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal_core.content.announcements import AnnouncementData
from portal_core.content.help import HelpData
from portal_core.i18n import _
from portal_core.web.forms import Filled, PortalForm, VersionField

BODY_MAX = 20_000
EVERYBODY, UNITS = "everybody", "units"


class AnnouncementForm(PortalForm):
    """An announcement. Dates are days of the portal's zone; without an end it stays until it is withdrawn."""

    version = VersionField()
    title = StringField(_("Title"), [Filled(), Length(max=120)])
    body = TextAreaField(_("Text"), [Filled(), Length(max=BODY_MAX)])
    start_date = DateField(_("Shown from"), [InputRequired()])
    start_time = TimeField(_("Time"), [InputRequired()])
    end_date = DateField(_("Shown until"), [Optional()])
    audience = RadioField(
        _("For whom"),
        [InputRequired()],
        choices=[SelectChoice(EVERYBODY, _("Everybody")), SelectChoice(UNITS, _("The people of some units"))],
    )
    departments = SelectMultipleField(_("Units"), coerce=int, validate_choice=False)
    pinned = BooleanField(_("Keep at the top"))
    must_read = BooleanField(_("Everybody has to confirm that they read it"))
    files = MultipleFileField(_("Attachments"), render_kw={"accept": "application/pdf,image/jpeg,image/png", "multiple": True})

    def validate_start_date(self, field):
        """A date that calendars and databases know how to handle."""
        # Without a date there already is a message.
        if field.data and not 2000 <= field.data.year < 2200:
            raise ValidationError(_("Please choose a date between 2000 and 2199"))

    def validate_end_date(self, field):
        """As for the first day, if there is one."""
        self.validate_start_date(field)

    def validate_departments(self, field):
        """Needed where the audience are some units."""
        if self.audience.data == UNITS and not field.data:
            raise ValidationError(_("Please choose at least one unit."))

    def value(self, clock) -> AnnouncementData:
        """What the form says; call it after ``validate``. The last day is shown to its end."""
        end = self.end_date.data
        return AnnouncementData(
            title=self.title.data,
            body=self.body.data,
            starts_at=clock.at(self.start_date.data, self.start_time.data),
            ends_at=clock.at(end + dt.timedelta(days=1), dt.time()) if end else None,
            pinned=self.pinned.data,
            must_read=self.must_read.data,
            department_ids=tuple(self.departments.data or ()) if self.audience.data == UNITS else (),
        )


def announcement_values(announcement, departments, clock) -> dict:
    """The form's values for ``announcement``; for None those of a new one."""
    if announcement is None:
        now = clock.local(clock.now())
        return {"start_date": now.date(), "start_time": now.time().replace(second=0, microsecond=0), "audience": EVERYBODY}
    start = clock.local(announcement.starts_at)
    end = announcement.ends_at and clock.local(announcement.ends_at).date() - dt.timedelta(days=1)
    values = {name: getattr(announcement, name) for name in ("title", "body", "pinned", "must_read")}
    return values | {
        "version": str(announcement.version),
        "start_date": start.date(),
        "start_time": start.time(),
        "end_date": end,
        "audience": EVERYBODY if announcement.for_all else UNITS,
        "departments": [unit.id for unit in departments],
    }


class HelpForm(PortalForm):
    """A page of the help or a question with its answer."""

    version = VersionField()
    title = StringField(_("Title or question"), [Filled(), Length(max=120)])
    topic = StringField(_("Topic"), [Filled(), Length(max=60)])
    body = TextAreaField(_("Text or answer"), [Filled(), Length(max=BODY_MAX)])
    is_question = BooleanField(_("Frequent question"))
    published = BooleanField(_("Published"))
    position = IntegerField(_("Place in the list"), [InputRequired(), NumberRange(0, 10_000)])

    def value(self) -> HelpData:
        """What the form says; call it after ``validate``."""
        names = ("title", "topic", "body", "is_question", "position", "published")
        return HelpData(**{name: self[name].data for name in names})


def help_values(page) -> dict:
    """The form's values for ``page``; for None those of a new one."""
    if page is None:
        return {"published": True, "position": 100}
    names = ("title", "topic", "body", "is_question", "position", "published")
    return {name: getattr(page, name) for name in names} | {"version": str(page.version)}
