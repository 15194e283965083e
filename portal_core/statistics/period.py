"""Periods of days: this week, this month …, the one before for comparison, and the steps of a chart.

A running period ends today, and the one before it is cut to the same number of days: a month that is three days old is compared
with the first three days of the month before (同期), not with all of it.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal_core.errors import Invalid
from portal_core.i18n import _

WEEK, MONTH, QUARTER, YEAR, RANGE = "week", "month", "quarter", "year", "range"
PRESETS = (WEEK, MONTH, QUARTER, YEAR)
PERIODS = (*PRESETS, RANGE)
LONGEST_DAYS = 5 * 366
# Up to this many days a chart has a step for each day, then for each week, then for each month.
DAILY, WEEKLY = 31, 190
DAY = dt.timedelta(days=1)

Span = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Period:
    """Days from ``first`` up to but without ``after``, and those it is compared with. ``code`` is one of ``PERIODS``."""

    code: str
    first: dt.date
    after: dt.date
    previous: Span

    @property
    def last(self) -> dt.date:
        """The last day of the period."""
        return self.after - DAY

    @property
    def span(self) -> Span:
        """``(first, after)``."""
        return self.first, self.after

    @property
    def step(self) -> str:
        """``day``, ``week`` or ``month``: what one step of a chart along the time is."""
        days = (self.after - self.first).days
        return "day" if days <= DAILY else "week" if days <= WEEKLY else "month"

    def steps(self) -> list[Span]:
        """The period cut at midnights, Mondays or firsts of the month; the first and the last step may be shorter."""
        following = {"day": lambda day: day + DAY, "week": _next_monday, "month": _next_month}[self.step]
        found, first = [], self.first
        while first < self.after:
            after = min(following(first), self.after)
            found.append((first, after))
            first = after
        return found


def preset(code: str, today: dt.date) -> Period:
    """The week, month, quarter or year in which ``today`` lies, up to today."""
    first = _first_of(code, today)
    before = _first_of(code, first - DAY)
    after = today + DAY
    return Period(code, first, after, (before, min(before + (after - first), first)))


def between(first: dt.date, last: dt.date) -> Period:
    """The days from ``first`` to ``last``, compared with as many days before. Raises Invalid with messages by field."""
    if last < first:
        raise Invalid(fields={"to": _("The end lies before the beginning")})
    if (last - first).days >= LONGEST_DAYS:
        raise Invalid(fields={"to": _("At most five years at a time")})
    after = last + DAY
    return Period(RANGE, first, after, (first - (after - first), first))


def _first_of(code: str, day: dt.date) -> dt.date:
    firsts: dict[str, Callable[[dt.date], Any]] = {
        WEEK: lambda d: d - d.weekday() * DAY,
        MONTH: lambda d: d.replace(day=1),
        QUARTER: lambda d: d.replace(month=(d.month - 1) // 3 * 3 + 1, day=1),
        YEAR: lambda d: d.replace(month=1, day=1),
    }
    return firsts[code](day)


def _next_monday(day: dt.date) -> dt.date:
    return day + (7 - day.weekday()) * DAY


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)
