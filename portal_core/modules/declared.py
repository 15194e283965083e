"""What switching modules on and off declares, in the form in which plugins do."""

from portal_core.declarations import Permission, RoleDefault
from portal_core.i18n import _

PERMISSIONS = (
    Permission("core:module:manage", _("Switch modules on and off")),
    Permission("core:parameter:manage", _("Change parameters")),
)
ROLES = (RoleDefault("admin", _("System administrator"), ("core:module:manage", "core:parameter:manage")),)
