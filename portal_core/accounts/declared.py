"""What people and rights declare, in the form in which plugins do."""

import datetime as dt

from portal_core.accounts.health import administrators_separated
from portal_core.accounts.unused import CODE, close_unused
from portal_core.declarations import HealthCheck, Job, NotificationType, Permission, RoleDefault, SettingSpec
from portal_core.i18n import _
from portal_core.settings import as_bool

# The login log and the sessions, from which one tells when an account was last used, are kept for this long.
UNUSED_MAX = 180


def as_unused_days(text):
    """A whole number of days from 0 (never) to ``UNUSED_MAX``."""
    days = int(text)
    if not 0 <= days <= UNUSED_MAX:
        raise ValueError(f"{days} is not between 0 and {UNUSED_MAX}")
    return days


PERMISSIONS = (
    Permission("core:user:manage", _("Manage users")),
    Permission("core:department:manage", _("Manage units")),
    Permission("core:role:manage", _("Manage roles and grants")),
    Permission("core:session:manage", _("See and end sessions")),
    Permission("core:log:view", _("Read the audit log and the login log")),
)
ROLES = (RoleDefault("admin", _("System administrator"), tuple(permission.name for permission in PERMISSIONS)),)
SETTINGS = (
    SettingSpec(
        "portal.three_officers",
        "false",
        "True separates system, security and audit administration (三员): nobody can hold two of them.",
        as_bool,
    ),
    SettingSpec(
        "portal.single_session",
        "false",
        "True ends a person's other sessions when they log in.",
        as_bool,
        title=_("One login per account at a time"),
    ),
    SettingSpec(
        "portal.unused_days",
        "90",
        f"Days without a login after which an account is closed, at most {UNUSED_MAX}; 0: never.",
        as_unused_days,
        title=_("Days after which an unused account is closed"),
    ),
)
NOTIFICATION_TYPES = (
    NotificationType(CODE, _("${count} unused accounts were closed"), _("Not used for ${days} days: ${names}")),
)
JOBS = (Job("core.unused_accounts", _("Close accounts that nobody uses"), dt.timedelta(days=1), close_unused),)
HEALTH_CHECKS = (HealthCheck("core.officers", administrators_separated, vital=False, with_portal=True),)
