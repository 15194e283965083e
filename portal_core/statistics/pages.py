"""The leaders' page as plain data for its template: tiles, cards with tables, and where every number leads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from portal_core.i18n import _
from portal_core.statistics.asked import Asked
from portal_core.statistics.datasets import Chart, Dataset, Measure
from portal_core.statistics.period import MONTH, QUARTER, RANGE, WEEK, YEAR, Period, Span
from portal_core.statistics.rows import in_digits, rounded, spoken
from portal_core.statistics.services import Line, Overview, StatisticsService

UP, DOWN = "up", "down"
PERIOD_TITLES = {WEEK: _("This week"), MONTH: _("This month"), QUARTER: _("This quarter"), YEAR: _("This year")}
COMPARED_WITH = {
    WEEK: _("compared to the same days of last week"),
    MONTH: _("compared to the same days of last month"),
    QUARTER: _("compared to the same days of last quarter"),
    YEAR: _("compared to the same days of last year"),
    RANGE: _("compared to the days before"),
}
# From this share of its open hours on a room is hard to get, and from this one on it is nearly always taken.
BUSY, FULL = 50, 80
LOADS = ((FULL, "bad", _("Very busy")), (BUSY, "warn", _("Rather busy")), (0, "ok", _("Not busy")))
FIRST_COLUMN = {"day": _("Date"), "week": _("Week from"), "month": _("Month")}


@dataclass(frozen=True)
class Tile:
    """A key figure and how it differs from the period before: ``arrow`` up, down or empty, ``tone`` good, bad or empty."""

    title: str
    digits: str
    unit: str
    url: str
    change: str
    arrow: str
    tone: str


@dataclass(frozen=True)
class Cell:
    """A number of a table: as it is read, as a script reads it, and the list behind it."""

    digits: str
    raw: str
    url: str


@dataclass(frozen=True)
class Row:
    """A line of a table. ``share`` (0 to 100) draws the bar of a meter, ``load`` is ``(tone, word)`` beside it, or empty."""

    label: str
    cells: tuple[Cell, ...]
    share: int = 0
    load: tuple[str, Any] | tuple[()] = ()


@dataclass(frozen=True)
class Card:
    """A chart with its table: ``heads`` are ``(title, unit)`` of the numbers, ``first`` heads the names, ``bar`` the bars."""

    key: str
    title: str
    kind: str
    first: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    bar: str = ""

    @property
    def is_drawn(self) -> bool:
        """Is there a chart above the table?"""
        return self.kind not in ("table", "meter")


class PageMaker:
    """Makes the parts of one page. ``asked`` makes the address of the list behind a number; ``translate`` is the request's."""

    def __init__(
        self,
        statistics: StatisticsService,
        dataset: Dataset,
        period: Period,
        department: int | None,
        translate: Callable[..., str],
    ):
        self.statistics, self.dataset, self.period = statistics, dataset, period
        self.department, self.translate = department, translate

    def tiles(self, numbers: Overview) -> tuple[Tile, ...]:
        """The key figures of the page."""
        measures = [self.dataset.measure(code) for code in self.dataset.tiles]
        return tuple(self._tile(m, numbers.now[m.code], numbers.before[m.code]) for m in measures)

    def cards(self, numbers: Overview) -> tuple[Card, ...]:
        """The cards of the page, in the dataset's order."""
        return tuple(self._card(index, chart, lines) for index, (chart, lines) in enumerate(numbers.charts))

    def url(self, measure: Measure, span: Span, by: str = "", value: Any = None) -> str:
        """The address of the list behind a number."""
        text = "" if value is None else str(value)
        return Asked(self.dataset.code, measure.code, span, self.department, by, text).url

    # -- parts -----------------------------------------------------------------------------------------------------

    def _tile(self, measure: Measure, now: Fraction | None, before: Fraction | None) -> Tile:
        change, arrow = self._change(measure, now, before)
        tone = "" if not (arrow and measure.better) else "good" if arrow == measure.better else "bad"
        unit = "%" if measure.percent else self.translate(measure.unit)
        url = self.url(measure, self.period.span)
        return Tile(self.translate(measure.title), in_digits(measure, now), unit, url, change, arrow, tone)

    def _change(self, measure: Measure, now: Fraction | None, before: Fraction | None) -> tuple[str, str]:
        """How a number differs from the one before, in words, and ``up`` or ``down``."""
        if now is None or before is None or (measure.adds_up and not before):
            return "", ""
        difference = rounded(now, measure.decimals) - rounded(before, measure.decimals)
        arrow = UP if difference > 0 else DOWN if difference < 0 else ""
        if measure.percent:
            text = self.translate(_("${count} points", mapping={"count": f"{abs(difference)}"}))
        elif measure.adds_up:
            text = f"{rounded(abs(now - before) / before * 100, 1)}%"
        else:
            text = f"{abs(difference)} {self.translate(measure.unit)}"
        return text, arrow

    def _card(self, index: int, chart: Chart, lines: Sequence[Line]) -> Card:
        measures = [self.dataset.measure(code) for code in chart.measures]
        if chart.kind == "pie":
            lines = [line for line in lines if line.values[chart.measures[0]]]
        return Card(
            key=f"t{index}",
            title=self.translate(chart.title),
            kind=chart.kind,
            first=self._first_column(chart),
            heads=tuple(self._head(m) for m in measures),
            bar=self.translate(measures[0].title) if chart.kind == "meter" else "",
            rows=tuple(self._row(chart, measures, line) for line in lines) if self._has_any(lines) else (),
        )

    def _head(self, measure: Measure) -> tuple[str, str]:
        return self.translate(measure.title), "%" if measure.percent else self.translate(measure.unit)

    def _has_any(self, lines: Sequence[Line]) -> bool:
        return any(value for line in lines for value in line.values.values())

    def _first_column(self, chart: Chart) -> str:
        if not chart.dimension:
            return self.translate(FIRST_COLUMN[self.period.step])
        title = next(d.title for d in self.statistics.dimensions(self.dataset) if d.code == chart.dimension)
        return self.translate(title)

    def _row(self, chart: Chart, measures: Sequence[Measure], line: Line) -> Row:
        cells = tuple(self._cell(measure, line, chart.dimension) for measure in measures)
        label = self._step(line.span) if line.span else spoken(self.translate, line.label)
        if chart.kind != "meter":
            return Row(label, cells)
        value = line.values[measures[0].code] or Fraction(0)
        load = next((tone, word) for least, tone, word in LOADS if value >= least)
        return Row(label, cells, min(int(rounded(value, 0)), 100), load)

    def _cell(self, measure: Measure, line: Line, dimension: str) -> Cell:
        value = line.values[measure.code]
        url = self.url(measure, line.span or self.period.span, dimension, line.value)
        raw = "" if value is None else str(rounded(value, measure.decimals))
        return Cell(in_digits(measure, value), raw, url if value is not None else "")

    def _step(self, span: Span) -> str:
        """What a step of the time is called: 11-24, 11-23 –, 2026-11."""
        first = span[0]
        if self.period.step == "month":
            return f"{first:%Y-%m}"
        return f"{first:%m-%d}" + (" –" if self.period.step == "week" else "")


def definitions(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """What each measure is, as ``(title, definition)``, for readers."""
    return tuple((measure.title, measure.definition) for measure in dataset.measures if measure.definition)
