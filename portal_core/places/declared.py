"""What places and dictionaries declare, in the form in which plugins do."""

import sqlalchemy as sa

from portal_core.declarations import FileOwner, Permission, RoleDefault
from portal_core.i18n import _
from portal_core.places.models import Place

MANAGE_PLACES, MANAGE_DICTIONARIES = "core:place:manage", "core:dictionary:manage"

PERMISSIONS = (
    Permission(MANAGE_PLACES, _("Manage places")),
    Permission(MANAGE_DICTIONARIES, _("Change dictionaries")),
)
ROLES = (RoleDefault("admin", _("System administrator"), (MANAGE_PLACES, MANAGE_DICTIONARIES)),)
FILE_OWNERS = (FileOwner("core.place", _("Floor plans"), lambda: sa.select(Place.plan_id)),)
