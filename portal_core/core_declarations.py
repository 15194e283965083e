"""What the core itself declares, in the same form as a plugin: its own few things and what each feature's ``declared`` lists."""

import datetime as dt
from itertools import chain

from portal_core.accounts import declared as accounts
from portal_core.accounts.jobs import end_expired
from portal_core.accounts.officers import officer_roles
from portal_core.audit import declared as audit
from portal_core.calendar import declared as calendar
from portal_core.content import declared as content
from portal_core.declarations import Assets, HealthCheck, Job, Migrations, Permission, RoleDefault
from portal_core.evaluations import declared as evaluations
from portal_core.files import declared as files
from portal_core.health import database_answers
from portal_core.i18n import _
from portal_core.inbox import declared as inbox
from portal_core.jobs import declared as jobs
from portal_core.modules import declared as modules
from portal_core.notifications import declared as notifications
from portal_core.places import declared as places
from portal_core.search import declared as search
from portal_core.security import declared as security
from portal_core.settings import CORE_SETTINGS
from portal_core.statistics import declared as statistics

# A role may be named by several features: each adds the permissions that it brings.
FEATURES = (
    *(accounts, inbox, notifications, calendar, jobs, evaluations, files, audit, security),
    *(statistics, places, content, modules, search),
)


def _all(name):
    return tuple(chain.from_iterable(getattr(feature, name, ()) for feature in FEATURES))


PERMISSIONS = (
    Permission("core:admin:view", _("Open system management")),
    Permission("core:case:view_all", _("Read every case"), reaches=True),
    *_all("PERMISSIONS"),
)

ROLES = [
    RoleDefault("admin", _("System administrator"), ("core:admin:view", "core:case:view_all")),
    RoleDefault("clerk", _("Clerk of a unit"), ()),
    RoleDefault("leader", _("Leader"), ("core:case:view_all",)),
    *_all("ROLES"),
]
ROLES += officer_roles(ROLES)

MIGRATIONS = Migrations("core", "portal_core:migrations")
ASSETS = Assets("core", "portal_core:static/dist")

SETTINGS = (*CORE_SETTINGS, *_all("SETTINGS"))
NOTIFICATION_TYPES = _all("NOTIFICATION_TYPES")
CHANNELS = notifications.CHANNELS
FLOWS = _all("FLOWS")
EVALUATION_FORMS = _all("EVALUATION_FORMS")

JOBS = (
    Job("core.expire", _("End expired sessions and captchas"), dt.timedelta(minutes=10), end_expired),
    *_all("JOBS"),
)

# Most features keep no files.
FILE_OWNERS = _all("FILE_OWNERS")

HEALTH_CHECKS = (HealthCheck("core.database", database_answers), *_all("HEALTH_CHECKS"))
