"""The forms of the login and of one's own account."""

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import Length

from portal_core.accounts.passwords import MAX_LENGTH
from portal_core.accounts.throttle import LOGIN_LENGTH
from portal_core.i18n import _
from portal_core.web.forms import Filled, PortalForm


class LoginForm(PortalForm):
    """Name, password and, after some failures, the answer to a riddle."""

    username = StringField(
        _("User name"), [Filled(), Length(max=LOGIN_LENGTH)], render_kw={"autocomplete": "username", "autocapitalize": "none"}
    )
    password = PasswordField(_("Password"), [Filled(), Length(max=MAX_LENGTH)], render_kw={"autocomplete": "current-password"})
    captcha = StringField(_("Verification code"), [Length(max=20)], render_kw={"autocomplete": "off", "autocapitalize": "none"})
    captcha_key = HiddenField()
    captcha_mode = HiddenField()
    next = HiddenField(validators=[Length(max=500)])


class PasswordForm(PortalForm):
    """A new password, with the present one as proof that its owner asks."""

    current = PasswordField(
        _("Current password"), [Filled(), Length(max=MAX_LENGTH)], render_kw={"autocomplete": "current-password"}
    )
    new = PasswordField(
        _("New password"),
        [Filled(), Length(max=MAX_LENGTH)],
        description=_(
            "At least 8 characters and three of: capital letters, small letters, digits, symbols; nothing of your user name."
        ),
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        _("Repeat the new password"), [Filled(), Length(max=MAX_LENGTH)], render_kw={"autocomplete": "new-password"}
    )
