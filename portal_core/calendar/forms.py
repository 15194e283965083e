"""Forms of the working calendar: a word on some days, and office hours by season."""

from wtforms import DateField, FieldList, FormField, HiddenField, IntegerField, RadioField, StringField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal_core.calendar.editing import FIELDS, NOTE_MAX, SEASONS_MAX, DayChange
from portal_core.calendar.rules import Season
from portal_core.i18n import _
from portal_core.web.forms import PortalForm

OFF, WORKING = "off", "working"
FIRST_YEAR, LAST_YEAR = 2000, 2199


class SpansForm(PortalForm):
    """Office hours of a day: two times of day, either of which may be missing."""

    def spans(self):
        """The pairs that are filled in, in the order of the day; call it after ``validate``."""
        pairs = [(self[start].data, self[end].data) for start, end in FIELDS]
        return tuple(pair for pair in pairs if pair[0] is not None)

    def validate(self, extra_validators=None):
        """Whoever says when it begins must say when it ends."""
        valid = super().validate(extra_validators)
        for names in FIELDS:
            for name, other in (names, reversed(names)):
                if self[name].data is None and self[other].data is not None and not self[name].errors:
                    self[name].errors = [self.meta.translate(_("Please fill in both times, or neither"))]
                    valid = False
        return valid


class DaysForm(SpansForm):
    """What shall hold for one day or for a range of days."""

    first = DateField(_("First day"), [InputRequired()])
    last = DateField(_("Last day"), [Optional()], description=_("Empty: only the first day"))
    kind = RadioField(
        _("These days are"),
        [InputRequired()],
        choices=[SelectChoice(OFF, _("Days off")), SelectChoice(WORKING, _("Working days"))],
    )
    morning_from = TimeField(_("Morning from"), [Optional()])
    morning_to = TimeField(_("Morning to"), [Optional()])
    afternoon_from = TimeField(_("Afternoon from"), [Optional()])
    afternoon_to = TimeField(_("Afternoon to"), [Optional()])
    note = StringField(_("Note"), [Length(max=NOTE_MAX)])

    def validate_first(self, field):
        """A date that calendars and databases know how to handle."""
        # Without a date there already is a message.
        if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
            message = _("Please choose a date between ${first} and ${last}", mapping={"first": FIRST_YEAR, "last": LAST_YEAR})
            raise ValidationError(message)

    validate_last = validate_first

    def value(self) -> DayChange:
        """What the form says; call it after ``validate``."""
        working = self.kind.data == WORKING
        return DayChange(self.first.data, self.last.data or self.first.data, working, self.spans(), self.note.data)


class SeasonRow(SpansForm):
    """A season: the day on which it begins, and its office hours."""

    month = IntegerField(_("Begins: month"), [InputRequired(), NumberRange(1, 12)])
    day = IntegerField(_("Begins: day"), [InputRequired(), NumberRange(1, 31)])
    morning_from = TimeField(_("Morning from"), [InputRequired()])
    morning_to = TimeField(_("Morning to"), [InputRequired()])
    afternoon_from = TimeField(_("Afternoon from"), [Optional()])
    afternoon_to = TimeField(_("Afternoon to"), [Optional()])


class HoursForm(PortalForm):
    """Office hours over the year. ``stamp`` is the calendar that the person saw."""

    stamp = HiddenField()
    seasons = FieldList(FormField(SeasonRow), label=_("Seasons"), min_entries=1, max_entries=SEASONS_MAX)

    def value(self) -> tuple[Season, ...]:
        """What the form says; call it after ``validate``."""
        rows = [entry.form for entry in self.seasons.entries]
        return tuple(Season(row.month.data, row.day.data, row.spans()) for row in rows)


def season_values(seasons) -> list[dict]:
    """The rows of ``HoursForm`` for ``seasons``."""
    rows = []
    for season in seasons:
        row = {"month": season.month, "day": season.day}
        for (start, end), (from_field, to_field) in zip(season.spans, FIELDS, strict=False):
            row |= {from_field: start, to_field: end}
        rows.append(row)
    return rows
