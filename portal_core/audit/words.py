"""What the codes of the audit log are called for people: the core's own, and what plugins give by ``portal_audit_words``."""

from portal_core.declarations import AuditWords
from portal_core.i18n import _

PEOPLE = {
    "core.login": _("Logged in"),
    "core.login_refused": _("Login refused"),
    "core.logout": _("Logged out"),
    "core.session_ended": _("Ended a login"),
    "core.sessions_ended": _("Ended all logins"),
    "core.password_changed": _("Changed the own password"),
    "core.password_reset": _("Reset a password"),
    "core.profile_changed": _("Changed the own profile"),
    "core.user_created": _("Made an account"),
    "core.user_changed": _("Changed an account"),
    "core.user_deactivated": _("Closed an account"),
    "core.user_reactivated": _("Opened an account again"),
    "core.user_unlocked": _("Unlocked an account"),
    "core.initial_passwords": _("Fetched initial passwords"),
    "core.handed_over": _("Handed open tasks over"),
    "core.second_factor_enrolled": _("Set up the second factor"),
    "core.second_factor_removed": _("Removed a second factor"),
    "core.recovery_codes_renewed": _("Made new recovery codes"),
    "core.sensitive_viewed": _("Viewed a masked number"),
}
RIGHTS = {
    "core.role_created": _("Made a role"),
    "core.role_changed": _("Changed a role"),
    "core.role_assigned": _("Gave a role"),
    "core.role_unassigned": _("Took a role away"),
    "core.grant_revoked": _("Took back a right"),
    "core.department_created": _("Made a unit"),
    "core.department_changed": _("Changed a unit"),
    "core.department_deactivated": _("Closed a unit"),
    "core.department_reactivated": _("Opened a unit again"),
    "core.delegation_created": _("Made a delegation"),
    "core.delegation_ended": _("Ended a delegation"),
    "core.approval_plan_saved": _("Changed an approval plan"),
}
CONTENT = {
    "core.announcement_saved": _("Changed an announcement"),
    "core.announcement_withdrawn": _("Withdrew an announcement"),
    "core.help_saved": _("Changed a help page"),
    "core.place_saved": _("Changed a place"),
    "core.place_on": _("Took a place into use"),
    "core.place_off": _("Took a place out of use"),
    "core.dictionary_changed": _("Changed a dictionary"),
    "core.exported": _("Exported a list"),
    "calendar.override": _("Changed a day of the calendar"),
    "calendar.restore": _("Took back a day of the calendar"),
    "calendar.hours": _("Changed the office hours"),
}
OPERATION = {
    "core.parameter_changed": _("Changed a parameter"),
    "core.module_on": _("Switched a module on"),
    "core.module_off": _("Switched a module off"),
    "core.delivery_resend": _("Sent a message again"),
    "core.delivery_insite": _("Left a message to the portal"),
    "core.delivery_ignore": _("Put a failed message aside"),
    "job.again": _("Started background work again"),
    "job.drop": _("Gave background work up"),
    "core.channel_paused": _("Paused a channel"),
    "core.channel_resumed": _("Resumed a channel"),
    "core.files_compared": _("Compared the files with their rows"),
    "core.audit_exported": _("Exported the audit log"),
    "core.audit_archived": _("Archived the audit log"),
}
OBJECTS = {
    "core.user": _("Account"),
    "core.user_import": _("Import of accounts"),
    "core.role": _("Role"),
    "core.grant": _("Right"),
    "core.department": _("Unit"),
    "core.case": _("Case"),
    "core.approval_plan": _("Approval plan"),
    "core.announcement": _("Announcement"),
    "core.help": _("Help"),
    "core.dataset": _("Statistics"),
    "core.place": _("Place"),
    "core.dictionary": _("Dictionary"),
    "core.calendar": _("Working calendar"),
    "core.calendar_day": _("Working calendar"),
    "core.delegation": _("Delegation"),
    "core.parameter": _("Parameter"),
    "core.module": _("Module"),
    "core.channel": _("Channel"),
    "core.delivery": _("Delivery"),
    "core.work": _("Background work"),
    "core.file_store": _("File store"),
    "core.audit": _("Audit log"),
}
CORE = AuditWords(PEOPLE | RIGHTS | CONTENT | OPERATION, OBJECTS)


def merged(all_words) -> AuditWords:
    """Several parts as one; a later part does not replace what an earlier one says."""
    actions, objects, fields = {}, {}, {}
    for words in all_words:
        actions = {**words.actions, **actions}
        objects = {**words.objects, **objects}
        fields = {**words.fields, **fields}
    return AuditWords(actions, objects, fields)
