"""Clearing up after logins."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.models import Captcha, LoginAttempt, SessionRow, UserImport
from portal_core.accounts.queries import limits

# The login log is kept for half a year, as level 2 of GB/T 22239-2019 asks of audit records.
LOG_LIFETIME = dt.timedelta(days=180)


def end_expired(session, portal, clock):
    """Mark expired sessions as ended; remove what has expired: riddles, imports, old sessions and login attempts."""
    now = clock.now()
    idle, absolute = limits(portal.settings)
    expired = sa.or_(SessionRow.seen <= now - idle, SessionRow.created <= now - absolute)
    silent = {"synchronize_session": False}
    session.execute(sa.update(SessionRow).where(SessionRow.ended.is_(None), expired).values(ended=now), execution_options=silent)
    for outdated in (
        sa.delete(SessionRow).where(SessionRow.ended <= now - LOG_LIFETIME),
        sa.delete(Captcha).where(Captcha.expires <= now),
        sa.delete(UserImport).where(UserImport.expires <= now),
        sa.delete(LoginAttempt).where(LoginAttempt.at <= now - LOG_LIFETIME),
    ):
        session.execute(outdated, execution_options=silent)
