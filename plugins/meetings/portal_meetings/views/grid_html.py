"""The rows of the week grid as strings.

Sixty rooms make more than a thousand cells, and a template that is entered for each of them takes longer than everything else on
the page together. So this one part is written with f-strings; all text from people goes through ``escaped``.

A row that was written before is not written again: it is kept under everything it depends on (the room, what occupies it, as this
person may see it), so it can never be out of date.
"""

from functools import lru_cache

from markupsafe import Markup

from portal_meetings.services.grid import GridRoom, Item, Schedule
from portal_meetings.views.grid_cells import Columns, occupied_cells
from portal_meetings.views.grid_words import Words, escaped, times

# Links are opened in the dialog by one listener for the page; attributes for each of a thousand cells would double its size.
DIALOG = 'data-dialog=""'
# A row is about six kilobytes: the rows of sixty rooms in a few variants, for the weeks that people look at.
WEEKS_KEPT, ROWS_KEPT = 12, 240


def body(
    schedule: Schedule, columns: Columns, words: Words, labels: list[str], bookable: set[int], covers: dict[int, str]
) -> Markup:
    """The rows of the grid.

    ``labels``: day and part of each column in words. ``bookable``: ids of the rooms whose free cells are links. ``covers``:
    addresses of the rooms' pictures by room id.
    """
    row = week_rows(columns, tuple(labels), words).row
    rows = [
        row(room, covers.get(room.id), tuple(schedule.of(room.id)), schedule.other_rooms(room.id), room.id in bookable)
        for room in schedule.rooms
    ]
    return Markup("".join(rows))  # noqa: S704 - built here, every text escaped


@lru_cache(maxsize=WEEKS_KEPT)
def week_rows(columns: Columns, labels: tuple[str, ...], words: Words) -> "WeekRows":
    """The writer of the rows for these columns in this language."""
    return WeekRows(columns, labels, words)


class WeekRows:
    """Writes rows for some columns and keeps the newest ones."""

    def __init__(self, columns: Columns, labels: tuple[str, ...], words: Words):
        self.columns, self.labels, self.words = columns, labels, words
        self.ends = ["day-end" if (column + 1) % len(columns.parts) == 0 else "" for column in range(len(columns))]
        self.free = [self._free_link(column) for column in range(len(columns))]
        self.row = lru_cache(maxsize=ROWS_KEPT)(self._row)

    def _row(self, room: GridRoom, cover: str | None, items: tuple[Item, ...], others: tuple, bookable: bool) -> str:
        """One room's row. ``others``: ids and names of the rooms whose meetings occupy this one too."""
        cells, column, names = [], 0, dict(others)
        for cell in occupied_cells(items, self.columns):
            cells += self._free_cells(room, column, cell.column, bookable)
            column = cell.column + cell.span
            cells.append(self._taken_cell(cell, room, names))
        cells += self._free_cells(room, column, len(self.columns), bookable)
        return f"<tr>{room_head(room, self.words, cover)}{''.join(cells)}</tr>\n"

    def _taken_cell(self, cell, room, names):
        last = cell.column + cell.span - 1
        when = self.labels[cell.column] if cell.span == 1 else f"{self.labels[cell.column]}–{self.labels[last]}"
        css = f"{self.ends[last]}{' past' if self.columns.is_past(last) else ''}{' many' if len(cell.items) > 1 else ''}"
        span = f' colspan="{cell.span}"' if cell.span > 1 else ""
        blocks = "".join(item_link(item, room, names, self.words, when) for item in cell.items)
        return f'<td{span} class="{css.strip()}">{blocks}</td>'

    def _free_cells(self, room, start, stop, bookable):
        name = escaped(room.name)
        for column in range(start, stop):
            if self.columns.is_past(column):
                yield f'<td class="{self.ends[column]} past"></td>'
            elif not bookable:
                yield f'<td class="{self.ends[column]}"></td>'
            else:
                before, behind = self.free[column]
                yield f"{before[0]}{room.id}{before[1]}{name}{behind}"

    def _free_link(self, column):
        """The text around room id and room name of a free cell in this column."""
        date, part = self.columns.days[column // len(self.columns.parts)], self.columns.parts[column % len(self.columns.parts)]
        link = f'<td class="{self.ends[column]}"><a class="free" data-free="" {DIALOG} href="/meetings/book?room='
        query = f'&amp;date={date.isoformat()}&amp;part={part.code}" aria-label="'
        return (link, query), f' {self.labels[column]} {self.words.free}"></a></td>'


def room_head(room: GridRoom, words: Words, cover: str | None) -> str:
    """The row's head: picture, name, place, seats and the link to 展示."""
    name, url = escaped(room.name), f"/meetings/rooms/{room.id}"
    picture = f'<img src="{escaped(cover)}" alt="" width="58" height="44" loading="lazy">' if cover else ""
    note = f'<span class="tag">{words.restricted}</span>' if room.restricted else ""
    return (
        f'<th scope="row" class="room"><div class="room-in">{picture}<div><b>{name}</b>'
        f'<span class="m"><span>{escaped(room.place)}</span>{room.capacity} {words.people}{note}'
        f'<a href="{url}" {DIALOG} aria-label="{name} {words.show}">{words.show}</a></span></div></div></th>'
    )


def item_link(item: Item, room: GridRoom, names: dict[int, str], words: Words, when: str) -> str:
    """A block in a cell. ``when``: the cell in words, for the label. A closure leads nowhere and is no link."""
    title, look, clock = escaped(words.title(item)), words.looks[item.state], times(item)
    details = [escaped(part) for part in (item.unit, clock) if part]
    if item.room_id != room.id:
        details.append(escaped(words.whole.format(names.get(item.room_id, ""))))
    short = f"<small>{look.short}</small>" if look.short else ""
    # Narrow cells leave out the details, so the short word stands before them; the style sheet shows it last.
    inside = f"<b>{title}</b>{short}<span>{'　'.join(details)}</span>"
    css = words.css(item)
    if item.booking_id is None:
        return f'<div class="{css}"><span class="vh">{words.looks[item.state].state}{words.colon}</span>{inside}</div>'
    url = f"/meetings/bookings/{item.booking_id}"
    # A label must hold what is seen, in this order (WCAG 2.5.3); before it stands the state in full.
    spoken = words.separator.join([title, look.short, *details] if look.short else [title, *details])
    label = f"{escaped(room.name)} {when} {words.state(item)}{words.colon}{spoken}"
    return f'<a class="{css}" href="{url}" {DIALOG} aria-label="{label}">{inside}</a>'
