"""What nobody may do with rights, whoever they are: the rules that every change of accounts, roles and grants obeys."""

from collections.abc import Iterable
from contextlib import contextmanager

import sqlalchemy as sa

from portal_core.accounts import officers
from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import Role, User
from portal_core.accounts.queries import identity_of_account
from portal_core.accounts.rights import RightsService
from portal_core.errors import Conflict, Forbidden
from portal_core.i18n import _
from portal_core.services import Services

USERS, DEPARTMENTS, ROLES = "core:user:manage", "core:department:manage", "core:role:manage"
SESSIONS, LOGS = "core:session:manage", "core:log:view"
# Without holders of these nobody could ever give rights or open accounts again.
KEYS = (USERS, ROLES)
NAMED = 3


class RightsGuard:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self._rights = services.get(RightsService)

    def require(self, actor: Identity, permission: str) -> None:
        """Raise Forbidden unless ``actor`` holds ``permission`` for everything; a scope is not enough for accounts and roles."""
        if actor is not SYSTEM and not actor.may(permission):
            raise Forbidden(_("This act is not yours."))

    def refuse_self(self, actor: Identity, user_id: int) -> None:
        """Nobody gives rights to themselves. Raises Forbidden."""
        if actor.user_id == user_id:
            raise Forbidden(_("Nobody can change their own rights. Ask another administrator."))

    def may_touch(self, actor: Identity, user_id: int) -> bool:
        """May ``actor`` set the password of this account, close or open it?

        Only with every right of administration that the account holds: else resetting an administrator's password would be a way
        to become one, and the three officers could become each other.
        """
        if actor is SYSTEM:
            return True
        account = identity_of_account(self.session, user_id)
        return account is None or officers.held(account) <= officers.held(actor)

    def touch(self, actor: Identity, user_id: int) -> None:
        """Raise Forbidden unless ``may_touch``."""
        if not self.may_touch(actor, user_id):
            raise Forbidden(_("This account has rights of administration that you do not have. You cannot change it."))

    @contextmanager
    def watching(self):
        """Around a change of rights or accounts: the last administrator stays, and no two areas meet in one person.

        Raises Conflict after the change, which the caller's transaction then undoes. Changes of rights queue for one row, so that
        two administrators cannot each remove the other as the last but one.
        """
        self.session.execute(sa.select(Role.id).where(Role.code == "admin").with_for_update())
        held = [key for key in KEYS if self._rights.holders(key)]
        joined = self._rights.joining_areas()
        yield
        self.session.flush()
        if any(not self._rights.holders(key) for key in held):
            raise Conflict(_("This would leave the portal without an administrator."))
        self._refuse_joining(self._rights.joining_areas() - joined)

    def _refuse_joining(self, people: Iterable[int]) -> None:
        if not people:
            return
        query = sa.select(User.name).where(User.id.in_(sorted(people)[:NAMED])).order_by(User.id)
        names = "、".join(self.session.scalars(query))
        raise Conflict(
            _(
                "System, security and audit administration exclude each other: ${names} would hold more than one of them.",
                mapping={"names": names},
            )
        )
