"""What was uploaded. The bytes lie in the store under their SHA-256; several rows may share them."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime


class StoredFile(Base):
    """A file as a person sent it. ``owner`` names the plugin, ``width`` and ``height`` are pixels of pictures, else 0."""

    __tablename__ = "core_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), index=True)
    owner: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(200))
    content_type: Mapped[str] = mapped_column(sa.String(80))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)


class KeptUpload(Base):
    """A file that a person chose in a form that was refused for another reason, kept for a day.

    The bytes are what the browser sent; they are never served. ``token_hash`` is the SHA-256 of what stands in the form.
    """

    __tablename__ = "core_kept_upload"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    field: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)


class FileScan(Base):
    """What one comparison of the store with the rows found. ``missing`` names at most a page of digests whose bytes are lost."""

    __tablename__ = "core_file_scan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    objects: Mapped[int] = mapped_column(sa.BigInteger)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    unknown: Mapped[int] = mapped_column(sa.BigInteger)
    missing_count: Mapped[int] = mapped_column(sa.BigInteger)
    missing: Mapped[list] = mapped_column(sa.JSON, default=list)
    rows_removed: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    retired: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    purged: Mapped[int] = mapped_column(sa.BigInteger, default=0)
