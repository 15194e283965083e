"""The ledgers of background work: a row for each slot of time of a periodic job, and a row for each queued piece of work."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime

WAITING, RUNNING, DONE, DEAD = "waiting", "running", "done", "dead"
STATES = (WAITING, RUNNING, DONE, DEAD)
UNFINISHED = (WAITING, RUNNING)


class JobRun(Base):
    """A job's slot. ``finished`` is set when the slot's work is committed; else ``error`` says why the last try failed.

    ``retry_at`` is the moment before which the slot is not tried again.
    """

    __tablename__ = "core_job_run"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    slot: Mapped[dt.datetime] = mapped_column(UTCDateTime, primary_key=True)
    started: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    finished: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(sa.Text, default="")


class QueuedWork(Base):
    """A piece of work that a ``QueuedJob`` does once, on either database the only truth about it.

    ``state``: waiting (not before ``run_at``), running (by ``worker`` until ``lease_until``, unless it renews the lease), done
    (``result`` is what the job returned) or dead (every attempt failed; ``error`` says how the last one did). ``attempts``
    counts the runs begun. ``done`` of ``total`` is how far a run has come, 0 of 0 when it does not say. Of the rows of one job
    with the same ``key`` only one is unfinished. ``owner_id`` may look at it.
    """

    __tablename__ = "core_work"
    _unfinished = sa.text("key <> '' AND state IN ('waiting', 'running')")
    _awaited = sa.text("state IN ('waiting', 'running')")
    __table_args__ = (
        sa.Index("uq_core_work_key", "name", "key", unique=True, postgresql_where=_unfinished, sqlite_where=_unfinished),
        sa.Index("ix_core_work_due", "run_at", "id", postgresql_where=_awaited, sqlite_where=_awaited),
        sa.Index("ix_core_work_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    args: Mapped[dict] = mapped_column(sa.JSON, default=dict)
    key: Mapped[str] = mapped_column(sa.String(120), default="")
    state: Mapped[str] = mapped_column(sa.String(8), default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    result: Mapped[dict] = mapped_column(sa.JSON, default=dict)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    run_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    started: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    finished: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
