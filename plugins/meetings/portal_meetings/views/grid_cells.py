"""The half-days of a week as columns, and what stands in each cell of a room's row. Pure functions over a schedule."""

import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from portal_meetings.services.grid import Item
from portal_meetings.settings import Part

WORKDAYS, WEEK = 5, 7


@dataclass(frozen=True)
class Columns:
    """Some days in parts. ``bounds`` are the starts of the columns and the end of the last one; the first ``past`` are over.

    ``now`` is in the users' zone. Two that differ in nothing else are equal: what is drawn for one can be used for the other.
    """

    days: tuple[dt.date, ...]
    parts: tuple[Part, ...]
    bounds: tuple[dt.datetime, ...]
    past: int
    now: dt.datetime = field(compare=False)

    def __len__(self):
        return len(self.bounds) - 1

    def is_past(self, column: int) -> bool:
        """Is this half-day over?"""
        return column < self.past


class Cell(NamedTuple):
    """What occupies ``span`` columns from ``column`` on; several items are stacked."""

    column: int
    span: int
    items: tuple[Item, ...]


def columns(first: dt.date, days: int, parts: tuple[Part, ...], now: dt.datetime) -> Columns:
    """The columns of ``days`` days from ``first`` on; ``now`` is aware and in the users' zone."""
    dates = tuple(first + dt.timedelta(days=n) for n in range(days))
    starts = [dt.datetime.combine(date, part.begin, now.tzinfo) for date in dates for part in parts]
    end = dt.datetime.combine(first + dt.timedelta(days=days), dt.time(), now.tzinfo)
    bounds = (*starts, end)
    return Columns(dates, parts, bounds, max(bisect_right(bounds, now) - 1, 0), now)


def shown_days(first: dt.date, today: dt.date, asked: int, items) -> int:
    """Monday to Friday; the weekend as well when it is asked for, when something stands there and when today is such a day."""
    saturday = first + dt.timedelta(days=WORKDAYS)
    if asked == WEEK or saturday <= today < first + dt.timedelta(days=WEEK):
        return WEEK
    return WEEK if any(item.end.date() > saturday or _reaches(item, saturday) for item in items) else WORKDAYS


def occupied_cells(items, columns: Columns) -> list[Cell]:
    """The occupied cells of a room, in order.

    Items that touch the same columns share one cell over all of them. Where they overlap in part, each column shows what
    touches it, so that a free half-day beside a long meeting stays free.
    """
    spans = sorted(_spans(items, columns), key=lambda span: span[:2])
    cells = []
    for group in _overlapping(spans):
        first, last = group[0][:2]
        if all(span[:2] == (first, last) for span in group):
            cells.append(Cell(first, last - first + 1, tuple(item for _first, _last, item in group)))
            continue
        for column in range(first, max(span[1] for span in group) + 1):
            cells.append(Cell(column, 1, tuple(item for start, end, item in group if start <= column <= end)))
    return cells


def _reaches(item, saturday):
    """Does ``item`` touch Saturday? Midnight at its beginning is still Friday's end."""
    return item.end.date() == saturday and item.end.time() > dt.time()


def _spans(items, columns):
    """``(first column, last column, item)`` of the items that touch the columns."""
    bounds = columns.bounds
    for item in items:
        if item.end > bounds[0] and item.start < bounds[-1]:
            first = max(bisect_right(bounds, item.start) - 1, 0)
            last = min(bisect_left(bounds, item.end), len(columns)) - 1
            yield first, last, item


def _overlapping(spans):
    """Runs of spans in which each touches a column of one before it."""
    group, end = [], -1
    for span in spans:
        if group and span[0] > end:
            yield group
            group = []
        end = max(end, span[1]) if group else span[1]
        group.append(span)
    if group:
        yield group


class Gap(NamedTuple):
    """A free stretch of time (aware, in the users' zone)."""

    start: dt.datetime
    end: dt.datetime


def free_gaps(busy, opens: dt.datetime, closes: dt.datetime, now: dt.datetime, shortest: dt.timedelta) -> list[Gap]:
    """What is free from ``opens`` to ``closes`` and not over, at least ``shortest`` long.

    ``busy`` are ``(start, end)`` in the order of time.
    """
    gaps, free_from = [], max(opens, now)
    for start, end in busy:
        if min(start, closes) - free_from >= shortest:
            gaps.append(Gap(free_from, min(start, closes)))
        free_from = max(free_from, end)
    if closes - free_from >= shortest:
        gaps.append(Gap(free_from, closes))
    return gaps
