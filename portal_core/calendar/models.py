"""Tables of the working calendar: what administrators say about days and office hours."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base

ONLY = 1


class CalendarState(Base):
    """One row, id 1. ``stamp`` is a new random text after every change: whoever knows it knows the calendar.

    A counter would not do, because a change that is rolled back and the next one would have the same number.
    """

    __tablename__ = "core_calendar"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stamp: Mapped[str] = mapped_column(sa.String(32))


class OfficeHours(Base):
    """A season's office hours: from ``month``/``day`` on until the next season. ``spans`` is ``[["08:30", "12:00"], …]``."""

    __tablename__ = "core_calendar_hours"

    month: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    spans: Mapped[list] = mapped_column(sa.JSON)


class CalendarDay(Base):
    """An override of one day. ``spans`` empty: the season's hours, if the day is worked."""

    __tablename__ = "core_calendar_day"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    spans: Mapped[list] = mapped_column(sa.JSON, default=list)
    note: Mapped[str] = mapped_column(sa.String(60), default="")
