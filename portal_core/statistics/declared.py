"""What statistics declare, in the form in which plugins do."""

import datetime as dt

from portal_core.declarations import FileOwner, Job, Permission, QueuedJob, RoleDefault
from portal_core.i18n import _
from portal_core.statistics.cases import CASES, VIEW
from portal_core.statistics.exports import EXPORT, OWNER, prepare_export, remove_old, store_export
from portal_core.statistics.handling import measure_closed

PERMISSIONS: tuple = (Permission(VIEW, _("See statistics of all cases"), reaches=True),)
ROLES: tuple = (
    RoleDefault("admin", _("System administrator"), (VIEW,)),
    RoleDefault("leader", _("Leader"), (VIEW,)),
)
JOBS: tuple = (
    Job("core.handling", _("Measure how long closed cases took"), dt.timedelta(minutes=1), measure_closed),
    Job("core.exports", _("Remove exported lists after a day"), dt.timedelta(hours=1), remove_old),
    QueuedJob(EXPORT, _("Export a list of the statistics"), store_export, prepare_export, attempts=3),
)
DATASETS: tuple = (CASES,)
# The job above removes them.
FILE_OWNERS = (FileOwner(OWNER, _("Exported lists")),)
