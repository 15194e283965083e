"""Forms of the pages for people and rights."""

from wtforms import FileField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from portal_core.accounts.services import MAX_NAME
from portal_core.accounts.throttle import LOGIN_LENGTH
from portal_core.accounts.userdata import EMAIL_LENGTH, PHONE_LENGTH, UserData
from portal_core.i18n import _
from portal_core.web.forms import Filled, PortalForm, TickBoxes, VersionField


def optional_id(text):
    """The number in a select whose first choice is empty, as None."""
    return int(text) if text else None


class UserForm(PortalForm):
    """A person's data. ``login`` is asked for a new account only."""

    version = VersionField()
    login = StringField(_("User name"), [Filled(), Length(max=LOGIN_LENGTH)])
    name = StringField(_("Name"), [Filled(), Length(max=MAX_NAME)])
    department = SelectField(_("Main unit"), [Filled(choose=True)], coerce=optional_id, validate_choice=False)
    further = TickBoxes(_("Further units"), coerce=int, validate_choice=False)
    phone = StringField(_("Phone"), [Length(max=PHONE_LENGTH)])
    email = StringField(_("E-mail"), [Length(max=EMAIL_LENGTH)])

    def value(self) -> UserData:
        """What the form says; call it after ``validate``."""
        return UserData(self.name.data, self.department.data, tuple(self.further.data or ()), self.phone.data, self.email.data)


class RoleGrantForm(PortalForm):
    """One more role for a person."""

    role = SelectField(_("Role"), [Filled(choose=True)])
    scope = StringField(_("Only within"), [Length(max=64)])


class UnitForm(PortalForm):
    """A unit."""

    version = VersionField()
    name = StringField(_("Name of the unit"), [Filled(), Length(max=80)])
    short_name = StringField(_("Short name"), [Length(max=40)])
    parent = SelectField(_("Unit above"), coerce=optional_id, validate_choice=False)
    leader = StringField(_("Head of the unit"), [Length(max=LOGIN_LENGTH)])
    position = IntegerField(_("Place in the list"), [InputRequired(), NumberRange(0, 10_000)])


class NewRoleForm(PortalForm):
    """A role without permissions."""

    code = StringField(_("Code"), [Filled(), Length(max=64)])
    title = StringField(_("Name of the role"), [Filled(), Length(max=80)])


class ImportForm(PortalForm):
    """The file with the accounts."""

    file = FileField(_("Excel file"), render_kw={"accept": ".xlsx"})


class RoleForm(PortalForm):
    """The name of a role; what it carries is sent as one field ``p.<permission>`` each."""

    version = VersionField()
    title = StringField(_("Name of the role"), [Filled(), Length(max=80)])
