"""``CalendarService``: working time for whoever has ``Services``. It costs one statement per instance, whatever is asked."""

import datetime as dt
from functools import cached_property

import sqlalchemy as sa

from portal_core.calendar.holidays import known_years
from portal_core.calendar.hours import WorkingDays, WorkingHours
from portal_core.calendar.models import CalendarDay, CalendarState, OfficeHours
from portal_core.calendar.rules import SEASONS, Calendar, Moments, Override, Season
from portal_core.services import Services

# Calendars by their stamp and zone, newest last. A process needs one; tests and a moment of change need a few more.
_KEPT = 8
# The State Council announces a year's holidays in November of the year before.
ANNOUNCED_MONTH = 12
_calendars: dict[tuple[str, str], Calendar] = {}


class CalendarService:
    """Working days and hours of the organisation, see ``portal_core.calendar.rules``.

    The calendar is read when it is first asked for: one statement tells whether the one that this process remembers is still
    the newest, and only after a change are the tables read again.
    """

    def __init__(self, services: Services):
        self.services = services

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar as it stands in the database."""
        session, clock = self.services.session, self.services.clock
        stamp = session.scalar(sa.select(CalendarState.stamp)) or ""
        key = (stamp, clock.zone.key)
        if key not in _calendars:
            for old in list(_calendars)[: 1 - _KEPT or None]:
                del _calendars[old]
            _calendars[key] = read_calendar(session, clock)
        return _calendars[key]

    def forget(self) -> None:
        """Read the calendar again when it is next asked for; whoever changes it calls this."""
        self.__dict__.pop("calendar", None)

    def is_working_day(self, day: dt.date) -> bool:
        """Is ``day`` worked?"""
        return self.calendar.is_working_day(day)

    def hours(self, day: dt.date) -> Moments:
        """Office hours of ``day`` as pairs of aware moments, in order; empty when it is not worked."""
        return self.calendar.hours(day)

    def due_after(self, start: dt.datetime, hours: float) -> dt.datetime:
        """The moment at which ``hours`` of working time have passed since ``start``; within office hours. ValueError below 0."""
        return self.calendar.due_after(start, hours)

    def due_in_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The end of the office hours of the ``days``-th working day after the day of ``start``. ValueError below 1."""
        return self.calendar.due_in_days(start, days)

    def working_time(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much office time lies between two moments."""
        return self.calendar.working_time(start, end)

    def due(self, start: dt.datetime, after: dt.timedelta | WorkingHours | WorkingDays | None) -> dt.datetime | None:
        """When something is due that has ``after`` to be done from ``start`` on; None when it has no limit."""
        if isinstance(after, WorkingHours):
            return self.due_after(start, after.hours)
        if isinstance(after, WorkingDays):
            return self.due_in_days(start, after.days)
        return start + after if after else None

    def unknown_years(self) -> list[int]:
        """Years whose public holidays should be known by now, and which have weekends only: this one, from December the next.

        A year in which an administrator has entered days counts as known.
        """
        today = self.services.clock.today()
        years = [today.year, today.year + 1] if today.month >= ANNOUNCED_MONTH else [today.year]
        entered = {day.year for day in self.calendar.overrides}
        return [year for year in years if year not in known_years() | entered]


def read_calendar(session, clock) -> Calendar:
    """The calendar of the tables that ``session`` sees."""
    hours = session.scalars(sa.select(OfficeHours))
    seasons = tuple(Season(row.month, row.day, parsed(row.spans)) for row in hours)
    overrides = {row.day: Override(row.working, parsed(row.spans), row.note) for row in session.scalars(sa.select(CalendarDay))}
    return Calendar(clock, seasons or SEASONS, overrides)


def parsed(spans):
    """``[["08:30", "12:00"], …]`` of a table as pairs of times."""
    return tuple((dt.time.fromisoformat(start), dt.time.fromisoformat(end)) for start, end in spans)
