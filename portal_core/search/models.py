"""What can be found: one row of words for each thing, kept by ``portal_core.search.index``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId


class SearchEntry(Base):
    """The words of one thing: ``object_id`` of the kind that a ``SearchProvider`` names.

    ``words`` is a text search vector on PostgreSQL; on SQLite text, which triggers copy into a full-text table.
    """

    __tablename__ = "core_search_entry"
    __table_args__ = (sa.UniqueConstraint("kind", "object_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    object_id: Mapped[int] = mapped_column(sa.BigInteger)
    words: Mapped[str] = mapped_column(sa.Text().with_variant(TSVECTOR(), "postgresql"))


class SearchProgress(Base):
    """How far the things of a kind that were there before their provider have been put into the index."""

    __tablename__ = "core_search_progress"

    kind: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    upto: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    done: Mapped[bool] = mapped_column(default=False)
