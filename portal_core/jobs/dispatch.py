"""Who tells the workers of PostgreSQL that there is work: procrastinate, which carries nothing but the work's id.

Its function ``procrastinate_defer_jobs_v1`` runs in our transaction, so the message appears exactly when the work does, and its
NOTIFY wakes a worker on commit. SQLite needs no messenger: its one worker looks into the ledger itself.
"""

import json

import sqlalchemy as sa

QUEUE, TASK = "portal", "portal.work"

# Two messages about one piece of work would do no harm, for a worker claims it in the ledger; but one is enough.
_DEFER = sa.text(
    """
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, NULL, :mark, CAST(:args AS jsonb), :run_at)::procrastinate_job_to_defer_v1
    ])
    WHERE NOT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :mark AND status = 'todo')
    """
).bindparams(sa.bindparam("mark", type_=sa.String), sa.bindparam("run_at", type_=sa.DateTime(timezone=True)))


def dispatch(session, work_id, run_at=None) -> None:
    """Send the id of a waiting piece of work to the workers, within the session's transaction; None: to be done at once."""
    if session.get_bind().dialect.name == "postgresql":
        values = {"queue": QUEUE, "task": TASK, "mark": mark(work_id), "args": json.dumps({"work_id": work_id})}
        session.execute(_DEFER, values | {"run_at": run_at})


def mark(work_id) -> str:
    """What procrastinate knows a piece of work by (its ``queueing_lock``): at most one message with it is under way."""
    return f"core_work:{work_id}"


_UNDELIVERED = sa.text(
    """
    SELECT work.id FROM core_work AS work
    WHERE work.state = 'waiting' AND work.run_at < :before AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = 'core_work:' || work.id AND status = 'todo'
    )
    ORDER BY work.run_at LIMIT :limit
    """
).bindparams(sa.bindparam("before", type_=sa.DateTime(timezone=True)))

# Procrastinate forgets a worker that sends no heartbeat only when another one starts.
_FORGET_LOST = sa.text(
    """
    DELETE FROM procrastinate_jobs AS job
    WHERE job.queue_name = :queue AND job.status = 'doing' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id AND worker.last_heartbeat > now() - make_interval(secs => :seconds)
    )
    """
)
HEARTBEAT_SECONDS, LOST_SECONDS = 10.0, 60.0


def undelivered(session, before, limit) -> list[int]:
    """Ids of work that has been waiting since ``before`` and is in no message: a worker took its message and was killed."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    return list(session.scalars(_UNDELIVERED, {"before": before, "limit": limit}))


def forget_lost(session) -> None:
    """Remove the messages that were in the hands of workers that are gone; their work is handed out by the ledger."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_FORGET_LOST, {"queue": QUEUE, "seconds": LOST_SECONDS})
