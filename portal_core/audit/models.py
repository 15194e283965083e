"""The audit log's tables: the acts, the seals that make a change of them show, and what the nightly checks found."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.accounts.models import User
from portal_core.db import Base, BigId, UTCDateTime

REFUSED = sa.text("NOT success")


class AuditEntry(Base):
    """One act. Append-only: triggers refuse UPDATE and DELETE on both databases.

    ``actor_id`` is None for what the program did by itself. ``object_id`` is text, because some objects have no number.
    ``success`` is False for a try that was refused. ``request_id`` finds the lines of the log that belong to it.
    """

    __tablename__ = "core_audit"
    __table_args__ = (
        # Each way of looking at the log is one index in the order of the page, so that a page costs the same at any length.
        sa.Index("ix_core_audit_at", "at", "id"),
        sa.Index("ix_core_audit_object", "object_type", "object_id", "at", "id"),
        sa.Index("ix_core_audit_actor", "actor_id", "at", "id"),
        sa.Index("ix_core_audit_action", "action", "at", "id"),
        sa.Index(
            "ix_core_audit_failed", "at", "id", postgresql_where=sa.text("NOT success"), sqlite_where=sa.text("NOT success")
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    action: Mapped[str] = mapped_column(sa.String(64))
    object_type: Mapped[str] = mapped_column(sa.String(64), default="")
    object_id: Mapped[str] = mapped_column(sa.String(64), default="")
    detail: Mapped[dict] = mapped_column(sa.JSON, default=dict)
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
    success: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    request_id: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")

    actor: Mapped[User | None] = relationship(lazy="raise_on_sql")


class AuditSeal(Base):
    """A run of consecutive entries whose content can no longer change unseen; append-only like the entries.

    ``digest`` is over the entries from ``first_id`` to ``last_id`` in the order of their ids, ``hash`` over all of this row and
    ``previous``, the hash of the seal before. ``id`` counts 1, 2, 3 without a gap.
    """

    __tablename__ = "core_audit_seal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    first_id: Mapped[int] = mapped_column(BigId)
    last_id: Mapped[int] = mapped_column(BigId, unique=True)
    entries: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class ChainCheck(Base):
    """How far the checks of one chain have come, and what they found. ``chain`` is ``audit`` or ``cases``.

    ``position`` is the last seal or case that was looked at in the present round; ``found`` names the first break, empty when
    there is none, and stays until a check of the same place finds it sound again. ``anchor`` is ``number:hash`` of the newest
    seal that was ever seen: whoever removes the end of the log and its seals has to find this, too.
    """

    __tablename__ = "core_chain_check"

    chain: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    checked: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    position: Mapped[int] = mapped_column(BigId, default=0)
    anchor: Mapped[str] = mapped_column(sa.String(100), default="")
    found: Mapped[str] = mapped_column(sa.String(200), default="")
    found_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
