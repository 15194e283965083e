"""领导统计: the page of a dataset, the lists behind its numbers, and their exports."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther

from portal_core.errors import Forbidden, Invalid
from portal_core.i18n import _
from portal_core.statistics.asked import Asked, look_up, scope
from portal_core.statistics.datasets import DEPARTMENT, MOMENT, NUMBER, Dataset
from portal_core.statistics.exports import ExportService, conditions
from portal_core.statistics.pages import COMPARED_WITH, PERIOD_TITLES, Card, PageMaker, Tile, definitions
from portal_core.statistics.period import DAY, MONTH, PERIODS, PRESETS, RANGE, Period, between, preset
from portal_core.statistics.queries import Position
from portal_core.statistics.rows import Sheet, in_digits
from portal_core.statistics.services import StatisticsService, Unit
from portal_core.web.params import MAX_ID, choice_param, date_param, int_param, text_param

PAGE = 20
VALUE_MAX = 64
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Classes of the cells of a list, by the kind of their column.
CLASSES = {NUMBER: "n", MOMENT: "num nowrap"}
_POSITION = re.compile(r"([0-9]{1,17})-([0-9]{1,19})")


@dataclass(frozen=True)
class StatisticsPage:
    """Context of ``page.pt``. ``tabs`` and ``periods`` are ``(title, url, current)``.

    ``days`` stand in the form: those of the period, or what was typed when ``errors`` (messages by field) refuse it.
    """

    title: Any
    dataset: Dataset
    tabs: tuple[tuple[Any, str, bool], ...]
    periods: tuple[tuple[Any, str, bool], ...]
    period: Period
    days: tuple[dt.date | None, dt.date | None]
    compared_with: Any
    units: tuple[Unit, ...]
    department: int | None
    tiles: tuple[Tile, ...]
    cards: tuple[Card, ...]
    definitions: tuple[tuple[Any, Any], ...]
    export: Asked
    errors: dict[str, Any]


@dataclass(frozen=True)
class ListPage:
    """Context of ``list.pt``: ``digits`` and ``unit`` of the number, ``size`` rows behind it, one page of them."""

    dataset: Dataset
    title: Any
    conditions: str
    definition: Any
    digits: str
    unit: Any
    size: int
    columns: tuple[tuple[Any, str | None], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    first_url: str | None
    next_url: str | None
    back_url: str
    export: Asked


def page(request) -> StatisticsPage:
    """``/statistics/<dataset>?period=&from=&to=&department=``; without a dataset the first that the person may see."""
    statistics, identity = request.services.get(StatisticsService), request.identity
    visible = statistics.datasets(identity)
    if not visible:
        raise Forbidden(_("You may not see statistics."))
    code = request.matchdict.get("dataset")
    dataset = statistics.dataset(code, identity) if code else visible[0]
    department = int_param(request, "department", low=1)
    asked_scope = scope(statistics, dataset, identity, department)
    period, errors = _period(request)
    numbers = statistics.overview(dataset, asked_scope, period)
    maker = PageMaker(statistics, dataset, period, department, request.translator())
    unit = f"&department={department}" if department else ""
    return StatisticsPage(
        title=dataset.title,
        dataset=dataset,
        tabs=tuple(
            (d.title, _page_url(d.code, period, unit if _same_reach(d, dataset, identity) else ""), d is dataset) for d in visible
        ),
        periods=tuple(
            (PERIOD_TITLES[each], f"/statistics/{dataset.code}?period={each}{unit}", each == period.code) for each in PRESETS
        ),
        period=period,
        days=(date_param(request, "from"), date_param(request, "to")) if errors else (period.first, period.last),
        compared_with=COMPARED_WITH[period.code],
        units=tuple(u for u in statistics.choosable(dataset, identity) if u.active or u.id == department),
        department=department,
        tiles=maker.tiles(numbers),
        cards=maker.cards(numbers),
        definitions=definitions(dataset),
        export=Asked(dataset.code, dataset.tiles[0], period.span, department),
        errors=errors,
    )


def facts(request) -> ListPage:
    """``/statistics/<dataset>/list?measure=&from=&to=&department=&by=&value=&before=``: the facts behind a number."""
    statistics, identity = request.services.get(StatisticsService), request.identity
    asked = _asked(request, statistics)
    behind = look_up(statistics, asked, identity)
    found = statistics.facts(behind.dataset, behind.scope)
    before = _position(request)
    rows = list(found.page(behind.measure, asked.span, PAGE + 1, before))
    following, rows = (rows[PAGE - 1] if len(rows) > PAGE else None), rows[:PAGE]
    translate = request.translator()
    sheet, measure = Sheet.of(statistics, behind.dataset, translate), behind.measure
    shown = asked.span[0], asked.span[1] - DAY
    unit = f"&department={asked.department}" if asked.department else ""
    return ListPage(
        dataset=behind.dataset,
        title=measure.title,
        conditions=conditions(statistics.services, behind, translate),
        definition=measure.definition,
        digits=in_digits(measure, statistics.total(behind.dataset, behind.scope, measure, asked.span)),
        unit="%" if measure.percent else measure.unit,
        size=found.size(measure, asked.span),
        columns=tuple((column.title, CLASSES.get(column.kind)) for column in sheet.columns),
        rows=tuple((behind.dataset.url(row), tuple(_text(cell) for cell in sheet.cells(row))) for row in rows),
        first_url=asked.url if before else None,
        next_url=f"{asked.url}&before={_token(following)}" if following is not None else None,
        back_url=f"/statistics/{behind.dataset.code}?period=range&from={shown[0]}&to={shown[1]}{unit}",
        export=asked,
    )


def export(request):
    """``POST /statistics/<dataset>/export``: have the list made as a workbook; leads to the page that shows how far it is."""
    asked = _asked(request, request.services.get(StatisticsService))
    work_id = request.services.get(ExportService).order(asked, request.identity)
    return HTTPSeeOther(f"/statistics/exports/{work_id}")


def _asked(request, statistics: StatisticsService) -> Asked:
    """The list that the parameters ask for; those that are missing mean this month and the first key figure."""
    dataset = statistics.dataset(request.matchdict["dataset"], request.identity)
    period, errors = _period(request)
    if errors:
        raise HTTPBadRequest()
    return Asked(
        dataset=dataset.code,
        measure=choice_param(request, "measure", [m.code for m in dataset.measures], dataset.tiles[0]),
        span=period.span,
        department=int_param(request, "department", low=1),
        by=choice_param(request, "by", [DEPARTMENT, *(d.code for d in dataset.dimensions)], ""),
        value=text_param(request, "value", VALUE_MAX),
    )


def _period(request) -> tuple[Period, dict[str, Any]]:
    """The period asked for, or this month together with what is wrong with the dates.

    The form sends the dates that it showed along with the name of their period: unless they were changed, the name counts.
    """
    today = request.registry.portal.clock.today()
    first, last = date_param(request, "from"), date_param(request, "to")
    code = choice_param(request, "period", PERIODS, RANGE if first or last else MONTH)
    if code != RANGE:
        named = preset(code, today)
        if (first or named.first, last or named.last) == (named.first, named.last):
            return named, {}
    try:
        return between(_required(first, "from"), _required(last, "to")), {}
    except Invalid as error:
        request.response.status_int = 400
        return preset(MONTH, today), error.fields


def _required(day: dt.date | None, field: str) -> dt.date:
    if day is None:
        raise Invalid(fields={field: _("Please choose a day")})
    return day


def _position(request) -> Position | None:
    """Time and key of the last row of the page before; 400 for what no page sends."""
    text = text_param(request, "before", 40)
    if not text:
        return None
    match = _POSITION.fullmatch(text)
    if match is None or int(match[2]) > MAX_ID:
        raise HTTPBadRequest()
    return EPOCH + dt.timedelta(microseconds=int(match[1])), int(match[2])


def _token(row) -> str:
    return f"{(row.at - EPOCH) // dt.timedelta(microseconds=1)}-{row.key}"


def _page_url(code: str, period: Period, unit: str) -> str:
    dates = f"&from={period.first}&to={period.last}" if period.code == RANGE else ""
    return f"/statistics/{code}?period={period.code}{dates}{unit}"


def _same_reach(one: Dataset, other: Dataset, identity) -> bool:
    """May a department that can be chosen for ``other`` be chosen for ``one`` too?"""
    return identity.reach(one.permission) == identity.reach(other.permission)


def _text(cell) -> str:
    if cell is None:
        return ""
    return f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, dt.datetime) else str(cell)


def includeme(config):
    """Routes and views of the page and its lists; the exports have a module of their own."""
    config.include("portal_core.statistics.export_views")
    config.add_route("core.statistics", "/statistics")
    config.add_route("core.statistics.dataset", "/statistics/{dataset}")
    config.add_route("core.statistics.list", "/statistics/{dataset}/list")
    config.add_route("core.statistics.export", "/statistics/{dataset}/export")
    reading = {"permission": "authenticated", "request_method": "GET"}
    for route in ("core.statistics", "core.statistics.dataset"):
        config.add_view(page, route_name=route, renderer="portal_core:templates/statistics/page.pt", **reading)
    renderer = "portal_core:templates/statistics/list.pt"
    config.add_view(facts, route_name="core.statistics.list", renderer=renderer, **reading)
    config.add_view(export, route_name="core.statistics.export", permission="authenticated", request_method="POST")
