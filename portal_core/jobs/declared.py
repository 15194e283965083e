"""What background work declares, in the form in which plugins do."""

import datetime as dt

from portal_core.declarations import HealthCheck, Job, Permission, RoleDefault, SettingSpec
from portal_core.i18n import _
from portal_core.jobs.ledger import forget_done, none_dead
from portal_core.jobs.services import MANAGE
from portal_core.settings import as_count


def as_seconds(text):
    """A number of seconds above 0, parts allowed."""
    number = float(text)
    if not 0 < number <= 3600:
        raise ValueError(f"{text!r} is not between 0 and 3600 seconds")
    return number


PERMISSIONS: tuple = (Permission(MANAGE, _("Watch background jobs, run dead ones again")),)
ROLES: tuple = (RoleDefault("admin", _("System administrator"), (MANAGE,)),)
SETTINGS: tuple = (
    SettingSpec(
        "portal.job_lease_seconds",
        "15",
        "Seconds after which the work of a worker that gives no sign of life is done again by another.",
        as_seconds,
    ),
    SettingSpec("portal.job_retry_seconds", "10", "Seconds before failed work is tried again; doubles each time.", as_seconds),
    SettingSpec(
        "portal.job_poll_seconds",
        "1",
        "Seconds between looks for queued work; on PostgreSQL only for work planned for later, the rest comes by NOTIFY.",
        as_seconds,
    ),
    SettingSpec("portal.job_threads", "2", "Queued jobs that one worker does side by side, on PostgreSQL.", as_count),
)
JOBS: tuple = (Job("core.forget_work", _("Forget finished background work"), dt.timedelta(days=1), forget_done),)
HEALTH_CHECKS: tuple = (HealthCheck("core.queue", none_dead, vital=False),)
