"""What the security list declares, in the form in which plugins do."""

import datetime as dt
import ipaddress

from portal_core.declarations import HealthCheck, Job, Permission, RoleDefault, SettingSpec
from portal_core.i18n import _
from portal_core.security.crypto import SETTING as ENCRYPTION_KEYS
from portal_core.security.crypto import as_keys
from portal_core.security.factors import ADMINS, EVERYONE, OFF
from portal_core.security.jobs import end_login_steps, secrets_are_readable
from portal_core.security.masking import VIEW_SENSITIVE
from portal_core.settings import as_bool, as_count, as_list


def as_number(text):
    """A whole number from 0 on."""
    number = int(text)
    if number < 0:
        raise ValueError(f"{number} is less than 0")
    return number


def as_networks(text):
    """Networks in CIDR form (``10.2.0.0/16``, ``10.2.3.4``, ``fd00::/8``), separated by blanks or commas."""
    return tuple(ipaddress.ip_network(word) for word in as_list(text))


def as_factor(text):
    """Who needs a second factor."""
    word = str(text).strip().lower()
    if word not in (OFF, ADMINS, EVERYONE):
        raise ValueError(f"{text!r} is none of {OFF}, {ADMINS}, {EVERYONE}")
    return word


PERMISSIONS = (Permission(VIEW_SENSITIVE, _("See masked telephone numbers; each look is recorded")),)
ROLES = (RoleDefault("admin", _("System administrator"), (VIEW_SENSITIVE,)),)
SETTINGS = (
    SettingSpec(
        "portal.password_max_days",
        "90",
        "Days after which a password must be changed; 0: never.",
        as_number,
        title=_("Days after which a password must be changed (0: never)"),
    ),
    SettingSpec(
        "portal.password_warn_days",
        "15",
        "Days before that in which people are told at the login.",
        as_number,
        title=_("Days before that in which people are told"),
    ),
    SettingSpec(
        "portal.password_history",
        "5",
        "How many of a person's last passwords may not be used again, the present one included.",
        as_count,
        title=_("Last passwords that may not be used again"),
    ),
    SettingSpec(
        "portal.session_idle_admin_minutes",
        "15",
        "As portal.session_idle_minutes, for people who may open system management; the shorter one counts.",
        as_count,
        title=_("Minutes without activity after which an administrator's login ends"),
    ),
    SettingSpec(
        "portal.admin_networks",
        "",
        "Networks (CIDR) from which system management can be opened; others get 404. Empty: all.",
        as_networks,
    ),
    SettingSpec(
        "portal.second_factor",
        OFF,
        "Who needs one-time codes at the login besides the password: off, admins (who may open system management), all. "
        f"Needs {ENCRYPTION_KEYS}.",
        as_factor,
    ),
    SettingSpec(
        ENCRYPTION_KEYS,
        "",
        "Keys for what is stored encrypted, ID:BASE64 separated by blanks, the current one first; see `portal security new-key`.",
        as_keys,
        "PORTAL_ENCRYPTION_KEYS",
    ),
    SettingSpec(
        "portal.mask_sensitive",
        "false",
        "True shows telephone numbers of others as 138****1234 until somebody who may asks for one, which is recorded.",
        as_bool,
        title=_("Mask telephone numbers"),
    ),
)
JOBS = (Job("core.login_steps", _("Remove logins that were not finished"), dt.timedelta(hours=1), end_login_steps),)
HEALTH_CHECKS = (HealthCheck("core.secrets", secrets_are_readable, vital=False, with_portal=True),)
