"""会议室预约情况: the week by half-days, the day as a timeline, the list; on a phone the rooms of one day."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup

from portal_core.api import choice_param, date_param, int_param, text_param
from portal_meetings.i18n import _
from portal_meetings.services.grid import GridService, Schedule, may_book
from portal_meetings.settings import parts
from portal_meetings.views import day_html, grid_html
from portal_meetings.views.common import cover_url, translator
from portal_meetings.views.grid_cells import WEEK, WORKDAYS, Columns, columns, shown_days
from portal_meetings.views.grid_words import LEGEND, times, words_of

VIEWS = (("week", _("Week")), ("day", _("Day")), ("list", _("List")))
SEATS = (10, 20, 40, 60, 100, 200)


@dataclass(frozen=True)
class Link:
    """A link with its title; ``current`` marks where the person is."""

    title: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class DayLink:
    """A day of the strip that a phone shows."""

    weekday: str
    day: int
    url: str
    current: bool
    today: bool
    weekend: bool


@dataclass(frozen=True)
class DayHead:
    """A day in the head of the table."""

    day: dt.date
    weekday: str
    today: bool
    weekend: bool


@dataclass(frozen=True)
class AgendaLine:
    """A line of the list; ``url`` is None for a closure."""

    times: str
    room: str
    title: str
    unit: str
    state: str
    tone: str
    mine: bool
    url: str | None


@dataclass(frozen=True)
class GridPage:
    """Context of ``grid.pt``. ``body``: the table's rows; ``chips``: the phone's rooms; ``hours``: the timeline's heads."""

    view: str
    heading: str
    previous_url: str
    next_url: str
    today_url: str
    views: list[Link]
    buildings: list[str]
    building: str
    seats_choices: tuple[int, ...]
    seats: int
    date: dt.date
    days_asked: int
    legend: tuple
    heads: list[DayHead]
    parts: tuple
    strip: list[DayLink]
    chips: Markup
    body: Markup
    hours: list
    now_column: int | None
    now: str
    agenda: list
    book_url: str | None
    is_empty: bool


@dataclass(frozen=True)
class Filters:
    """What the address asks for."""

    view: str
    date: dt.date
    days: int
    building: str
    seats: int

    def url(self, **changes) -> str:
        """The address of the page with some of this changed; what is default is left out."""
        values = {
            "view": self.view,
            "date": self.date.isoformat(),
            "days": self.days,
            "building": self.building,
            "seats": self.seats,
        } | changes
        defaults = {"view": "week", "days": 0, "building": "", "seats": 0}
        query = {name: value for name, value in values.items() if value and value != defaults.get(name)}
        return "/meetings/?" + urlencode(query) if query else "/meetings/"


def read_filters(request) -> Filters:
    """The filters of the address; nonsense is answered with 400."""
    today = request.registry.portal.clock.today()
    return Filters(
        view=choice_param(request, "view", [code for code, _title in VIEWS], "week"),
        date=date_param(request, "date", today),
        days=WEEK if int_param(request, "days", 0) == WEEK else 0,
        building=text_param(request, "building"),
        seats=int_param(request, "seats", 0, high=100_000),
    )


def show(request):
    """The page ``/meetings/``."""
    filters = read_filters(request)
    clock = request.registry.portal.clock
    now = clock.local(clock.now())
    one_day = filters.view == "day"
    first = filters.date if one_day else filters.date - dt.timedelta(days=filters.date.weekday())
    service = request.services.get(GridService)
    schedule = service.schedule(request.identity, first, 1 if one_day else WEEK, filters.building, filters.seats)
    every_item = (item for items in schedule.items.values() for item in items)
    count = 1 if one_day else shown_days(first, now.date(), filters.days, every_item)
    shown = columns(first, count, parts(request.registry.portal.settings), now)
    return _page(request, filters, schedule, shown)


