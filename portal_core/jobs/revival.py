"""Work whose worker is gone, and work that no worker has heard of, is handed out again. Every worker looks, every few seconds."""

import datetime as dt

import sqlalchemy as sa
import structlog

from portal_core.jobs.dispatch import dispatch, forget_lost, undelivered
from portal_core.jobs.models import DEAD, RUNNING, WAITING, QueuedWork

LIMIT = 100
LOST = "the worker was lost in the middle of the work"

log = structlog.get_logger("portal.jobs")


def revive(portal) -> int:
    """Hand out again what is due and in nobody's hands; returns how much that was. Writes only when there is something."""
    now = portal.clock.now()
    grace = dt.timedelta(seconds=portal.settings["portal.job_lease_seconds"])
    with portal.database.reading() as session:
        stalled = list(session.scalars(sa.select(QueuedWork.id).where(*_stalled(now)).order_by(QueuedWork.id).limit(LIMIT)))
        unheard = undelivered(session, now - grace, LIMIT)
    if stalled or unheard:
        with portal.database.writing() as session:
            forget_lost(session)
            for work in session.scalars(_unlocked(QueuedWork.id.in_(stalled), *_stalled(now))):
                _take_back(session, portal, work, now)
            for work in session.scalars(_unlocked(QueuedWork.id.in_(unheard), QueuedWork.state == WAITING)):
                dispatch(session, work.id)
    return len(stalled) + len(unheard)


def _stalled(now):
    return QueuedWork.state == RUNNING, QueuedWork.lease_until < now


def _unlocked(*conditions):
    """Rows that nobody holds: a worker that is just committing its work keeps it, however late it is."""
    return sa.select(QueuedWork).where(*conditions).order_by(QueuedWork.id).with_for_update(skip_locked=True)


def _take_back(session, portal, work, now):
    """From a worker that does not renew its lease: to be done again at once, unless that was the last attempt.

    Work that takes every worker down with it ends dead in this way.
    """
    log.warning("work taken back", job=work.name, work=work.id, worker=work.worker, attempt=work.attempts)
    job = portal.jobs.get(work.name)
    work.worker, work.lease_until, work.error = "", None, LOST
    if job and work.attempts >= job.attempts:
        work.state, work.finished = DEAD, now
    else:
        work.state, work.run_at = WAITING, now
        session.flush()
        dispatch(session, work.id)
