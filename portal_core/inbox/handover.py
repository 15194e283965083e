"""Handing over everything that is open with a person who leaves (离岗交接)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.audit.services import AuditService
from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.inbox.acting import HAND_OVER, LIVE, Acting
from portal_core.inbox.delegations import DelegationService
from portal_core.inbox.models import ACT, OPEN, Case, Delegation, Task
from portal_core.inbox.persons import PersonService
from portal_core.services import Services

# How many cases without a candidate are named.
ORPHANS_NAMED = 50


@dataclass(frozen=True)
class OpenItem:
    """A task that is with the person. ``blocked`` says why ``hand_over`` leaves it out, empty when it does not."""

    task: Task
    case: Case
    blocked: Any = ""


@dataclass(frozen=True)
class OpenItems:
    """What is open with a person.

    ``tasks`` are assigned to them. ``orphans`` are open tasks of pools that nobody else could take, at most ``ORPHANS_NAMED``.
    ``delegations`` counts those from and to them that are not over.
    """

    tasks: tuple[OpenItem, ...]
    orphans: tuple[OpenItem, ...]
    delegations: int

    @property
    def nothing(self) -> bool:
        """Can the person leave without anything being handed over?"""
        return not self.tasks and not self.orphans


class HandoverService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.acting = services.get(Acting)

    def person(self, user_id: int) -> User | None:
        """The account with this id, active or not, or None."""
        return self.session.get(User, user_id)

    def open_items(self, user: User, to: User | None = None) -> OpenItems:
        """What is open with ``user``; with ``to`` also what could not be given to that person."""
        query = self._tasks(Task.assignee_id == user.id, Task.status.in_(LIVE))
        tasks = tuple(OpenItem(task, task.case, self._blocked(task, to)) for task in self.session.scalars(query))
        return OpenItems(tasks, self._orphans(user), self._delegations(user))

    def hand_over(self, user: User, to: User, actor: Identity) -> OpenItems:
        """Give every task that is with ``user`` to ``to`` and end the delegations of ``user``; returns what is left.

        With what is awaited from ``user`` as an applicant (a correction, a rating), ``to`` becomes the case's handler (经办人).
        What is left are applications of ``to``, on which nobody decides themselves, and tasks of pools that nobody else could
        take: their permission must be given to somebody first. Raises Invalid for the field ``people``.
        """
        if to.id == user.id:
            raise Invalid(fields={"people": _("Please choose somebody else")})
        self.services.get(PersonService).chosen([to.id], 1)
        moved = [item for item in self.open_items(user, to).tasks if not item.blocked]
        # In the order of the cases, so that two administrators do not wait for each other in a circle.
        for item in moved:
            self._move(item, user, to, actor)
        self.services.get(DelegationService).end_all(user.id, actor)
        detail = {"to": to.login, "tasks": len(moved)}
        self.services.get(AuditService).record(actor, "core.handed_over", "core.user", user.id, detail=detail)
        return self.open_items(user, to)

    def _tasks(self, *conditions):
        query = sa.select(Task).options(joinedload(Task.case)).where(Task.kind == ACT, *conditions)
        return query.order_by(Task.case_id, Task.id)

    def _move(self, item, user, to, actor):
        case, task = item.case, item.task
        self.acting.advance(case)
        self.acting.take(case, task, assignee_id=to.id, owner_id=task.owner_id or user.id, first_seen=None)
        changes = [(_("Person in charge"), user.name, to.name)]
        if self._is_personal(task) and case.handler_id == user.id:
            case.handler_id = to.id
            changes.append((_("Filed by"), user.name, to.name))
        self.acting.note(case, actor, HAND_OVER, changes=changes)
        self.acting.tell("core.transferred", [to.id], case, actor, verb=task.verb, opinion="")

    def _blocked(self, task, to):
        if to is None or self._is_personal(task) or to.id not in (task.case.applicant_id, task.case.handler_id):
            return ""
        return _("This is the new person's own application")

    def _is_personal(self, task):
        """Is it awaited from the applicant? A module that is switched off cannot tell; then it is not."""
        flow = self.acting.cases.flow(task.case)
        spec = flow.task_specs.get(task.step) if flow else None
        return spec is not None and spec.to_applicant

    def _orphans(self, user):
        """Open tasks of pools whose only candidate is ``user``."""
        identity = self.services.get(RightsService).identity_of(user.id) if user.active else None
        pool = (Task.status == OPEN, Task.kind == ACT, Task.assignee_id.is_(None))
        pools = self.session.execute(sa.select(Task.permission, Task.scope).where(*pool).distinct()) if identity else ()
        alone = [f"{name} {scope}" for name, scope in pools if self._is_alone(identity, name, scope)]
        if not alone:
            return ()
        query = self._tasks(*pool, Task.pool.in_(alone)).limit(ORPHANS_NAMED)
        return tuple(OpenItem(task, task.case) for task in self.session.scalars(query))

    def _is_alone(self, identity, permission, scope):
        holders = self.services.get(RightsService).holders
        return identity.may(permission, scope) and holders(permission, scope) <= {identity.user_id}

    def _delegations(self, user):
        mine = sa.or_(Delegation.from_user_id == user.id, Delegation.to_user_id == user.id)
        over = sa.or_(Delegation.ended.is_not(None), Delegation.ends_at <= self.services.clock.now())
        return self.session.scalar(sa.select(sa.func.count()).select_from(Delegation).where(mine, sa.not_(over)))
