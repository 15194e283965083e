"""Running periodic jobs: each slot of time once, whatever the number of workers, and nothing lost when one dies.

A slot is claimed and its work done in one transaction, so a worker that is killed leaves no trace and the slot is run again. On
PostgreSQL a worker that finds the job in another's hands goes on at once; on SQLite there is only one process, and it queues.
"""

import datetime as dt
import random
import zlib

import sqlalchemy as sa
import structlog

from portal_core.db import insert_into
from portal_core.declarations import Job
from portal_core.jobs.models import JobRun

FIRST_DELAY = dt.timedelta(seconds=30)
LONGEST_DELAY = dt.timedelta(hours=1)
KEEP = dt.timedelta(days=30)
ERROR_LENGTH = 2000
# First key of the advisory locks of jobs, so that they never meet locks that others take.
LOCK_SPACE = 0x4A6F62
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

log = structlog.get_logger("portal.jobs")


def slot_of(job, now) -> dt.datetime:
    """The beginning of the slot that ``now`` lies in: multiples of ``job.every`` since 1970. Slots missed are not made up."""
    return EPOCH + (now - EPOCH) // job.every * job.every


def run_due(portal) -> int:
    """Run every job whose present slot nobody has run; returns how many ran. A failing job does not stop the others."""
    return sum(run_job(portal, job) for job in portal.jobs.values() if isinstance(job, Job))


def run_job(portal, job) -> bool:
    """Run ``job`` for its present slot unless that was done, is being done, or failed too recently. True when it succeeded."""
    now = portal.clock.now()
    slot = slot_of(job, now)
    if not _is_due(portal, job, slot, now):
        return False
    try:
        with portal.database.writing() as session:
            if not _claim(session, job, slot, now):
                return False
            job.run(session, portal, portal.clock)
            _finish(session, job, slot, portal.clock.now())
    except Exception as error:
        log.exception("job failed", job=job.name)
        _record_failure(portal, job, slot, now, error)
        return False
    log.info("job done", job=job.name)
    return True


def last_runs(session) -> dict[str, JobRun]:
    """The newest slot of every job that ever ran, by name."""
    newest = sa.select(JobRun.name, sa.func.max(JobRun.slot).label("slot")).group_by(JobRun.name).subquery()
    query = sa.select(JobRun).join(newest, sa.and_(JobRun.name == newest.c.name, JobRun.slot == newest.c.slot))
    return {run.name: run for run in session.scalars(query)}


def jobs_succeed(session) -> str | None:
    """None when every job's newest slot succeeded, else a text with the names of those that failed.

    For ``portal doctor`` and not for ``/-/health``: a failing job is no reason to take web hosts out of service.
    """
    failing = sorted(name for name, run in last_runs(session).items() if run.finished is None)
    return f"failing: {', '.join(failing)}" if failing else None


def _is_due(portal, job, slot, now):
    """A look without locks first, so that idle workers write nothing."""
    with portal.database.reading() as session:
        run = session.get(JobRun, (job.name, slot))
    return run is None or (run.finished is None and (run.retry_at is None or run.retry_at <= now))


def _claim(session, job, slot, now):
    """Take the slot for this transaction; False when somebody else has it, did it, or it failed too recently."""
    if session.get_bind().dialect.name == "postgresql":
        key = zlib.crc32(job.name.encode()) - (1 << 31)
        if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK_SPACE, key))):
            return False
    waiting = sa.and_(JobRun.finished.is_(None), sa.or_(JobRun.retry_at.is_(None), JobRun.retry_at <= now))
    statement = insert_into(session, JobRun).values(name=job.name, slot=slot, started=now, failures=0, error="")
    statement = statement.on_conflict_do_update(index_elements=["name", "slot"], set_={"started": now}, where=waiting)
    return session.scalar(statement.returning(JobRun.name)) is not None


def _finish(session, job, slot, now):
    done = sa.update(JobRun).where(JobRun.name == job.name, JobRun.slot == slot)
    session.execute(done.values(finished=now, retry_at=None, error=""))
    session.execute(sa.delete(JobRun).where(JobRun.name == job.name, JobRun.slot < now - KEEP))


def _record_failure(portal, job, slot, now, error):
    """Write down what went wrong, in a transaction of its own, and when the slot may be tried again."""
    text = error_text(error)
    with portal.database.writing() as session:
        run = session.get(JobRun, (job.name, slot))
        failures = (run.failures if run else 0) + 1
        values = {"failures": failures, "error": text, "retry_at": now + delay(failures)}
        statement = insert_into(session, JobRun).values(name=job.name, slot=slot, started=now, **values)
        unfinished = JobRun.finished.is_(None)
        session.execute(statement.on_conflict_do_update(index_elements=["name", "slot"], set_=values, where=unfinished))


def delay(failures, first=FIRST_DELAY) -> dt.timedelta:
    """How long to wait after so many failures: ``first``, then doubling up to an hour.

    There is some chance in it, so that workers do not move in step.
    """
    longest = min(first * 2 ** min(failures - 1, 16), LONGEST_DELAY)
    return longest * random.uniform(0.8, 1.0)  # noqa: S311 - nobody gains by guessing it


def error_text(error) -> str:
    """What went wrong, as it is stored: class and message, without what PostgreSQL cannot hold."""
    return f"{type(error).__name__}: {error}".replace("\0", "")[:ERROR_LENGTH]
