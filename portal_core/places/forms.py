"""Forms of places and dictionaries."""

from wtforms import BooleanField, FieldList, FileField, FormField, HiddenField, IntegerField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal_core.i18n import _
from portal_core.places.dictionaries import LABEL_MAX, POSITION_MAX, Entry
from portal_core.places.services import KINDS, NAME_MAX, PlaceData, parse_zone, zone_text
from portal_core.web.forms import Filled, PortalForm, VersionField

NOWHERE = 0
ADDED_MAX = 50


class PlaceForm(PortalForm):
    """A place of the tree."""

    version = VersionField()
    name = StringField(_("Name of the place"), [Filled(), Length(max=NAME_MAX)])
    kind = SelectField(
        _("Kind of place"), [InputRequired()], choices=[SelectChoice(code, title) for code, title in KINDS.items()]
    )
    parent = SelectField(_("Lies in"), coerce=int, validate_choice=False)
    position = IntegerField(_("Place in the list"), [InputRequired(), NumberRange(0, POSITION_MAX)])
    plan = FileField(_("Floor plan"), render_kw={"accept": "image/jpeg,image/png,image/webp"})
    zone = StringField(_("Zone on the plan around it"), [Length(max=600)])

    def value(self) -> PlaceData:
        """What the form says; call it after ``validate``. Raises Invalid for a zone that cannot be drawn."""
        return PlaceData(
            self.name.data,
            self.kind.data,
            self.parent.data or None,
            self.position.data,
            parse_zone(self.zone.data or ""),
        )


def place_values(place, parent_id=None) -> dict:
    """The form's values for ``place``; for None those of a new one in ``parent_id``."""
    if place is None:
        return {"position": 100, "parent": parent_id or NOWHERE, "kind": "room" if parent_id else "compound"}
    values = {name: getattr(place, name) for name in ("name", "kind", "position")}
    return values | {"version": str(place.version), "parent": place.parent_id or NOWHERE, "zone": zone_text(place)}


class EntryForm(PortalForm):
    """A line of a dictionary. ``code`` is empty in a new one; then a code is made."""

    code = HiddenField("")
    label = StringField(_("Label"), [Length(max=LABEL_MAX)])
    position = IntegerField(_("Place in the list"), [Optional(), NumberRange(0, POSITION_MAX)])
    active = BooleanField(_("Offered"))


class DictionaryForm(PortalForm):
    """All entries of a dictionary and a line for one more."""

    entries = FieldList(FormField(EntryForm), max_entries=200)

    def value(self, present: list[Entry]) -> list[Entry]:
        """The entries as the form says; unknown codes are left out, a line with a label and without a code is a new entry."""
        known = {entry.code for entry in present}
        wanted = []
        for line in self.entries:
            code, label = line.form.code.data, line.form.label.data
            if not code and label:
                code = self._new_code(known | {entry.code for entry in wanted})
            elif code not in known:
                continue
            position = line.form.position.data if line.form.position.data is not None else 100
            wanted.append(Entry(code, label, position, line.form.active.data))
        return wanted

    @staticmethod
    def _new_code(taken):
        return next(code for number in range(1, len(taken) + 2) if (code := f"own{number}") not in taken)


def dictionary_values(entries, translate) -> dict:
    """The form's values for ``entries``, with an empty line at the end."""
    lines = [
        {"code": entry.code, "label": translate(entry.label), "position": entry.position, "active": entry.active}
        for entry in entries
    ]
    return {"entries": [*lines, {"code": "", "label": "", "position": None, "active": True}]}