class Drawing:
    """The parts of the page that are written as strings, and what they have in common: words, rights, pictures."""

    def __init__(self, request, schedule: Schedule, shown: Columns):
        translate = translator(request)
        self.schedule, self.shown, self.words = schedule, shown, words_of(request)
        self.bookable = {room.id for room in schedule.rooms if may_book(request.identity, room)}
        self.covers = {room.id: cover_url(request, room.cover) for room in schedule.rooms if room.cover}
        self.days = [f"{request.fmt.day(day)}{request.fmt.weekday(day)}" for day in shown.days]
        self.parts = [translate(part.label) for part in shown.parts]

    def week(self) -> Markup:
        """The rows of the week grid."""
        labels = [day + part for day in self.days for part in self.parts]
        return grid_html.body(self.schedule, self.shown, self.words, labels, self.bookable, self.covers)

    def day(self, timeline, name: str) -> Markup:
        """The rows of the timeline of the day called ``name``."""
        return day_html.body(self.schedule, timeline, self.words, self.bookable, self.covers, name)

    def chips(self, date: dt.date) -> Markup:
        """The phone's rooms of one day."""
        day = columns(date, 1, self.shown.parts, self.shown.now)
        return day_html.chips(self.schedule, day, self.words, self.parts, self.bookable, self.covers)


def _page(request, filters: Filters, schedule: Schedule, shown: Columns) -> GridPage:
    drawing = Drawing(request, schedule, shown)
    today, first, step = shown.now.date(), shown.days[0], 1 if filters.view == "day" else WEEK
    timeline = day_html.Timeline(filters.date, shown.now)
    body = Markup()
    if filters.view == "week":
        body = drawing.week()
    elif filters.view == "day":
        body = drawing.day(timeline, request.fmt.day(first))
    return GridPage(
        view=filters.view,
        heading=_heading(request.fmt, translator(request), shown.days),
        previous_url=filters.url(date=_moved(filters.date, -step)),
        next_url=filters.url(date=_moved(filters.date, step)),
        today_url=filters.url(date=""),
        views=[Link(title, filters.url(view=code), code == filters.view) for code, title in VIEWS],
        buildings=schedule.buildings,
        building=filters.building,
        seats_choices=SEATS,
        seats=filters.seats,
        date=filters.date,
        days_asked=filters.days,
        legend=LEGEND,
        heads=[DayHead(d, request.fmt.weekday(d), d == today, d.weekday() >= WORKDAYS) for d in shown.days],
        parts=shown.parts,
        strip=_strip(request, filters, today),
        chips=drawing.chips(filters.date),
        body=body,
        hours=timeline.hours,
        now_column=timeline.now_column,
        now=f"{shown.now:%H:%M}",
        agenda=_agenda(schedule, shown, drawing.words) if filters.view == "list" else [],
        book_url="/meetings/book" if drawing.bookable else None,
        is_empty=not schedule.rooms,
    )


def _heading(fmt, translate, days):
    first, last = days[0], days[-1]
    if first == last:
        return f"{fmt.day(first)} {fmt.weekday(first)}"
    if first.month == last.month:
        return translate(_("${month}/${first} – ${last}", mapping={"month": first.month, "first": first.day, "last": last.day}))
    return f"{fmt.day(first)} – {fmt.day(last)}"


def _moved(date, days):
    """A date some days away; at the ends of the calendar it stays."""
    try:
        return (date + dt.timedelta(days=days)).isoformat()
    except OverflowError:
        return date.isoformat()


def _strip(request, filters, today):
    monday = filters.date - dt.timedelta(days=filters.date.weekday())
    days = [monday + dt.timedelta(days=n) for n in range(WEEK)]
    return [
        DayLink(
            request.fmt.weekday(d), d.day, filters.url(date=d.isoformat()), d == filters.date, d == today, d.weekday() >= WORKDAYS
        )
        for d in days
    ]


def _agenda(schedule, shown, words):
    """``(day, lines)`` of the days on which something happens. What occupies parts of a hall is told once, by itself."""
    ids = [room.id for room in schedule.rooms]
    items = sorted(
        (item for room_id in ids for item in schedule.of(room_id) if item.room_id == room_id), key=lambda i: (i.start, i.room_id)
    )
    by_day = {
        day: [_line(schedule, item, words) for item in items if max(item.start.date(), shown.days[0]) == day]
        for day in shown.days
    }
    return [(day, lines) for day, lines in by_day.items() if lines]


def _line(schedule, item, words):
    url = f"/meetings/bookings/{item.booking_id}" if item.booking_id else None
    look, name = words.looks[item.state], schedule.names[item.room_id]
    return AgendaLine(times(item), name, words.title(item), item.unit, look.state, look.tone, item.mine, url)


def includeme(config):
    """Route and view."""
    config.add_route("meetings.grid", "/meetings/", request_method="GET")
    config.add_view(show, route_name="meetings.grid", renderer="portal_meetings:templates/grid.pt", permission="authenticated")
