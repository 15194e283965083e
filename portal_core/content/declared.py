"""What announcements, help and questions declare, in the form in which plugins do."""

import sqlalchemy as sa

from portal_core.content.announcements import MANAGE as ANNOUNCE
from portal_core.content.announcements import OWNER
from portal_core.content.help import MANAGE as WRITE_HELP
from portal_core.content.models import AnnouncementFile
from portal_core.declarations import FileOwner, Permission, RoleDefault
from portal_core.i18n import _

PERMISSIONS = (
    Permission(ANNOUNCE, _("Write announcements")),
    Permission(WRITE_HELP, _("Write help pages")),
)
ROLES = (RoleDefault("admin", _("System administrator"), (ANNOUNCE, WRITE_HELP)),)
FILE_OWNERS = (FileOwner(OWNER, _("Attachments of announcements"), lambda: sa.select(AnnouncementFile.file_id)),)
