"""What administrators do with accounts. Every act is authorised here and written to the audit log with old and new values."""

import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.guard import ROLES, SESSIONS, USERS, RightsGuard
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, Role, User, UserDepartment, UserRole
from portal_core.accounts.rights import RightsService
from portal_core.accounts.services import MAX_NAME, AccountService, InitialPassword
from portal_core.accounts.sessions import SessionService
from portal_core.accounts.throttle import normal_login
from portal_core.accounts.userdata import UserData, email_problem, phone_problem
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.i18n import _
from portal_core.inbox.models import ACT, OPEN, WAITING, Task
from portal_core.security.factors import SecondFactorService
from portal_core.services import Services

MAX_FURTHER = 20
# Names one thing of a plugin: ``meetings.room:7``.
SCOPE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*:[0-9]{1,18}")


@dataclass(frozen=True)
class HeldRole:
    """A role of a person, everywhere (``scope`` empty) or within one scope."""

    code: str
    title: str
    scope: str


class UserService:
    """See the module. ``actor`` is who does it; ``user`` is what ``get`` returned."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.guard = services.get(RightsGuard)
        self.accounts = services.get(AccountService)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, user_id: int) -> User:
        """The user with main unit, active or not. Raises NotFound."""
        user = self.session.get(User, user_id, options=[joinedload(User.department)])
        if user is None:
            raise NotFound()
        return user

    def further(self, user: User) -> list[Department]:
        """The person's other units, by name."""
        join = sa.select(Department).join(UserDepartment, UserDepartment.department_id == Department.id)
        return list(self.session.scalars(join.where(UserDepartment.user_id == user.id).order_by(Department.name)))

    def roles(self, user: User) -> list[HeldRole]:
        """The person's roles, by title."""
        held = sa.select(Role.code, Role.title, UserRole.scope).join(UserRole, UserRole.role_id == Role.id)
        rows = self.session.execute(held.where(UserRole.user_id == user.id).order_by(Role.title, UserRole.scope))
        return [HeldRole(*row) for row in rows]

    def waiting(self, user: User) -> int:
        """How many to-dos only this person can answer: they are in the way of closing the account."""
        mine = sa.select(sa.func.count()).where(Task.assignee_id == user.id, Task.kind == ACT, Task.status.in_((OPEN, WAITING)))
        return self.session.scalar(mine) or 0

    # -- the person's data -----------------------------------------------------------------------------------------

    def create(self, actor: Identity, login: str, data: UserData, initial: InitialPassword) -> User:
        """Make an account; ``initial`` is the password for its first use. Raises Invalid with the fields that are wrong."""
        self.guard.require(actor, USERS)
        self._check(data, self.accounts.problems(normal_login(login), data.name))
        unit = self._unit(data.department_id)
        user, _password = self.accounts.create(
            login, data.name, unit, phone=data.phone, email=data.email, by=actor, initial=initial
        )
        self._set_further(user, data.further_ids)
        return user

    def update(self, actor: Identity, user: User, data: UserData, version: int) -> None:
        """Change what is known of the person. Raises Stale when somebody else changed it since ``version`` was read."""
        self.guard.require(actor, USERS)
        self._check(data, {})
        moved = data.department_id != user.department_id or set(data.further_ids) != {unit.id for unit in self.further(user)}
        if moved and user.id == actor.user_id:
            raise Forbidden(_("Units may hold rights, so nobody can move themselves. Ask another administrator."))
        old = self._values(user)
        renewed = sa.update(User).where(User.id == user.id, User.version == version).values(version=version + 1)
        if not self.session.execute(renewed, execution_options={"synchronize_session": False}).rowcount:  # type: ignore[attr-defined]
            raise Stale(_("This has changed meanwhile; please look again."))
        user.name, user.phone, user.email = data.name, data.phone, data.email
        user.department_id = data.department_id
        with self.guard.watching():
            # Grants to units follow the people in them.
            self._set_further(user, data.further_ids)
            self.session.flush()
        self.session.expire(user)
        new = self._values(self.get(user.id))
        self.services.get(AuditService).record_change(actor, "core.user", user.id, old, new, detail={"login": user.login})

    def _check(self, data, errors):
        errors = dict(errors)
        if not data.name or len(data.name) > MAX_NAME:
            errors["name"] = _("Please give a name of at most ${count} characters.", mapping={"count": MAX_NAME})
        errors |= {k: v for k, v in (("phone", phone_problem(data.phone)), ("email", email_problem(data.email))) if v}
        if data.department_id is None or not self._active({data.department_id}):
            errors["department"] = _("Please choose from the list")
        further = set(data.further_ids) - {data.department_id}
        if len(further) > MAX_FURTHER or not self._active(further):
            errors["further"] = _("Please choose from the list")
        if errors:
            raise Invalid(fields=errors)

    def _active(self, ids):
        found = sa.select(sa.func.count()).where(Department.id.in_(ids), Department.active)
        return not ids or self.session.scalar(found) == len(ids)

    def _unit(self, department_id):
        return self.session.get(Department, department_id) if department_id is not None else None

    def _set_further(self, user, ids):
        wanted = set(ids) - {user.department_id}
        mine = UserDepartment.user_id == user.id
        have = set(self.session.scalars(sa.select(UserDepartment.department_id).where(mine)))
        self.session.execute(sa.delete(UserDepartment).where(mine, UserDepartment.department_id.in_(have - wanted)))
        self.session.add_all(UserDepartment(user_id=user.id, department_id=i) for i in sorted(wanted - have))
        self.session.flush()

    def _values(self, user):
        main = self._unit(user.department_id)
        return {
            "name": user.name,
            "department": main.name if main else "",
            "further": [unit.name for unit in self.further(user)],
            "phone": user.phone,
            "email": user.email,
        }

    # -- roles -----------------------------------------------------------------------------------------------------

    def assign(self, actor: Identity, user: User, role_code: str, scope: str = "") -> None:
        """Give the person a role. Raises Forbidden for oneself, Invalid for a scope that names nothing, and Conflict."""
        self._change_role(actor, user, scope)
        with self.guard.watching():
            self.services.get(RightsService).assign(user, role_code, scope)
        self._note(actor, "core.role_assigned", user, {"role": role_code, "scope": scope})

    def unassign(self, actor: Identity, user: User, role_code: str, scope: str = "") -> None:
        """Take a role from the person. Raises Forbidden for oneself and Conflict for the last administrator."""
        self._change_role(actor, user, "")
        with self.guard.watching():
            self.services.get(RightsService).unassign(user, role_code, scope)
        self._note(actor, "core.role_unassigned", user, {"role": role_code, "scope": scope})

    def _change_role(self, actor, user, scope):
        self.guard.require(actor, ROLES)
        self.guard.refuse_self(actor, user.id)
        if scope and not SCOPE.fullmatch(scope):
            raise Invalid(fields={"scope": _("Write what the plugin calls it, like meetings.room:7, or leave it empty.")})

    # -- the account -----------------------------------------------------------------------------------------------

    def reset_password(self, actor: Identity, user: User, initial: InitialPassword) -> None:
        """Give the person a password for one use, which ends all sessions and any lock."""
        self._touch(actor, user)
        if not user.active:
            raise Conflict(_("The account is deactivated."))
        self.accounts.reset_password(user, actor, initial)

    def unlock(self, actor: Identity, user: User) -> None:
        """End the lock after failed logins."""
        self.guard.require(actor, USERS)
        self.accounts.unlock(user, actor)

    def deactivate(self, actor: Identity, user: User) -> None:
        """Close the account. Raises Conflict while to-dos wait for this person, and for the last administrator."""
        self._touch(actor, user)
        if user.id == actor.user_id:
            raise Forbidden(_("Nobody can deactivate their own account. Ask another administrator."))
        if self.waiting(user):
            raise Conflict(_("To-dos are waiting for this person. Hand them over first."))
        if user.active:
            with self.guard.watching():
                self.accounts.deactivate(user, actor)

    def reactivate(self, actor: Identity, user: User, initial: InitialPassword) -> None:
        """Open a closed account again, with a password for one use."""
        self._touch(actor, user)
        if user.active:
            raise Conflict(_("The account is not deactivated."))
        with self.guard.watching():
            self.accounts.reactivate(user, actor, initial)

    def remove_second_factor(self, actor: Identity, user: User) -> None:
        """Forget the second factor of the person, who has lost it.

        Raises Forbidden for oneself - whoever holds a stolen session must not get rid of the factor that guards the account - and
        Conflict when there is none.
        """
        self._touch(actor, user)
        if user.id == actor.user_id:
            raise Forbidden(_("Nobody can remove their own second factor. Ask another administrator."))
        try:
            self.services.get(SecondFactorService).remove(user, actor)
        except NotFound:
            raise Conflict(_("This person has no second factor.")) from None

    def end_sessions(self, actor: Identity, user: User) -> int:
        """End all sessions of the person; returns how many there were."""
        self.guard.require(actor, SESSIONS)
        ended = self.services.get(SessionService).end_all(user.id)
        self._note(actor, "core.sessions_ended", user, {"count": ended})
        return ended

    def _touch(self, actor, user):
        self.guard.require(actor, USERS)
        self.guard.touch(actor, user.id)

    def _note(self, actor, action, user, detail):
        self.services.get(AuditService).record(actor, action, "core.user", user.id, detail={"login": user.login, **detail})
