"""Reading messages."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.accounts.identity import Identity
from portal_core.notifications.models import Notification


def unread_count(session: Session, identity: Identity, cap: int = 100) -> int:
    """How many messages ``identity`` has not read, counted up to ``cap``: one short index range."""
    unread = sa.select(Notification.id).where(Notification.user_id == identity.user_id, Notification.read_at.is_(None)).limit(cap)
    return session.scalar(sa.select(sa.func.count()).select_from(unread.subquery())) or 0
