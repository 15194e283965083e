"""What the working calendar declares, in the form in which plugins do."""

from portal_core.declarations import Permission, RoleDefault
from portal_core.i18n import _

MANAGE = "core:calendar:manage"

PERMISSIONS: tuple = (Permission(MANAGE, _("Change the working calendar and office hours")),)
ROLES: tuple = (RoleDefault("admin", _("System administrator"), (MANAGE,)),)
