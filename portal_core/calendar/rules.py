"""Working time as a value: which days are worked, when, and how far so many working hours reach. Nothing here asks a database.

Days are those of the users' zone; all moments that go in or come out are aware, and those that come out are in UTC.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from portal_core.calendar.holidays import public_day
from portal_core.clock import Clock

Span = tuple[dt.time, dt.time]
Moments = tuple[tuple[dt.datetime, dt.datetime], ...]

ZERO, DAY = dt.timedelta(), dt.timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class Season:
    """Office hours from ``month``/``day`` on, every year, until the next season begins. ``spans`` are in order."""

    month: int
    day: int
    spans: tuple[Span, ...]

    @property
    def begins(self) -> str:
        """``07-01``."""
        return f"{self.month:02}-{self.day:02}"


@dataclass(frozen=True)
class Override:
    """An administrator's word on one day, stronger than all else. Without ``spans`` a working day has the season's hours."""

    working: bool
    spans: tuple[Span, ...] = ()
    note: str = ""


def _spans(*texts) -> tuple[Span, ...]:
    times = [dt.time.fromisoformat(text) for text in texts]
    return tuple(zip(times[::2], times[1::2], strict=True))


# Office hours of Shaoxing (canteen-cards-core spec, 2.3): afternoons are longer from 1 July to 15 September.
SEASONS = (
    Season(7, 1, _spans("08:30", "12:00", "14:00", "17:30")),
    Season(9, 16, _spans("08:30", "12:00", "14:00", "17:00")),
)


class Calendar:
    """Working days and hours by ``seasons`` and ``overrides``. Days are worked out once and remembered.

    ``clock`` lends only the zone.
    """

    def __init__(self, clock: Clock, seasons: tuple[Season, ...] = SEASONS, overrides: Mapping[dt.date, Override] | None = None):
        self.clock = clock
        self.seasons = tuple(sorted(seasons, key=lambda season: (season.month, season.day)))
        self.overrides = overrides or {}
        self._hours: dict[dt.date, Moments] = {}

    def is_working_day(self, day: dt.date) -> bool:
        """Is ``day`` worked: by an override, else by the State Council, else from Monday to Friday?"""
        override = self.overrides.get(day)
        if override:
            return override.working
        public = public_day(day)
        return public.working if public else day.weekday() < SATURDAY

    def spans(self, day: dt.date) -> tuple[Span, ...]:
        """Office hours of ``day`` by the users' clocks, in order; empty when it is not worked."""
        if not self.is_working_day(day):
            return ()
        override = self.overrides.get(day)
        return (override.spans if override else ()) or self.season(day).spans

    def season(self, day: dt.date) -> Season:
        """The season that ``day`` lies in; before the year's first one that is the last one, still running."""
        begun = [season for season in self.seasons if (season.month, season.day) <= (day.month, day.day)]
        return (begun or self.seasons)[-1]

    def hours(self, day: dt.date) -> Moments:
        """Office hours of ``day`` as pairs of moments, in order; empty when it is not worked."""
        found = self._hours.get(day)
        if found is None:
            found = tuple((self.clock.at(day, start), self.clock.at(day, end)) for start, end in self.spans(day))
            self._hours[day] = found
        return found

    def due_after(self, start: dt.datetime, hours: float) -> dt.datetime:
        """The moment at which ``hours`` of working time have passed since ``start``.

        It always lies within office hours: with 0 hours that is ``start`` itself or the next opening. Raises ValueError for
        negative hours.
        """
        if hours < 0:
            raise ValueError(f"{hours} working hours lie in the past")
        left = dt.timedelta(hours=hours)
        start, day = start.astimezone(dt.UTC), self.clock.local(start).date()
        while True:
            for opening, closing in self.hours(day):
                begin = max(start, opening)
                if begin <= closing and left <= closing - begin:
                    return begin + left
                left -= max(closing - begin, ZERO)
            day += DAY

    def due_in_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The end of the office hours of the ``days``-th working day after the day of ``start``. Raises ValueError below 1."""
        if days < 1:
            raise ValueError(f"{days} working days do not lie in the future")
        day = self.clock.local(start).date()
        while days:
            day += DAY
            days -= bool(self.hours(day))
        return self.hours(day)[-1][1]

    def working_time(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much office time lies between two moments; zero when ``end`` is not after ``start``."""
        total, day, last = ZERO, self.clock.local(start).date(), self.clock.local(end).date()
        while day <= last:
            total += sum((max(min(end, closing) - max(start, opening), ZERO) for opening, closing in self.hours(day)), ZERO)
            day += DAY
        return total
