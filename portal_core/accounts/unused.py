"""Accounts that nobody uses are closed (GB/T 22239: no superfluous or expired accounts)."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.guard import KEYS, USERS
from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import SessionRow, User
from portal_core.accounts.rights import RightsService
from portal_core.accounts.services import AccountService
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

CODE = "core.accounts_closed"
NAMED = 20


def close_unused(session, portal, clock):
    """Job: close the accounts that were not used for ``portal.unused_days`` and tell the administrators.

    A new password counts as use, because reactivating sets one. Of the last holders of a key permission, the one who was seen
    last stays: a portal that closes its last administrator can be opened from the command line only.
    """
    days = portal.settings["portal.unused_days"]
    if not days:
        return
    services = Services(session, portal, clock)
    unused = _unused(session, clock.now() - dt.timedelta(days=days))
    kept = _administrators_to_keep(services, [user.id for user in unused])
    closed = [user for user in unused if user.id not in kept]
    for user in closed:
        services.get(AccountService).deactivate(user, SYSTEM, detail={"unused_days": days})
    if closed:
        names = "、".join(user.name for user in closed[:NAMED]) + ("…" if len(closed) > NAMED else "")
        people = services.get(RightsService).holders(USERS)
        params = {"count": len(closed), "days": days, "names": names}
        services.get(NotificationService).send(CODE, people, params, "/admin/users?state=closed")


def _unused(session, since):
    """Active accounts without a session, a new password or their making after ``since``, the last used one last."""
    last = sa.select(sa.func.max(SessionRow.seen)).where(SessionRow.user_id == User.id).scalar_subquery()
    used = sa.exists().where(SessionRow.user_id == User.id, SessionRow.seen > since)
    query = sa.select(User).where(User.active, User.created <= since, User.password_changed <= since, ~used)
    return list(session.scalars(query.order_by(sa.func.coalesce(last, User.created), User.id)))


def _administrators_to_keep(services, unused):
    """Of ``unused`` ids, those without whom nobody would hold one of the key permissions."""
    kept = set()
    for key in KEYS:
        holders = services.get(RightsService).holders(key)
        if holders and holders <= set(unused):
            kept.add(next(user_id for user_id in reversed(unused) if user_id in holders))
    return kept
