"""What messages and deliveries declare, in the form in which plugins do."""

import datetime as dt

from portal_core.declarations import HealthCheck, Job, NotificationType, Permission, RoleDefault, SettingSpec
from portal_core.i18n import _
from portal_core.notifications import mail
from portal_core.notifications.preferences import parse_quiet_hours
from portal_core.notifications.upkeep import DEAD_LETTERS, channels_work, forget_finished, tell_of_dead_letters

MANAGE = "core:delivery:manage"
LONGEST_TIMEOUT = 10
DAY = dt.timedelta(days=1)


def parse_base_url(text):
    """An address without a slash at the end, or nothing."""
    text = text.strip().rstrip("/")
    if text and not text.startswith(("https://", "http://")):
        raise ValueError(f"{text!r} does not begin with https://")
    return text


def parse_timeout(text):
    """Seconds; so few that one attempt ends within the lease of a delivery."""
    seconds = float(text)
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(f"{text!r} is not between 0 and {LONGEST_TIMEOUT}")
    return seconds


PERMISSIONS = (Permission(MANAGE, _("Manage deliveries and channels")),)
ROLES = (RoleDefault("admin", _("System administrator"), (MANAGE,)),)
SETTINGS = (
    SettingSpec(
        "portal.base_url", "", "Address of the portal for links in e-mails, e.g. https://portal.example.org.", parse_base_url
    ),
    SettingSpec("portal.smtp_host", "", "Mail server for e-mails to people; empty: no e-mail is sent.", str),
    SettingSpec("portal.smtp_port", "25", "Its port.", int),
    SettingSpec(
        "portal.smtp_security", "plain", "plain, starttls (usually port 587) or tls (usually port 465).", mail.parse_security
    ),
    SettingSpec("portal.smtp_user", "", "Login at the mail server; empty: none.", str),
    SettingSpec("portal.smtp_password", "", "Password of that login.", str, "PORTAL_SMTP_PASSWORD"),
    SettingSpec("portal.smtp_from", "", "Sender, an address or `Name <address>`.", mail.parse_sender),
    SettingSpec("portal.smtp_timeout", "8", "Seconds to wait for each answer of the mail server, at most 10.", parse_timeout),
    SettingSpec("portal.smtp_daily", "0", "E-mails a day that the mail server allows; 0: any number.", int),
    SettingSpec(
        "portal.quiet_hours",
        "22:00-07:30",
        "Hours in which only urgent messages leave the portal, unless a person chose others; empty: none.",
        parse_quiet_hours,
    ),
    SettingSpec("portal.delivery_keep_days", "180", "Days after which finished deliveries are forgotten.", int),
)
# Inside the portal only: a broken channel cannot tell of itself.
NOTIFICATION_TYPES = (
    NotificationType(
        DEAD_LETTERS, _("New dead letters: ${count}"), _("Messages that could not be delivered: ${causes}"), channels=()
    ),
)
CHANNELS = (mail.CHANNEL,)
JOBS = (
    Job("core.dead_letters", _("Tell administrators of new dead letters"), DAY, tell_of_dead_letters),
    Job("core.forget_deliveries", _("Forget finished deliveries after some months"), DAY, forget_finished),
)
HEALTH_CHECKS = (HealthCheck("core.deliveries", channels_work, vital=False, with_portal=True),)
