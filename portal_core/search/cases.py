"""Which cases a person may see, as a condition in SQL: the same rule as ``CaseService.may_view``, for many rows at once."""

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.accounts.reach import within
from portal_core.inbox.models import Case, CaseEvent, Task
from portal_core.services import Services


def visible_cases(services: Services, identity: Identity) -> sa.ColumnElement[bool]:
    """Applicant, handler, readers by their data scope, whoever has or had a task, has acted, or whom the plugin admits.

    What a flow's handler admits beyond that is its ``visible(services, identity)``; the rest of the rule is the core's.
    """
    me = identity.user_id
    owners = (Case.applicant_id, Case.handler_id)
    ways = [
        *(owner == me for owner in owners),
        within(identity, "core:case:view_all", Case.department_id, owners),
        sa.exists().where(Task.case_id == Case.id, _concerns(identity)),
        sa.exists().where(CaseEvent.case_id == Case.id, CaseEvent.actor_id == me),
    ]
    for kind, flow in services.portal.flows.items():
        condition = flow.handler.visible(services, identity)
        if condition is not None:
            ways.append(sa.and_(Case.kind == kind, condition))
    return sa.or_(*ways)


def _concerns(identity):
    """A task that is or was the person's own, or theirs to take, also in the place of somebody who is away."""
    me = identity.user_id
    ways = [Task.assignee_id == me, Task.owner_id == me, sa.and_(Task.assignee_id.is_(None), _pool(identity))]
    for stand_in in identity.stand_ins:
        absent = stand_in.identity
        theirs = sa.or_(Task.assignee_id == absent.user_id, sa.and_(Task.assignee_id.is_(None), _pool(absent)))
        covered = [Case.kind.startswith(f"{module}.") for module in sorted(stand_in.modules)]
        ways.append(sa.and_(Task.kind == "act", theirs, sa.or_(*covered) if covered else sa.true()))
    return sa.or_(*ways)


def _pool(identity):
    pools = [f"{permission} {scope}" for permission, scopes in identity.scoped.items() for scope in scopes]
    return sa.or_(Task.permission.in_(sorted(identity.permissions)), Task.pool.in_(sorted(pools)))
