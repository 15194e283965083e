"""会议取消申请: why a meeting is cancelled."""

from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from portal_core.api import PortalForm, VersionField
from portal_meetings.i18n import _
from portal_meetings.services.bookings import CANCEL_TEXT_MAX
from portal_meetings.services.data import CANCEL_REASONS


class CancelForm(PortalForm):
    """A reason from the list, and words of one's own."""

    version = VersionField()
    reason = RadioField(_("Reason for cancelling"), [InputRequired(_("Please choose a reason"))], validate_choice=False)
    text = TextAreaField(_("Explanation"), [Length(max=CANCEL_TEXT_MAX, message=_("At most ${max} characters"))])

    def validate_reason(self, field):
        """One of the list."""
        if field.data not in dict(CANCEL_REASONS):
            raise ValidationError(_("Please choose a reason"))

    def validate_text(self, field):
        """'Other' says nothing by itself."""
        if self.reason.data == "other" and not (field.data or "").strip():
            raise ValidationError(_("Please state the reason"))


def cancel_form(request, post=None, values=None) -> CancelForm:
    """The form, as sent or with ``values``."""
    form = CancelForm(request, post, data=values or {})
    translate = request.translator("portal_meetings")
    form.reason.choices = [SelectChoice(code, translate(label)) for code, label in CANCEL_REASONS]
    return form
