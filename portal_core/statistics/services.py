"""Numbers about a dataset: what the leaders' page shows, and the lists behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import ALL, OWN, TREE, Identity
from portal_core.accounts.models import Department
from portal_core.errors import NotFound
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.statistics.datasets import DEPARTMENT, Chart, Dataset, Dimension, Measure
from portal_core.statistics.period import Period, Span
from portal_core.statistics.queries import Facts, Scope

Values = Mapping[str, Fraction | None]


@dataclass(frozen=True)
class Unit:
    """A department as the page needs it. ``depth`` counts from 0; ``active`` ones can be chosen in the filter."""

    id: int
    name: str
    path: str
    active: bool

    @property
    def depth(self) -> int:
        """How many departments lie above."""
        return self.path.count("/") - 2


@dataclass(frozen=True)
class Line:
    """The numbers of one value of a dimension, or of one step of the time (then ``value`` is None and ``span`` is set)."""

    value: Any
    label: str
    values: Values
    span: Span | None = None


@dataclass(frozen=True)
class Overview:
    """All numbers of a page: ``now`` and ``before`` (the period it is compared with) by measure, and the lines of each chart."""

    now: Values
    before: Values
    charts: tuple[tuple[Chart, tuple[Line, ...]], ...]


class StatisticsService:
    """See the module. Names of departments and of dimensions' values are read once."""

    def __init__(self, services: Services):
        self.services = services
        self._labels: dict[str, Mapping[Any, str]] = {}

    def datasets(self, identity: Identity) -> list[Dataset]:
        """What ``identity`` may see at least a part of, in order."""
        every = self.services.portal.datasets.values()
        return sorted((d for d in every if identity.reach(d.permission)), key=lambda d: (d.order, d.code))

    def dataset(self, code: str, identity: Identity) -> Dataset:
        """The dataset ``code``. Raises NotFound when there is none or ``identity`` may see nothing of it."""
        for dataset in self.datasets(identity):
            if dataset.code == code:
                return dataset
        raise NotFound()

    def facts(self, dataset: Dataset, scope: Scope) -> Facts:
        """The facts of ``dataset`` within ``scope``."""
        return Facts(self.services.session, self.services.clock, dataset, scope)

    def overview(self, dataset: Dataset, scope: Scope, period: Period) -> Overview:
        """All numbers of the page of ``dataset``: one statement for the time and one for each dimension of a chart."""
        facts, columns = self.facts(dataset, scope), _columns(dataset.measures)
        steps = period.steps()
        sums = facts.sums_by_span(columns, [period.previous, *steps])
        whole = {name: sum(step[name] for step in sums[1:]) for name in columns}
        capacities = self._capacities(dataset, scope, [period.previous, period.span, *steps])

        def values(amounts: Mapping[str, int], index: int) -> Values:
            full = {code: sum(caps[index].values()) for code, caps in capacities.items()}
            return {m.code: value_of(m, amounts, full.get(m.code)) for m in dataset.measures}

        along = {
            "": tuple(
                Line(None, "", values(amounts, index), span)
                for index, (amounts, span) in enumerate(zip(sums[1:], steps, strict=True), 2)
            )
        }
        for code in dict.fromkeys(chart.dimension for chart in dataset.charts if chart.dimension):
            found = facts.sums_by(columns, code, period.span)
            along[code] = self._lines(dataset, code, found, {c: caps[1] for c, caps in capacities.items()})
        charts = tuple((chart, _sorted(chart, along[chart.dimension])) for chart in dataset.charts)
        return Overview(values(whole, 1), values(sums[0], 0), charts)

    def total(self, dataset: Dataset, scope: Scope, measure: Measure, span: Span) -> Fraction | None:
        """The number itself, as the page shows it for ``span``."""
        columns = _columns([measure])
        (amounts,) = self.facts(dataset, scope).sums_by_span(columns, [span])
        capacities = self._capacities(dataset, scope, [span]).get(measure.code)
        return value_of(measure, amounts, sum(capacities[0].values()) if capacities else None)

    # -- names -----------------------------------------------------------------------------------------------------

    @cached_property
    def units(self) -> dict[int, Unit]:
        """All departments by id, each after the one above it."""
        rows = self.services.session.execute(
            sa.select(Department.id, Department.name, Department.path, Department.active, Department.position)
        ).all()
        place = {row.id: (row.position, row.id) for row in rows}
        ordered = sorted(rows, key=lambda row: [place.get(int(part), (0, 0)) for part in row.path.split("/") if part])
        return {row.id: Unit(row.id, row.name, row.path, row.active) for row in ordered}

    def unit(self, unit_id: int, dataset: Dataset, identity: Identity) -> Unit:
        """The department ``unit_id``, if ``identity`` may ask for it. Raises NotFound."""
        for unit in self.choosable(dataset, identity):
            if unit.id == unit_id:
                return unit
        raise NotFound()

    def choosable(self, dataset: Dataset, identity: Identity) -> list[Unit]:
        """The departments that the permission of ``identity`` covers as a whole."""
        reach = identity.reach(dataset.permission)
        if reach in (None, OWN):
            return []
        units = list(self.units.values())
        if reach == ALL:
            return units
        if reach == TREE:
            return [u for u in units if any(u.path.startswith(path) for path in identity.department_paths)]
        return [u for u in units if u.path in identity.department_paths]

    def labels(self, dataset: Dataset, code: str) -> Mapping[Any, str]:
        """The names of the values of the dimension ``code`` of ``dataset``."""
        if code == DEPARTMENT:
            return {unit.id: unit.name for unit in self.units.values()}
        key = f"{dataset.code} {code}"
        if key not in self._labels:
            self._labels[key] = dataset.dimension(code).labels(self.services)
        return self._labels[key]

    def dimensions(self, dataset: Dataset) -> tuple[Dimension, ...]:
        """The dimensions of ``dataset``, the department among them."""
        return (*dataset.dimensions, Dimension(DEPARTMENT, _("Department"), lambda _services: self.labels(dataset, DEPARTMENT)))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _capacities(self, dataset: Dataset, scope: Scope, spans: Sequence[Span]) -> dict[str, list[Mapping[Any, int]]]:
        """By measure: for each span what there is, by value of the measure's dimension, as far as ``scope`` asks for it."""
        found = {}
        for measure in dataset.measures:
            if measure.capacity is not None:
                amounts = measure.capacity(self.services, spans)
                if measure.along in scope.by:
                    wanted = scope.by[measure.along]
                    amounts = [{k: v for k, v in by_value.items() if k == wanted} for by_value in amounts]
                found[measure.code] = list(amounts)
        return found

    def _lines(
        self,
        dataset: Dataset,
        code: str,
        sums: Mapping[Any, Mapping[str, int]],
        capacities: Mapping[str, Mapping[Any, int]],
    ) -> tuple[Line, ...]:
        """A line for each value that occurs, and for each that could have occurred (a room that nobody booked)."""
        names, nothing = self.labels(dataset, code), dict.fromkeys(_columns(dataset.measures), 0)
        idle = {
            value
            for measure in dataset.measures
            if measure.along == code
            for value, amount in capacities.get(measure.code, {}).items()
            if amount
        }
        known = [value for value in names if value in sums or value in idle]
        lines = []
        for value in (*known, *(value for value in sums if value not in names)):
            amounts = sums.get(value, nothing)
            # A capacity that is not told apart by this dimension is that of all its values together.
            full = {
                m.code: capacities[m.code].get(value, 0) if m.along == code else sum(capacities[m.code].values())
                for m in dataset.measures
                if m.capacity is not None
            }
            values = {m.code: value_of(m, amounts, full.get(m.code)) for m in dataset.measures}
            lines.append(Line(value, names.get(value, value if value is not None else _("None given")), values))
        return tuple(lines)


def value_of(measure: Measure, sums: Mapping[str, int], capacity: int | None = None) -> Fraction | None:
    """The number of ``measure`` for these sums, exactly; None where there is nothing to divide by."""
    whole = 1
    if measure.capacity is not None:
        whole = capacity or 0
    elif measure.per:
        whole = sums[measure.per]
    if not whole:
        return None
    return Fraction(sums[measure.value] * (100 if measure.percent else 1), whole * measure.scale)


def _columns(measures: Sequence[Measure]) -> list[str]:
    """The columns that the measures add up; the empty name stands for the facts themselves."""
    return list(dict.fromkeys(name for m in measures for name in ((m.value, m.per) if m.per else (m.value,))))


def _sorted(chart: Chart, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Along the time as it comes, else what is most first."""
    if not chart.dimension:
        return tuple(lines)
    first = chart.measures[0]
    return tuple(sorted(lines, key=lambda line: -(line.values[first] or 0)))
