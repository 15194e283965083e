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
