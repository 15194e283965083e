"""Plans in the database: which one a case follows, and new versions by administrators."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Grant, PermissionRow, Role
from portal_core.audit.services import AuditService
from portal_core.errors import Invalid, NotFound, Stale
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, TaskSpec
from portal_core.inbox.models import ApprovalPlan, Case, CasePlan, Task
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.rules import role_permission
from portal_core.services import Services


class PlanService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    # -- reading ---------------------------------------------------------------------------------------------------

    def steps(self) -> list[tuple[Flow, TaskSpec]]:
        """Every step that administrators may configure, in the order of the plugins."""
        flows = self.services.portal.flows.values()
        return [(flow, spec) for flow in flows for spec in flow.task_specs.values() if spec.configurable]

    def step(self, kind: str, step: str) -> tuple[Flow, TaskSpec]:
        """The flow and task of one of ``steps``. Raises NotFound."""
        found = next(((flow, spec) for flow, spec in self.steps() if (flow.kind, spec.step) == (kind, step)), None)
        if found is None:
            raise NotFound()
        return found

    def in_force(self, kind: str, step: str) -> s.Plan:
        """The plan by which new cases are approved."""
        row = self.session.scalar(_newest(kind, step).limit(1))
        return _plan(row)

    def versions(self, kind: str, step: str) -> list[ApprovalPlan]:
        """All versions, newest first."""
        return list(self.session.scalars(_newest(kind, step)))

    def all_in_force(self) -> dict[tuple[str, str], ApprovalPlan]:
        """The plans in force by kind and step, in one statement; steps without one are missing."""
        newest = sa.select(sa.func.max(ApprovalPlan.id)).group_by(ApprovalPlan.kind, ApprovalPlan.step)
        rows = self.session.scalars(sa.select(ApprovalPlan).where(ApprovalPlan.id.in_(newest)))
        return {(row.kind, row.step): row for row in rows}

    def get(self, plan_id: int | None) -> s.Plan:
        """The plan with this id, or the flow's own rule for None."""
        return s.OWN_RULE if plan_id is None else _plan(self.session.get_one(ApprovalPlan, plan_id))

    def of_case(self, case: Case, step: str, tasks: Sequence[Task]) -> s.Plan:
        """The plan that ``case`` follows in ``step``: the one in force when it comes to the step for the first time.

        ``tasks``: all tasks of the case so far. One statement, because every submission asks.
        """
        earlier = [task for task in tasks if task.step == step]
        if earlier:
            return self.get(earlier[-1].plan_id)
        fixed = sa.and_(CasePlan.plan_id == ApprovalPlan.id, CasePlan.case_id == case.id, CasePlan.step == step)
        query = (
            sa.select(ApprovalPlan, CasePlan.case_id)
            .outerjoin(CasePlan, fixed)
            .where(ApprovalPlan.kind == case.kind, ApprovalPlan.step == step)
            .order_by(CasePlan.case_id.is_(None), ApprovalPlan.version.desc())
        )
        row = self.session.execute(query.limit(1)).first()
        if row is None:
            return s.OWN_RULE
        plan, followed = row
        if followed is None:
            self.session.add(CasePlan(case_id=case.id, step=step, plan_id=plan.id))
        return _plan(plan)

    # -- writing ---------------------------------------------------------------------------------------------------

    def save(self, actor: Identity, kind: str, step: str, plan: s.Plan, seen: int) -> ApprovalPlan:
        """Make ``plan`` the newest version; cases that have come to the step keep theirs.

        ``seen``: the version that the actor looked at, 0 for none. Raises NotFound for an unknown step, Invalid without stages or
        with too many, and Stale when somebody else saved meanwhile.
        """
        self.step(kind, step)
        if not plan.stages or len(plan.stages) > s.STAGES_MAX:
            raise Invalid(_("Between 1 and ${max} stages are needed.", mapping={"max": s.STAGES_MAX}))
        before = self.session.scalar(_newest(kind, step).limit(1))
        if (before.version if before else 0) != seen:
            raise _overtaken(before)
        for code in sorted({stage.role for stage in plan.stages if stage.rule == s.ROLE}):
            self._let_role_be_asked(code)
        row = ApprovalPlan(
            kind=kind,
            step=step,
            version=seen + 1,
            stages=[s.to_data(stage) for stage in plan.stages],
            once=plan.once,
            created=self.services.clock.now(),
            created_by_id=actor.user_id,
        )
        try:
            with self.session.begin_nested():
                self.session.add(row)
        except sa.exc.IntegrityError:
            raise _overtaken(self.session.scalar(_newest(kind, step).limit(1))) from None
        detail = {"version": row.version, "stages": row.stages, "once": row.once}
        audit = self.services.get(AuditService)
        audit.record(actor, "core.approval_plan_saved", "core.approval_plan", f"{kind}/{step}", detail=detail)
        return row

    def _let_role_be_asked(self, code: str) -> None:
        """A task for a role is one for a permission that is granted to this role alone, so that inboxes find it by their index.

        A grant and not a part of what the role carries, because that is set as a whole by whoever edits the role.
        """
        role = self.session.scalar(sa.select(Role).where(Role.code == code))
        if role is None:
            raise NotFound()
        name = role_permission(code)
        if self.session.get(PermissionRow, name) is None:
            title = _("Approve as ${role}", mapping={"role": role.title})
            self.session.add(PermissionRow(name=name, title=self.services.portal.default_text(title)[:120]))
            self.session.flush()
        if self.session.scalar(sa.select(Grant.id).where(Grant.permission == name, Grant.role_id == role.id)) is None:
            self.session.add(Grant(permission=name, role_id=role.id))
            self.session.flush()


def _newest(kind, step):
    query = sa.select(ApprovalPlan).where(ApprovalPlan.kind == kind, ApprovalPlan.step == step)
    return query.options(joinedload(ApprovalPlan.created_by)).order_by(ApprovalPlan.version.desc())


def _plan(row: ApprovalPlan | None) -> s.Plan:
    if row is None:
        return s.OWN_RULE
    return s.Plan(tuple(s.from_data(data) for data in row.stages), row.once, row.id)


def _overtaken(row):
    name = row.created_by.name if row and row.created_by else None
    message = _("${name} has saved another version meanwhile; please look again.", mapping={"name": name or ""})
    return Stale(message, name, row.created if row else None)
