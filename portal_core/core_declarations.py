"""What the core itself declares, in the same form as a plugin."""

import datetime as dt

from portal_core.accounts.jobs import end_expired
from portal_core.declarations import Assets, HealthCheck, Job, Migrations, Permission, RoleDefault
from portal_core.health import database_answers
from portal_core.i18n import _

PERMISSIONS = (
    Permission("core:admin:view", _("Open system management")),
    Permission("core:case:view_all", _("Read every case")),
)

ROLES = [
    RoleDefault("admin", _("System administrator"), ("core:admin:view", "core:case:view_all")),
    RoleDefault("clerk", _("Clerk of a unit"), ()),
    RoleDefault("leader", _("Leader"), ("core:case:view_all",)),
]

MIGRATIONS = Migrations("core", "portal_core:migrations")
ASSETS = Assets("core", "portal_core:static/dist")

JOBS = (Job("core.expire", _("End expired sessions and captchas"), dt.timedelta(minutes=10), end_expired),)

HEALTH_CHECKS = (HealthCheck("core.database", database_answers),)
