"""The in-site message, which is always the source of truth, and the ledger of what leaves the portal for it."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime

UNREAD = sa.text("read_at IS NULL")

# A delivery waits, is in a worker's hands, or was taken by a channel that will report later …
QUEUED, SENDING, ACCEPTED = "queued", "sending", "accepted"
# … and ends: it left; the person cannot be reached this way; it failed (a dead letter); its time was over; it was not needed any
# more; an administrator left it to the in-site message or put it aside.
SENT, UNREACHABLE, DEAD, EXPIRED, CANCELLED = "sent", "unreachable", "dead", "expired", "cancelled"
INSITE, IGNORED = "insite", "ignored"
WAITING_STATES = (QUEUED, SENDING, ACCEPTED)
FINAL_STATES = (SENT, UNREACHABLE, DEAD, EXPIRED, CANCELLED, INSITE, IGNORED)

UNFINISHED = sa.text("finished IS NULL")
IS_DEAD = sa.text("state = 'dead'")


class Notification(Base):
    """One message to one person. ``params`` fill the texts of the type ``code``; ``url`` opens what it is about.

    ``todo``: the message tells of a task and counts as read when its case is opened or the task is done.
    """

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
    todo: Mapped[bool] = mapped_column(default=False)


class Delivery(Base):
    """One message on its way through one channel.

    ``key`` is the idempotency key that the channel hands to the other side, the same at every attempt. ``fallback`` names the
    channels to try after this one. ``next_at`` is when somebody has to look at the row again, whatever its state: to send it,
    to take it from a worker that died (end of its lease), or to stop waiting for a receipt. ``worker`` holds the lease.
    ``unknown_at`` is the first attempt of which nobody knows whether it arrived. ``cause`` is a short code that the channel
    explains, ``error`` the other side's words, ``field`` what in the message was refused.
    """

    __tablename__ = "core_delivery"
    __table_args__ = (
        sa.UniqueConstraint("notification_id", "channel"),
        sa.Index("ix_core_delivery_due", "next_at", postgresql_where=UNFINISHED, sqlite_where=UNFINISHED),
        sa.Index("ix_core_delivery_expires", "expires_at", postgresql_where=UNFINISHED, sqlite_where=UNFINISHED),
        sa.Index("ix_core_delivery_dead", "channel", "cause", postgresql_where=IS_DEAD, sqlite_where=IS_DEAD),
        sa.Index("ix_core_delivery_state", "state", "id"),
        sa.Index("ix_core_delivery_finished", "finished"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notification_id: Mapped[int] = mapped_column(sa.ForeignKey("core_notification.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    channel: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    key: Mapped[str] = mapped_column(sa.String(20), unique=True)
    state: Mapped[str] = mapped_column(sa.String(12), default=QUEUED)
    urgent: Mapped[bool] = mapped_column(default=False)
    fallback: Mapped[list] = mapped_column(sa.JSON, default=list)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    next_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    worker: Mapped[str] = mapped_column(sa.String(32), default="")
    unknown_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    provider_id: Mapped[str] = mapped_column(sa.String(200), default="")
    cause: Mapped[str] = mapped_column(sa.String(64), default="")
    field: Mapped[str] = mapped_column(sa.String(64), default="")
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    finished: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class ChannelState(Base):
    """How a channel stands: paused until a moment (``held``: by an administrator, until resumed), and what it sent ``day``."""

    __tablename__ = "core_channel_state"

    channel: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    held: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    cause: Mapped[str] = mapped_column(sa.String(64), default="")
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    day: Mapped[dt.date | None] = mapped_column(sa.Date)
    used: Mapped[int] = mapped_column(default=0)


class NotificationPreference(Base):
    """What a person wants to get outside the portal. Without a row: everything, with the portal's quiet hours.

    ``channels`` is a list of ``{"channel": code, "mode": "all" | "todo" | "off", "muted": [group, …]}`` in the order in which
    they are tried. Quiet hours are local times; both None: none at all.
    """

    __tablename__ = "core_notification_preference"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), primary_key=True)
    channels: Mapped[list] = mapped_column(sa.JSON, default=list)
    quiet_from: Mapped[dt.time | None] = mapped_column(sa.Time)
    quiet_to: Mapped[dt.time | None] = mapped_column(sa.Time)
