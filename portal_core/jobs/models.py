"""The ledger of periodic jobs: one row for each slot of time in which a job ran or tried to."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, UTCDateTime


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
