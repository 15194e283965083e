"""Forms of the second factor."""

from wtforms import HiddenField, StringField
from wtforms.validators import Length

from portal_core.i18n import _
from portal_core.web.forms import Filled, PortalForm

_FIELD = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}


class CodeForm(PortalForm):
    """A one-time code, or at the login a recovery code."""

    code = StringField(_("One-time code"), [Filled(), Length(max=40)], render_kw=_FIELD)
    next = HiddenField(validators=[Length(max=500)])
