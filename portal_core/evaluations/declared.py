"""What evaluations declare, in the form in which plugins do."""

import datetime as dt

import sqlalchemy as sa

from portal_core.declarations import FileOwner, Job, NotificationType, Permission, RoleDefault
from portal_core.evaluations.follow_up_flow import FLOW, HANDLE
from portal_core.evaluations.models import FollowUpRow
from portal_core.evaluations.reminders import close_overdue, remind
from portal_core.i18n import _

VIEW_RESULTS = "core:evaluation:view_results"

PERMISSIONS = (
    Permission(VIEW_RESULTS, _("See the results of evaluations"), reaches=True),
    Permission(HANDLE, _("Answer follow-ups of ratings")),
)
ROLES = (
    RoleDefault("admin", _("System administrator"), (VIEW_RESULTS, HANDLE)),
    RoleDefault("leader", _("Leader"), (VIEW_RESULTS,)),
)
NOTIFICATION_TYPES = (
    NotificationType("core.followup_answered", _("Your rating was answered: ${title}"), _("${actor}: ${opinion}")),
    NotificationType("core.rating_reminder", _("Please rate: ${title}"), _("${form}, possible until ${until}")),
)
JOBS = (
    Job("core.rating_reminders", _("Remind people of what they have not rated"), dt.timedelta(hours=1), remind),
    Job("core.ratings_close", _("Close ratings and follow-ups whose time is over"), dt.timedelta(minutes=10), close_overdue),
)
FLOWS = (FLOW,)
FILE_OWNERS = (FileOwner("core.evaluation", _("Photos of follow-ups"), lambda: sa.select(FollowUpRow.photo_id)),)
