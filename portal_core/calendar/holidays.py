"""Public holidays (法定节假日) and make-up working days (调休) of the People's Republic, as the State Council announces them.

The package ``chinesecalendar`` carries the announcements of past years and appears anew when the next one is out, mostly in
November. Years that it does not know have weekends only, until an administrator enters their days.
"""

import datetime as dt
from dataclasses import dataclass

import chinese_calendar

_NAMES = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
_YEARS = frozenset(day.year for day in chinese_calendar.holidays)


@dataclass(frozen=True)
class PublicDay:
    """What the State Council says of a day: ``working`` is False on holidays and True on make-up days; ``name`` in Chinese."""

    working: bool
    name: str


def known_years() -> frozenset[int]:
    """The years whose announcement the installed package has."""
    return _YEARS


def public_day(day: dt.date) -> PublicDay | None:
    """What was announced for ``day``; None for ordinary days and for every day of an unknown year.

    A Saturday or Sunday within a holiday is announced too and is returned as one.
    """
    if day in chinese_calendar.workdays:
        return PublicDay(True, _named(chinese_calendar.workdays[day]))
    if day in chinese_calendar.holidays:
        return PublicDay(False, _named(chinese_calendar.holidays[day]))
    return None


def _named(english):
    return _NAMES.get(english, english)
