"""What the codes of the audit log are called for people: the core's own, and what plugins give by ``portal_audit_words``."""

from portal_core.declarations import AuditWords
from portal_core.i18n import _

CORE = AuditWords(
    actions={
        "core.login": _("Logged in"),
        "core.login_refused": _("Login refused"),
        "core.logout": _("Logged out"),
        "core.password_changed": _("Changed the own password"),
        "core.password_reset": _("Reset a password"),
        "core.user_created": _("Made an account"),
        "core.user_changed": _("Changed an account"),
        "core.user_deactivated": _("Closed an account"),
        "core.user_reactivated": _("Opened an account again"),
        "core.user_unlocked": _("Unlocked an account"),
        "core.second_factor_enrolled": _("Set up the second factor"),
        "core.second_factor_removed": _("Removed a second factor"),
        "core.recovery_codes_renewed": _("Made new recovery codes"),
        "core.sensitive_viewed": _("Viewed a masked number"),
        "core.audit_exported": _("Exported the audit log"),
        "core.audit_archived": _("Archived the audit log"),
    },
    objects={
        "core.user": _("Account"),
        "core.case": _("Case"),
        "core.audit": _("Audit log"),
        "core.module": _("Module"),
    },
)


def merged(all_words) -> AuditWords:
    """Several parts as one; a later part does not replace what an earlier one says."""
    actions, objects, fields = {}, {}, {}
    for words in all_words:
        actions = {**words.actions, **actions}
        objects = {**words.objects, **objects}
        fields = {**words.fields, **fields}
    return AuditWords(actions, objects, fields)
