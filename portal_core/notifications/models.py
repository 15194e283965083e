"""The in-site message, which is always the source of truth."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime

UNREAD = sa.text("read_at IS NULL")


class Notification(Base):
    """One message to one person. ``params`` fill the texts of the type ``code``; ``url`` opens what it is about."""

    __tablename__ = "core_notification"
    __table_args__ = (
        sa.Index("ix_core_notification_user", "user_id", "id"),
        sa.Index("ix_core_notification_unread", "user_id", postgresql_where=UNREAD, sqlite_where=UNREAD),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    code: Mapped[str] = mapped_column(sa.String(64))
    params: Mapped[dict] = mapped_column(sa.JSON, default=dict)
    url: Mapped[str] = mapped_column(sa.String(200), default="")
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_case.id"), index=True)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    read_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
