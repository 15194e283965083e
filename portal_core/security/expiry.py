"""How long a password lasts, and which ones may not come back (GB/T 22239-2019: "changed regularly"; numbers are assessors')."""

import datetime as dt
import math

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.security.models import OldPassword


def days_left(changed: dt.datetime, now: dt.datetime, settings) -> int | None:
    """Days until a password set at ``changed`` must be changed: at most 0 when it has expired, None when passwords do not."""
    lifetime = settings["portal.password_max_days"]
    if not lifetime:
        return None
    return math.ceil((changed + dt.timedelta(days=lifetime) - now) / dt.timedelta(days=1))


def has_expired(changed: dt.datetime, now: dt.datetime, settings) -> bool:
    """Must the password be changed before anything else?"""
    left = days_left(changed, now, settings)
    return left is not None and left <= 0


def warning_days(changed: dt.datetime, now: dt.datetime, settings) -> int | None:
    """The days left when they are few enough to say so, else None."""
    left = days_left(changed, now, settings)
    return left if left is not None and 0 < left <= settings["portal.password_warn_days"] else None


def old_hashes(session: Session, user_id: int, present: str, settings) -> list[str]:
    """Hashes of the passwords that ``user_id`` may not use again, ``present`` among them."""
    count = settings["portal.password_history"]
    query = sa.select(OldPassword.password_hash).where(OldPassword.user_id == user_id)
    older = session.scalars(query.order_by(OldPassword.id.desc()).limit(max(count - 1, 0)))
    return [present, *older]


def remember(session: Session, user_id: int, old: str, now: dt.datetime, settings) -> None:
    """Keep the hash of the password that is being replaced, and forget those that may be used again."""
    session.add(OldPassword(user_id=user_id, password_hash=old, replaced=now))
    session.flush()
    kept = sa.select(OldPassword.id).where(OldPassword.user_id == user_id).order_by(OldPassword.id.desc())
    kept = kept.limit(max(settings["portal.password_history"] - 1, 0))
    forget = sa.delete(OldPassword).where(OldPassword.user_id == user_id, OldPassword.id.not_in(kept.scalar_subquery()))
    session.execute(forget, execution_options={"synchronize_session": False})
