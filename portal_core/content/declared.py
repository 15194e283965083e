"""What announcements, help and questions declare, in the form in which plugins do."""

from portal_core.content import models as models  # noqa: PLC0414 - the tables are known from here on

PERMISSIONS: tuple = ()
ROLES: tuple = ()
SETTINGS: tuple = ()
NOTIFICATION_TYPES: tuple = ()
JOBS: tuple = ()
HEALTH_CHECKS: tuple = ()
FLOWS: tuple = ()
EVALUATION_FORMS: tuple = ()
