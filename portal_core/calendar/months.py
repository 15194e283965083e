"""The year as twelve tables of weeks, and the overrides of a year as ranges: what the calendar's page shows."""

import calendar as weeks
import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal_core.calendar.holidays import public_day
from portal_core.calendar.rules import Calendar, Override
from portal_core.i18n import _

WORK, REST, MAKE_UP, HOLIDAY = "work", "rest", "makeup", "holiday"
_WORDS = {
    WORK: _("working day"),
    REST: _("day off"),
    MAKE_UP: _("make-up working day"),
    HOLIDAY: _("public holiday"),
}


@dataclass(frozen=True)
class DayCell:
    """A day of a month: ``look`` is what it is, ``word`` says the same, ``name`` a holiday's or note; ``own``: overridden."""

    date: dt.date
    look: str
    word: Any
    name: str
    own: bool
    today: bool


@dataclass(frozen=True)
class Month:
    """A month: weeks from Monday to Sunday, None where the day belongs to another month."""

    year: int
    number: int
    weeks: tuple[tuple[DayCell | None, ...], ...]


@dataclass(frozen=True)
class OwnDays:
    """Neighbouring days of which the same was said. ``hours`` is text, empty for those of the season."""

    first: dt.date
    last: dt.date
    working: bool
    hours: str
    note: str


def months_of(calendar: Calendar, year: int, today: dt.date) -> tuple[Month, ...]:
    """The twelve months of ``year``."""
    return tuple(Month(year, number, _weeks(calendar, year, number, today)) for number in range(1, 13))


def own_days(calendar: Calendar, year: int) -> tuple[OwnDays, ...]:
    """What administrators said of days of ``year``, neighbours together."""
    found: list[OwnDays] = []
    for day in sorted(day for day in calendar.overrides if day.year == year):
        entry = _own(day, calendar.overrides[day])
        if found and found[-1].last + dt.timedelta(days=1) == day and _same(found[-1], entry):
            entry = OwnDays(found.pop().first, day, entry.working, entry.hours, entry.note)
        found.append(entry)
    return tuple(found)


def hours_text(spans) -> str:
    """``08:30-12:00, 14:00-17:00``."""
    return ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)


def _weeks(calendar, year, number, today):
    found = weeks.Calendar(weeks.MONDAY).monthdatescalendar(year, number)
    return tuple(tuple(_cell(calendar, day, today) if day.month == number else None for day in week) for week in found)


def _cell(calendar, day, today):
    override, public = calendar.overrides.get(day), public_day(day)
    if override:
        look = WORK if override.working else REST
        name = override.note
    elif public:
        look, name = (MAKE_UP if public.working else HOLIDAY), public.name
    else:
        look, name = (WORK if calendar.is_working_day(day) else REST), ""
    return DayCell(day, look, _WORDS[look], name, override is not None, day == today)


def _own(day: dt.date, override: Override):
    return OwnDays(day, day, override.working, hours_text(override.spans), override.note)


def _same(one, other):
    return (one.working, one.hours, one.note) == (other.working, other.hours, other.note)
