"""Tables of the tests for approval plans, batch approval and the case sheet; see tests.parts."""

from portal_core.inbox.models import ApprovalPlan, CasePlan
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.services import PlanService
from tests.tables import USERS, Form, Page

WRITTEN = (ApprovalPlan, CasePlan)
ADMIN = ("admin",)
STEP = "/admin/approvals/meetings.booking/review_change"

PAGES = {
    "GET approvals": ("/admin/approvals", ADMIN),
    "GET approvals.step": (STEP, ADMIN),
    "POST approvals.step": (STEP, ADMIN),
    "POST inbox.batch": ("/inbox/batch", USERS),
    "GET case.sheet": ("/cases/{cases[pending]}/sheet", ("staff", "meetings-admin", "keeper", "leader", "admin")),
}

BROWSER = (
    Page("approvals", "admin", "/admin/approvals"),
    Page("approval-step", "admin", "/admin/approvals/meetings.booking/review"),
    Page("approval-step-set", "admin", STEP),
    Page("case-sheet", "meetings-admin", "/cases/{to_review}/sheet"),
)


def places(services, found):
    """Changes of bookings go through three stages in the demo."""
    from portal_core.accounts.rights import RightsService
    from portal_core.accounts.services import AccountService

    accounts = services.get(AccountService)
    admin = services.get(RightsService).identity_of(accounts.get("admin").id)
    stages = (
        s.Stage("部门负责人", s.LEADER, due_hours=4, own=s.PASSED_UP),
        s.Stage("会务组", s.USER, users=(accounts.get("staff2").id, accounts.get("leader").id), mode=s.EVERY),
        s.Stage("", s.ROLE, role="meetings-admin"),
    )
    services.get(PlanService).save(admin, "meetings.booking", "review_change", s.Plan(stages, once=True), 0)


def _plan(scene):
    with scene.services() as services:
        versions = services.get(PlanService).versions("meetings.booking", "review_change")
        seen = versions[0].version if versions else 0
    first = {"title": "部门负责人", "rule": "user", "users": "leader staff2", "role": "", "field": "", "due_hours": "4"}
    second = {"title": "", "rule": "default", "users": "", "role": "", "field": "", "due_hours": ""}
    rows = {f"stages-{n}-{name}": text for n, row in enumerate((first, second)) for name, text in row.items()}
    choices = {f"stages-{n}-{name}": text for n in (0, 1) for name, text in (("mode", "all"), ("own", "forbidden"))}
    return STEP, rows | choices | {"version": str(seen), "once": "y", "applicant": "staff", "_save": "1"}


def _batch(scene):
    from tests.forms import new_case
    from tests.parts.inbox_acts import task_of

    number, version = new_case(scene)
    return "/inbox/batch", {"chosen": f"{task_of(scene, number)}:{version}", "opinion": "同意"}


FORMS = {
    "approval plan": Form("admin", _plan),
    "batch approval": Form("meetings-admin", _batch, 200),
}
