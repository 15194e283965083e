"""One day as strings: the timeline of the desk and the rooms with three chips of the phone (see ``grid_html`` for the reason)."""

import datetime as dt
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from portal_meetings.services.grid import GridRoom, Item, Schedule
from portal_meetings.settings import MIDNIGHT, STEP_MINUTES
from portal_meetings.views.grid_cells import Columns, occupied_cells
from portal_meetings.views.grid_html import DIALOG, ROWS_KEPT, WEEKS_KEPT, item_link, room_head
from portal_meetings.views.grid_words import Words, escaped, times

OPENS, CLOSES = 7 * 60, 22 * 60
HOUR = 60


class Timeline:
    """The columns of a day from 7:00 to 22:00, a quarter of an hour each. ``now`` is aware and in the users' zone."""

    def __init__(self, day: dt.date, now: dt.datetime):
        self.day = day
        self.midnight = dt.datetime.combine(day, dt.time(), now.tzinfo)
        self.count = (CLOSES - OPENS) // STEP_MINUTES
        self.now_minutes = _minutes(now - self.midnight)

    @property
    def hours(self) -> list[str]:
        """The head's texts, one for each four columns."""
        return [f"{minute // HOUR:02}:00" for minute in range(OPENS, CLOSES, HOUR)]

    @property
    def now_column(self) -> int | None:
        """The column of the present moment, if it is shown."""
        return self.column(self.now_minutes) if OPENS <= self.now_minutes < CLOSES else None

    @property
    def next_step(self) -> int:
        """The earliest minute at which a meeting can still begin."""
        return -(-self.now_minutes // STEP_MINUTES) * STEP_MINUTES

    def column(self, minutes: int) -> int:
        """The column that holds a minute of the day, counted from midnight; what is outside goes to the edge."""
        return min(max((minutes - OPENS) // STEP_MINUTES, 0), self.count)

    def span(self, item) -> tuple[int, int]:
        """First column of ``item`` and the one after its last."""
        end = _minutes(item.end - self.midnight)
        return self.column(_minutes(item.start - self.midnight)), self.column(end + STEP_MINUTES - 1)


def body(schedule: Schedule, line: Timeline, words: Words, bookable: set[int], covers: dict[int, str], day: str) -> Markup:
    """The rows of the timeline; ``day`` is the day in words, for the labels."""
    rows = []
    for room in schedule.rooms:
        rows.append(f"<tr>{room_head(room, words, covers.get(room.id))}")
        column = kept = 0
        for first, after, items in _blocks(schedule.of(room.id), line):
            before, behind = _margin_columns(schedule, room, items)
            rows += _between(room, line, (column, kept, first - before, first), words, room.id in bookable)
            blocks = "".join(item_link(item, room, schedule.names, words, day) for item in items)
            is_past = OPENS + after * STEP_MINUTES <= line.now_minutes
            css = f"{_hour(after)}{' many' if len(items) > 1 else ''}{' past' if is_past else ''}"
            rows.append(f'<td colspan="{after - first}" class="{css.strip()}">{blocks}</td>')
            column, kept = after, after + behind
        rows += _between(room, line, (column, kept, line.count, line.count), words, room.id in bookable)
        rows.append("</tr>\n")
    return Markup("".join(rows))  # noqa: S704 - built above, every text escaped


def chips(schedule: Schedule, day: Columns, words: Words, parts: list[str], bookable: set[int], covers: dict[int, str]) -> Markup:
    """The list of rooms for a phone: each with a chip for every part of the day. ``parts`` names them."""
    entry = day_entries(day, tuple(parts), words).entry
    entries = [entry(room, covers.get(room.id), tuple(schedule.of(room.id)), room.id in bookable) for room in schedule.rooms]
    return Markup("".join(entries))  # noqa: S704 - built here, every text escaped


@lru_cache(maxsize=WEEKS_KEPT)
def day_entries(day: Columns, parts: tuple[str, ...], words: Words) -> "DayEntries":
    """The writer of the rooms' entries for this day in this language."""
    return DayEntries(day, parts, words)


class DayEntries:
    """Writes rooms with their chips and keeps the newest ones, as ``grid_html.WeekRows`` does."""

    def __init__(self, day: Columns, parts: tuple[str, ...], words: Words):
        self.day, self.parts, self.words = day, parts, words
        self.entry = lru_cache(maxsize=ROWS_KEPT)(self._entry)

    def _entry(self, room: GridRoom, cover: str | None, items: tuple[Item, ...], bookable: bool) -> str:
        cells = {
            column: cell.items
            for cell in occupied_cells(items, self.day)
            for column in range(cell.column, cell.column + cell.span)
        }
        halves = "".join(
            _chip(room, self.day, column, cells.get(column, ()), self.words, self.parts[column], bookable)
            for column in range(len(self.day))
        )
        return f'<li>{_room_line(room, self.words, cover)}<div class="halves">{halves}</div></li>'


def _blocks(items, line):
    """``(first column, column after the last, items)``; what overlaps, in the parts of a hall, stands in one block."""
    blocks: list[list[Any]] = []
    for item in items:
        first, after = line.span(item)
        if first >= after:
            continue
        if blocks and first < blocks[-1][1]:
            blocks[-1][1] = max(blocks[-1][1], after)
            blocks[-1][2].append(item)
        else:
            blocks.append([first, after, [item]])
    return blocks


def _margin_columns(schedule, room, items):
    """How many columns before and after a block are kept free for tidying up."""
    margins = [schedule.margins(room.id, item) for item in items]
    return tuple(-(-max(minutes) // STEP_MINUTES) for minutes in zip(*margins, strict=True))


def _between(room, line, columns, words, bookable):
    """The cells between two blocks. ``columns``: where one block ends, where its margin does, where the next's begins, and it."""
    start, kept, until, stop = columns
    kept = min(max(kept, start), stop)
    until = min(max(until, kept), stop)
    cells = _free(room, line, start, kept, words, False)
    cells += _free(room, line, kept, until, words, bookable)
    return cells + _free(room, line, until, stop, words, False)


def _free(room, line, start, stop, words, bookable):
    """Free cells between two columns, cut at full hours; each proposes its own time, of the present hour what is left of it."""
    cells = []
    while start < stop:
        after = min(stop, (start // 4 + 1) * 4)
        begin, end = max(OPENS + start * STEP_MINUTES, line.next_step), OPENS + after * STEP_MINUTES
        opened = _clock_minutes(room.open_from) <= begin and end <= (_clock_minutes(room.open_to) or MIDNIGHT)
        inside, css = "", " past"
        if bookable and opened and begin < end:
            times_asked = f"start={quote(_clock(begin))}&amp;end={quote(_clock(end))}"
            url = f"/meetings/book?room={room.id}&amp;date={line.day}&amp;{times_asked}"
            label = f"{escaped(room.name)} {_clock(begin)}–{_clock(end)} {words.free}"
            inside, css = f'<a class="free" data-free="" {DIALOG} href="{url}" aria-label="{label}"></a>', ""
        cells.append(f'<td colspan="{after - start}" class="{(_hour(after) + css).strip()}">{inside}</td>')
        start = after
    return cells


def _chip(room, day, column, items, words, part_name, bookable):
    if items:
        item, title = items[0], escaped(words.title(items[0]))
        more = f" +{len(items) - 1}" if len(items) > 1 else ""
        look, css = words.looks[item.state], words.css(item)
        # The first line says the part of the day and the state in words, the second what it is.
        state = f"{part_name} {look.short or look.state}{more}"
        inside = f"{state}<small>{title}</small>"
        label = f"{escaped(room.name)} {words.mark(item)}{state}{words.colon}{title}{words.separator}{times(item)}"
        if item.booking_id is None:
            return f'<span class="half {css}">{inside}</span>'
        url = f"/meetings/bookings/{item.booking_id}" if not more else f"/meetings/?view=day&amp;date={day.days[0]}"
        opens = DIALOG if not more else ""
        return f'<a class="half {css}" href="{url}" {opens} aria-label="{label}">{inside}</a>'
    if day.is_past(column):
        return f'<span class="half past">{part_name}<small>{words.past}</small></span>'
    if not bookable:
        return f'<span class="half">{part_name}<small>{words.free_short}</small></span>'
    url = f"/meetings/book?room={room.id}&amp;date={day.days[0]}&amp;part={day.parts[column].code}"
    label = f"{escaped(room.name)} {part_name} {words.free}"
    inside = f"{part_name}<small>{words.free_short}</small>"
    return f'<a class="half free" href="{url}" {DIALOG} aria-label="{label}">{inside}</a>'


def _room_line(room: GridRoom, words: Words, cover: str | None) -> str:
    url = f"/meetings/rooms/{room.id}"
    picture = f'<img src="{escaped(cover)}" alt="" width="58" height="44" loading="lazy">' if cover else ""
    facts = f"<span>{escaped(room.place)}</span>{room.capacity} {words.people}"
    label = f"{escaped(room.name)} {words.show}"
    link = f'<a class="btn btn-s btn-t" href="{url}" {DIALOG} aria-label="{label}">{words.show}</a>'
    names = f'<b>{escaped(room.name)}</b><span class="m">{facts}</span>'
    return f'<div class="room-in">{picture}<div class="grow">{names}</div>{link}</div>'


def _hour(after):
    return "hour" if after % 4 == 0 else ""


def _minutes(delta):
    return int(delta.total_seconds() // 60)


def _clock_minutes(time):
    return time.hour * 60 + time.minute


def _clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"
