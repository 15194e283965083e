"""What files declare, in the form in which plugins do."""

import datetime as dt

from portal_core.declarations import Job, Permission, RoleDefault, SettingSpec
from portal_core.files.collector import collect
from portal_core.files.store import as_place
from portal_core.i18n import _

MANAGE = "core:file:manage"

PERMISSIONS = (Permission(MANAGE, _("See the stored files and their store")),)
ROLES = (RoleDefault("admin", _("System administrator"), (MANAGE,)),)
SETTINGS = (
    SettingSpec(
        "portal.file_store",
        "folder",
        "Where uploads are kept: folder (in the data folder) or s3://bucket/prefix, which several web hosts can share.",
        as_place,
    ),
    SettingSpec("portal.file_store_endpoint", "", "URL of the S3-compatible server; empty: Amazon's.", str),
    SettingSpec("portal.file_store_region", "", "Region that requests to the store are signed for.", str),
    SettingSpec("portal.file_store_key", "", "Access key of the store.", str, "PORTAL_FILE_STORE_KEY"),
    SettingSpec("portal.file_store_secret", "", "Secret key of the store.", str, "PORTAL_FILE_STORE_SECRET"),
)
JOBS = (Job("core.files", _("Remove files that nobody needs, and look for lost ones"), dt.timedelta(days=1), collect),)
