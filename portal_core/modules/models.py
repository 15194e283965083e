"""What administrators change while the portal runs: modules switched off, and parameters that differ from the ini file."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, UTCDateTime


class Generation(Base):
    """One row whose number grows with every change, so that each process sees by one number that it must read again."""

    __tablename__ = "core_generation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]


class ModuleOff(Base):
    """A plugin that is switched off. Its data stays; the row goes when it is switched on again."""

    __tablename__ = "core_module_off"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    since: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    reason: Mapped[str] = mapped_column(sa.String(200), default="")


class Parameter(Base):
    """A value that wins over the ini file's, as text; ``SettingSpec.parse`` makes the value of it."""

    __tablename__ = "core_parameter"

    name: Mapped[str] = mapped_column(sa.String(96), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
