"""Pages of 系统管理 for people and rights."""

from portal_core.accounts.guard import DEPARTMENTS, LOGS, ROLES, SESSIONS, USERS
from portal_core.admin.menu import AUDIT, PEOPLE
from portal_core.i18n import _

PAGES = (
    ("users", _("Users"), "/admin/users", USERS, PEOPLE, 10, _("Accounts, passwords, units and roles of a person; import")),
    ("departments", _("Manage units"), "/admin/departments", DEPARTMENTS, PEOPLE, 20, _("The tree of units and their heads")),
    ("roles", _("Roles and grants"), "/admin/roles", ROLES, PEOPLE, 30, _("What a role may do, who holds it, direct grants")),
    ("sessions", _("Sessions"), "/admin/sessions", SESSIONS, PEOPLE, 40, _("Who is logged in, and ending it")),
    ("logins", _("Login log"), "/admin/logins", LOGS, AUDIT, 10, _("Every login and every failure")),
)


def includeme(config):
    """Routes, views and menu entries."""
    for key, title, url, permission, group, order, note in PAGES:
        config.add_admin_page(key, title, url, permission=permission, group=group, order=order, note=note)
    # An address is given to the first route that fits, so "import" comes before the id of a user.
    for module in ("imports", "users", "departments", "roles", "sessions"):
        config.include(f".{module}")
