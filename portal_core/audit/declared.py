"""What the audit trail declares, in the form in which plugins do."""

import datetime as dt

from portal_core.audit import checks
from portal_core.declarations import HealthCheck, Job, NotificationType
from portal_core.i18n import _

# Who may read it, ``core:log:view``, is declared with the login log.
NOTIFICATION_TYPES = (
    NotificationType(
        checks.BROKEN,
        _("${chain}: the chain is broken"),
        _(
            "Records were changed, removed or put in behind the portal's back: ${found}. Keep the database as it is and look into it."  # noqa: E501
        ),
    ),
)
JOBS = (
    Job("core.audit_seal", _("Seal the audit log"), dt.timedelta(hours=1), checks.seal_entries),
    Job("core.chain_check", _("Check the chains of the audit log and of cases"), dt.timedelta(days=1), checks.check_chains),
)
HEALTH_CHECKS = (
    HealthCheck("core.chains", checks.chains_hold, vital=False),
    HealthCheck("core.seals", checks.entries_are_sealed, vital=False, thorough=True, with_portal=True),
)
