"""Tables of the tests for the audit log and the second factor; see ``tests.parts``."""

import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.audit.services import AuditService
from portal_core.security.models import RecoveryCode, SecondFactor
from tests.tables import ALL, USERS, Page

# Every refused try to log in is a line of the audit log, so its rows are no sign that something was left half-written.
WRITTEN = (SecondFactor, RecoveryCode)

PAGES = {
    "GET core.audit": ("/admin/audit", ("admin",)),
    "GET core.audit.entry": ("/admin/audit/{more[audit_entry]}", ("admin",)),
    "GET core.audit.export": ("/admin/audit/export?person=nobody", ("admin",)),
    "GET login.code": ("/login/code", USERS),
    "POST login.code": ("/login/code", ALL),
    # Second factors are not in use in the scene; tests/security/test_05_second_factor.py switches them on.
    "GET account.factor": ("/account/second-factor", ()),
    "POST account.factor.offer": ("/account/second-factor/offer", ()),
    "POST account.factor.confirm": ("/account/second-factor/confirm", ()),
    "POST account.factor.renew": ("/account/second-factor/recovery-codes", ()),
}
BROWSER = (
    Page("audit", "admin", "/admin/audit"),
    Page("audit-refused", "admin", "/admin/audit?failed=1&person=nobody"),
    Page("audit-entry", "admin", "/admin/audit/{audit_entry}"),
)


def furnish(scene):
    """A line of the audit log."""
    with scene.services() as services:
        scene.more["audit_entry"] = _changed_room(services, scene.people["admin"].identity)


def places(services, found):
    """A line with changed fields for the browser."""
    from portal_core.accounts.services import AccountService, RightsService

    admin = services.get(RightsService).identity_of(services.get(AccountService).get("admin").id)
    found["audit_entry"] = _changed_room(services, admin)


def _changed_room(services, admin):
    before = {"name": "第 1 会议室", "phone": "8800 1234", "buffer_after": 15, "equipment": ["投影"]}
    after = before | {"phone": "8800 4321", "buffer_after": 30, "equipment": ["投影", "话筒"]}
    services.get(AuditService).record_change(admin, "meetings.room", 1, before, after, "10.2.3.4")
    services.session.flush()
    return services.session.scalar(sa.select(sa.func.max(AuditEntry.id)))
