"""The audit log's table."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime


class AuditEntry(Base):
    """One act. Append-only: triggers refuse UPDATE and DELETE on both databases.

    ``actor_id`` is None for what the program did by itself. ``object_id`` is text, because some objects have no number.
    """

    __tablename__ = "core_audit"
    __table_args__ = (
        sa.Index("ix_core_audit_object", "object_type", "object_id", "id"),
        sa.Index("ix_core_audit_actor", "actor_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    action: Mapped[str] = mapped_column(sa.String(64))
    object_type: Mapped[str] = mapped_column(sa.String(64), default="")
    object_id: Mapped[str] = mapped_column(sa.String(64), default="")
    detail: Mapped[dict] = mapped_column(sa.JSON, default=dict)
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
