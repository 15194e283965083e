"""What the inbox declares, in the form in which plugins do."""

from portal_core.declarations import Job, NotificationType, Permission, RoleDefault
from portal_core.i18n import _
from portal_core.inbox.escalation import EVERY, escalate

PERMISSIONS: tuple = (
    Permission("core:delegation:manage", _("Set delegations for others")),
    Permission("core:approval:manage", _("Set the steps of approvals")),
)
ROLES: tuple = (RoleDefault("admin", _("System administrator"), ("core:delegation:manage", "core:approval:manage")),)
NOTIFICATION_TYPES: tuple = (
    NotificationType("core.todo", _("To do: ${title}"), _("${verb}, case ${number}."), todo=True),
    NotificationType(
        "core.transferred", _("Handed over to you: ${title}"), _("${actor} handed it over: ${verb}. ${opinion}"), todo=True
    ),
    NotificationType(
        "core.sign_asked", _("Your signature is asked for: ${title}"), _("${actor} asks your opinion. ${opinion}"), todo=True
    ),
    NotificationType(
        "core.signed", _("All signatures are there: ${title}"), _("${actor} was the last. Awaiting you: ${verb}."), todo=True
    ),
    NotificationType("core.cc", _("A copy for you: ${title}"), _("${actor} sent you a copy. ${opinion}")),
    NotificationType("core.urged", _("Urged: ${title}"), _("${actor} asks you to act, time ${count}."), todo=True),
    NotificationType("core.overdue", _("Overdue: ${title}"), _("${verb}, reminder ${count} of ${max}."), todo=True),
    NotificationType(
        "core.overdue_copy", _("Overdue in your unit: ${title}"), _("${verb} by ${names}: three reminders were sent.")
    ),
    NotificationType("core.delegated", _("Delegation: ${to} stands in for ${from}"), _("${period}")),
    NotificationType("core.delegation_ended", _("Delegation ended: ${to} no longer stands in for ${from}"), _("${period}")),
)
JOBS: tuple = (Job("core.escalate", _("Remind of overdue to-dos and tell supervisors"), EVERY, escalate),)
