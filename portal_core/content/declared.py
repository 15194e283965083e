"""What announcements, help and questions declare, in the form in which plugins do."""

from portal_core.content.announcements import MANAGE as ANNOUNCE
from portal_core.content.help import MANAGE as WRITE_HELP
from portal_core.declarations import Permission, RoleDefault
from portal_core.i18n import _

PERMISSIONS = (
    Permission(ANNOUNCE, _("Write announcements")),
    Permission(WRITE_HELP, _("Write help pages")),
)
ROLES = (RoleDefault("admin", _("System administrator"), (ANNOUNCE, WRITE_HELP)),)
SETTINGS: tuple = ()
NOTIFICATION_TYPES: tuple = ()
JOBS: tuple = ()
HEALTH_CHECKS: tuple = ()
FLOWS: tuple = ()
EVALUATION_FORMS: tuple = ()
