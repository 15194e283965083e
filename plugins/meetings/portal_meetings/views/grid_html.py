"""The body of the week grid as one string.

Sixty rooms make more than a thousand cells, and a template that is entered for each of them takes longer than everything else on
the page together. So this one part is written with f-strings; all text from people goes through ``escaped``.
"""

from markupsafe import Markup

from portal_meetings.services.grid import GridRoom, Item, Schedule
from portal_meetings.views.grid_cells import Columns, occupied_cells
from portal_meetings.views.grid_words import Words, escaped, times

DIALOG = 'data-dialog="" hx-target="#dialog"'


def body(
    schedule: Schedule, columns: Columns, words: Words, labels: list[str], bookable: set[int], icons: str, covers: dict[int, str]
) -> Markup:
    """The rows of the grid.

    ``labels``: day and part of each column in words. ``bookable``: ids of the rooms whose free cells are links. ``icons``:
    address of the sprite. ``covers``: addresses of the rooms' pictures by room id.
    """
    plus = f'<svg class="i" aria-hidden="true"><use href="{icons}#plus"></use></svg>'
    free = _free_columns(columns, labels, words, plus)
    ends = [" day-end" if (column + 1) % len(columns.parts) == 0 else "" for column in range(len(columns))]
    rows = []
    for room in schedule.rooms:
        rows.append(f"<tr>{room_head(room, words, covers.get(room.id))}")
        _append_cells(rows, room, schedule, columns, words, labels, free if room.id in bookable else None, ends)
        rows.append("</tr>\n")
    return Markup("".join(rows))  # noqa: S704 - built above, every text escaped


def room_head(room: GridRoom, words: Words, cover: str | None) -> str:
    """The row's head: picture, name, place, seats and the link to 展示."""
    name, url = escaped(room.name), f"/meetings/rooms/{room.id}"
    picture = f'<img src="{escaped(cover)}" alt="" width="58" height="44" loading="lazy">' if cover else ""
    note = f'<span class="tag">{words.restricted}</span>' if room.restricted else ""
    return (
        f'<th scope="row" class="room"><div class="room-in">{picture}<div><b>{name}</b>'
        f'<span class="m"><span>{escaped(room.place)}</span>{room.capacity} {words.people}{note}'
        f'<a href="{url}" hx-get="{url}" {DIALOG} aria-label="{name} {words.show}">{words.show}</a></span></div></div></th>'
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
    return f'<a class="{css}" href="{url}" hx-get="{url}" {DIALOG} aria-label="{label}">{inside}</a>'


def _append_cells(rows, room, schedule, columns, words, labels, free, ends):
    """The cells of one room; ``free`` is None when this person may not book it."""
    name, column = escaped(room.name), 0
    for cell in occupied_cells(schedule.of(room.id), columns):
        _append_free(rows, room.id, name, column, cell.column, columns, free, ends)
        last = cell.column + cell.span - 1
        when = labels[cell.column] if cell.span == 1 else f"{labels[cell.column]}–{labels[last]}"
        css = f"{ends[last]}{' past' if columns.is_past(last) else ''}{' many' if len(cell.items) > 1 else ''}"
        span = f' colspan="{cell.span}"' if cell.span > 1 else ""
        blocks = "".join(item_link(item, room, schedule.names, words, when) for item in cell.items)
        rows.append(f'<td{span} class="{css[1:]}">{blocks}</td>')
        column = last + 1
    _append_free(rows, room.id, name, column, len(columns), columns, free, ends)


def _append_free(rows, room_id, name, start, stop, columns, free, ends):
    for column in range(start, stop):
        if free and free[column]:
            (href, hx_get, label), after = free[column]
            link = f'<a class="free" data-free="" {href}{room_id}{hx_get}{room_id}{label}{name}{after}'
            rows.append(f'<td class="{ends[column][1:]}">{link}</td>')
        else:
            rows.append(f'<td class="{ends[column][1:]}{" past" if columns.is_past(column) else ""}"></td>')


def _free_columns(columns, labels, words, plus):
    """For each column the text around room id and room name of its free cell's link, or None when it is over."""
    pieces = []
    for column, label in enumerate(labels):
        if columns.is_past(column):
            pieces.append(None)
            continue
        date, part = columns.days[column // len(columns.parts)], columns.parts[column % len(columns.parts)]
        query = f"&amp;date={date.isoformat()}&amp;part={part.code}"
        before = ('href="/meetings/book?room=', f'{query}" hx-get="/meetings/book?room=', f'{query}" {DIALOG} aria-label="')
        pieces.append((before, f' {label} {words.free}">{plus}</a>'))
    return pieces
