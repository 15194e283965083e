"""Reading messages."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.accounts.identity import Identity
from portal_core.inbox.models import Case
from portal_core.notifications.models import Notification

PAGE = 20


def unread(me, cap: int = 100):
    """How many messages the user ``me`` (a bound parameter) has not read, up to ``cap``, as a scalar: one short index range."""
    newest = sa.select(Notification.id).where(Notification.user_id == me, Notification.read_at.is_(None)).limit(cap)
    return sa.select(sa.func.count()).select_from(newest.subquery()).scalar_subquery()


def page(
    session: Session,
    identity: Identity,
    size: int = PAGE,
    before: int | None = None,
    unread_only: bool = False,
    group: str = "",
):
    """One page of the messages to ``identity``, newest first: ``(messages, next)``, ``next`` as in ``inbox.queries.tab_page``.

    ``group`` is the module that sent them, '' for all.
    """
    query = sa.select(Notification).where(Notification.user_id == identity.user_id)
    if unread_only:
        query = query.where(Notification.read_at.is_(None))
    if group:
        query = query.where(Notification.code.startswith(group + ".", autoescape=True))
    if before is not None:
        query = query.where(Notification.id < before)
    found = list(session.scalars(query.order_by(Notification.id.desc()).limit(size + 1)))
    return found[:size], found[size - 1].id if len(found) > size else None


def has_unread_of_case(session: Session, number: str, user_id: int) -> bool:
    """Does any unread message to the person tell of the case with this number?"""
    query = (
        sa.select(Notification.id)
        .join(Case, Case.id == Notification.case_id)
        .where(Notification.user_id == user_id, Notification.read_at.is_(None), Case.number == number)
    )
    return session.scalar(query.limit(1)) is not None
