"""What the working calendar declares, in the form in which plugins do."""

PERMISSIONS: tuple = ()
ROLES: tuple = ()
SETTINGS: tuple = ()
NOTIFICATION_TYPES: tuple = ()
JOBS: tuple = ()
HEALTH_CHECKS: tuple = ()
FLOWS: tuple = ()
EVALUATION_FORMS: tuple = ()
