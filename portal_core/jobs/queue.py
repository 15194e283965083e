"""Doing one piece of queued work: claimed for a while (a lease), prepared, then written and marked as done in one transaction.

The ledger ``core_work`` decides who may do it. A worker that is killed, or that lost its lease, leaves nothing behind: what it
wrote is committed together with "done by this worker in this attempt", or not at all.
"""

import datetime as dt
import os
import socket
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from portal_core.jobs.dispatch import dispatch
from portal_core.jobs.models import DEAD, DONE, RUNNING, WAITING, QueuedWork
from portal_core.jobs.runner import delay, error_text
from portal_core.services import Services

# Who this process is in the ledger; a host may run several, and one may come back with the number of a dead one.
WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
# How long work of a module that is switched off waits before somebody looks again.
OFF_DELAY = dt.timedelta(minutes=1)

log = structlog.get_logger("portal.jobs")


class LeaseLost(Exception):
    """Somebody else has taken the work over, because this worker did not renew its lease in time."""


@dataclass(frozen=True)
class Lease:
    """The right to do a piece of work in this attempt."""

    work_id: int
    name: str
    args: dict
    attempt: int

    def held(self):
        """The condition that the ledger still says so."""
        mine = (QueuedWork.state == RUNNING, QueuedWork.worker == WORKER, QueuedWork.attempts == self.attempt)
        return sa.and_(QueuedWork.id == self.work_id, *mine)


class Progress:
    """What a job's ``prepare`` gets to say how far it is."""

    def __init__(self, portal, lease):
        self._portal, self._lease = portal, lease

    def report(self, done: int, total: int) -> None:
        """``done`` of ``total`` parts are ready; everybody sees it at once. Raises LeaseLost, which ends the run."""
        with self._portal.database.writing() as session:
            _change(session, self._lease, done=done, total=total, lease_until=_lease_end(self._portal))


def execute(portal, work_id: int) -> bool:
    """Do the waiting work ``work_id``; True when it was done. A failure is recorded and the work tried again later."""
    lease = claim(portal, work_id)
    if lease is None:
        return False
    job = portal.jobs.get(lease.name)
    if job is None:
        _postpone(portal, lease)
        return False
    try:
        prepared = None
        if job.prepare:
            with _renewed(portal, lease):
                prepared = job.prepare(portal, lease.args, Progress(portal, lease))
        with portal.database.writing() as session:
            _change(session, lease, state=DONE, finished=portal.clock.now(), lease_until=None, error="")
            result = job.run(Services(session, portal), lease.args, prepared)
            session.execute(_update(QueuedWork.id == work_id, result=result or {}))
    except LeaseLost:
        log.warning("lease lost, nothing was written", job=lease.name, work=work_id)
        return False
    except Exception as error:
        log.exception("queued job failed", job=lease.name, work=work_id, attempt=lease.attempt)
        _record_failure(portal, lease, job.attempts, error)
        return False
    log.info("queued job done", job=lease.name, work=work_id)
    return True


def claim(portal, work_id: int) -> Lease | None:
    """Begin an attempt at ``work_id``; None when it is not waiting (any more)."""
    begun = {"state": RUNNING, "worker": WORKER, "attempts": QueuedWork.attempts + 1, "started": portal.clock.now()}
    statement = _update(
        sa.and_(QueuedWork.id == work_id, QueuedWork.state == WAITING), **begun, lease_until=_lease_end(portal), done=0, total=0
    )
    with portal.database.writing() as session:
        found = session.execute(statement.returning(QueuedWork.name, QueuedWork.args, QueuedWork.attempts)).one_or_none()
    return Lease(work_id, *found) if found else None


def due(portal, limit: int = 20) -> list[int]:
    """The ids of work that may begin, oldest first; reads only."""
    query = sa.select(QueuedWork.id).where(QueuedWork.state == WAITING, QueuedWork.run_at <= portal.clock.now())
    with portal.database.reading() as session:
        return list(session.scalars(query.order_by(QueuedWork.run_at, QueuedWork.id).limit(limit)))


def _lease_end(portal):
    return portal.clock.now() + dt.timedelta(seconds=portal.settings["portal.job_lease_seconds"])


@contextmanager
def _renewed(portal, lease):
    """Renew the lease again and again meanwhile, in a thread that dies with the process."""
    over = threading.Event()
    pause = portal.settings["portal.job_lease_seconds"] / 3

    def renew():
        while not over.wait(pause):
            try:
                with portal.database.writing() as session:
                    _change(session, lease, lease_until=_lease_end(portal))
            except LeaseLost:
                return
            except Exception:
                log.exception("lease not renewed", job=lease.name, work=lease.work_id)

    thread = threading.Thread(target=renew, name="portal-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _postpone(portal, lease):
    """The job's module is switched off: the work waits, and this does not count as an attempt."""
    run_at = portal.clock.now() + OFF_DELAY
    with portal.database.writing() as session:
        _change(session, lease, state=WAITING, worker="", lease_until=None, run_at=run_at, attempts=lease.attempt - 1)
        dispatch(session, lease.work_id, run_at)


def _record_failure(portal, lease, attempts, error):
    """Back to waiting for a while that doubles, or dead after the last attempt."""
    now = portal.clock.now()
    first = dt.timedelta(seconds=portal.settings["portal.job_retry_seconds"])
    values = {"error": error_text(error), "worker": "", "lease_until": None}
    if lease.attempt >= attempts:
        values |= {"state": DEAD, "finished": now}
    else:
        values |= {"state": WAITING, "run_at": now + delay(lease.attempt, first)}
    try:
        with portal.database.writing() as session:
            _change(session, lease, **values)
            if values["state"] == WAITING:
                dispatch(session, lease.work_id, values["run_at"])
    except LeaseLost:
        log.warning("lease lost while failing", job=lease.name, work=lease.work_id)


def _change(session, lease, **values):
    """Change the row while the lease holds, else LeaseLost. On PostgreSQL the row stays locked until the transaction ends."""
    if session.scalar(_update(lease.held(), **values).returning(QueuedWork.id)) is None:
        raise LeaseLost()


def _update(condition, **values):
    return sa.update(QueuedWork).where(condition).values(**values).execution_options(synchronize_session=False)
