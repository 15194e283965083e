"""Tables of announcements (公告) and of help pages. Neither is ever deleted: announcements are withdrawn, pages hidden."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.accounts.models import User
from portal_core.db import Base, BigId, UTCDateTime
from portal_core.files.models import StoredFile


class Announcement(Base):
    """A text for everybody (``for_all``) or for the people of some units, shown from ``starts_at`` to ``ends_at``.

    ``must_read`` asks each reader to confirm on the home page. ``body`` is Markdown without HTML.
    """

    __tablename__ = "core_announcement"
    __table_args__ = (sa.Index("ix_core_announcement_shown", "starts_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    body: Mapped[str] = mapped_column(sa.Text)
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    pinned: Mapped[bool] = mapped_column(default=False)
    must_read: Mapped[bool] = mapped_column(default=False)
    for_all: Mapped[bool] = mapped_column(default=True)
    withdrawn: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))

    created_by: Mapped[User] = relationship(lazy="raise_on_sql")
    files: Mapped[list[StoredFile]] = relationship(secondary="core_announcement_file", lazy="raise_on_sql")


class AnnouncementAudience(Base):
    """A unit whose people, and those of all units below, an announcement is for."""

    __tablename__ = "core_announcement_audience"

    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("core_announcement.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("core_department.id"), primary_key=True)


class AnnouncementFile(Base):
    """An attachment of an announcement."""

    __tablename__ = "core_announcement_file"

    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("core_announcement.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("core_file.id"), primary_key=True)


class AnnouncementRead(Base):
    """A person has read an announcement; for one that must be read, has said so."""

    __tablename__ = "core_announcement_read"

    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("core_announcement.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)


class HelpPage(Base):
    """A page of the help, or a frequent question with its answer. ``topic`` groups them; ``body`` is Markdown without HTML."""

    __tablename__ = "core_help_page"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    topic: Mapped[str] = mapped_column(sa.String(60), default="")
    body: Mapped[str] = mapped_column(sa.Text)
    is_question: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=100)
    published: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
