"""Places and dictionary entries. Neither is ever deleted: what nobody needs any more is switched off."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.db import Base, BigId, UTCDateTime
from portal_core.files.models import StoredFile


class Place(Base):
    """A place: compound, building, floor, room or area. One tree for all plugins; ``path`` holds the ids from the root down.

    ``plan`` is a floor plan of the place. ``zone`` is where the place lies on its parent's plan: the corners of a polygon as
    ``[x, y]`` pairs in per mille of the plan's width and height; empty when it is not drawn.
    """

    __tablename__ = "core_place"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_place.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(12))
    path: Mapped[str] = mapped_column(sa.String(255), default="", index=True)
    position: Mapped[int] = mapped_column(default=100)
    active: Mapped[bool] = mapped_column(default=True)
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    zone: Mapped[list] = mapped_column(sa.JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)

    plan: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")

    @property
    def depth(self) -> int:
        """0 for a root, 1 for what lies directly in it, and so on."""
        return self.path.count("/") - 2


class DictionaryItem(Base):
    """An entry as an administrator wrote it: a declared one changed, or one more. See ``portal_core.places.dictionaries``."""

    __tablename__ = "core_dictionary_item"

    dictionary: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int] = mapped_column(default=100)
    active: Mapped[bool] = mapped_column(default=True)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
