"""What a dataset is: facts in SQL, and what may be asked of them.

A *fact* is one row of a select: a case that was filed, a booking. Facts are placed in time and belong to a department; further
columns are *dimensions* by which they are told apart and numbers which *measures* add up. Every measure is a sum over facts or
a quotient of two such sums, so totals, periods and departments all come from one GROUP BY, and the facts that make up a number
can be listed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.errors import StartError

# Columns that every select of facts has.
KEY, AT, DEPARTMENT = "key", "at", "department_id"
TEXT, MOMENT, NUMBER, LABEL, YES = "text", "moment", "number", "label", "yes"


@dataclass(frozen=True)
class Dimension:
    """A column of the facts, of the same name as ``code``, whose values tell facts apart.

    ``labels(services)`` names its values in the order in which they are shown, with at most one statement; values that it does
    not name are shown as they are.
    """

    code: str
    title: str
    labels: Callable[[Any], Mapping[Any, str]]


@dataclass(frozen=True)
class Measure:
    """A number about facts: ``sum(value) / sum(per) / scale``; made by ``count``, ``total``, ``average``, ``ratio``, ``share``.

    ``value`` and ``per`` are columns; an empty ``value`` counts every fact, an empty ``per`` divides by nothing. ``capacity`` is
    a denominator that is not in the facts: ``capacity(services, spans)`` returns for each span of days ``(first, after)`` a
    mapping from values of the dimension ``along`` to amounts. ``better`` says whether more (``up``) or less (``down``)
    of it is good news. ``definition`` is shown to readers.
    """

    code: str
    title: str
    value: str = ""
    per: str = ""
    capacity: Callable[..., Sequence[Mapping[Any, int]]] | None = None
    along: str = ""
    scale: int = 1
    percent: bool = False
    decimals: int = 0
    unit: str = ""
    better: str = ""
    definition: str = ""

    @property
    def listed(self) -> str:
        """The column whose facts stand behind the number: those with anything but zero in it; empty means all facts."""
        return self.per or self.value

    @property
    def adds_up(self) -> bool:
        """Is the number of a whole the sum of the numbers of its parts?"""
        return not self.per and self.capacity is None


def count(code: str, title: str, flag: str = "", **more: Any) -> Measure:
    """How many facts have a one in ``flag``; all of them without it."""
    return Measure(code, title, flag, **more)


def total(code: str, title: str, column: str, **more: Any) -> Measure:
    """The sum of ``column``; ``scale=60`` turns minutes into hours."""
    return Measure(code, title, column, **more)


def average(code: str, title: str, column: str, per: str, **more: Any) -> Measure:
    """The mean of ``column`` over the facts with a one in ``per``."""
    return Measure(code, title, column, per, **more)


def ratio(code: str, title: str, part: str, whole: str, **more: Any) -> Measure:
    """The sum of ``part`` in percent of the sum of ``whole``."""
    return Measure(code, title, part, whole, percent=True, **({"decimals": 1} | more))


def share(
    code: str, title: str, column: str, capacity: Callable[..., Sequence[Mapping[Any, int]]], along: str, **more: Any
) -> Measure:
    """The sum of ``column`` in percent of a ``capacity``; see ``Measure``."""
    return Measure(code, title, column, capacity=capacity, along=along, percent=True, **({"decimals": 1} | more))


@dataclass(frozen=True)
class Column:
    """A column of the list behind a number: a column of the facts, and how it is shown.

    ``kind``: text, moment (aware), number, yes (one or zero), or label (a dimension, shown by its labels).
    """

    code: str
    title: str
    kind: str = TEXT


@dataclass(frozen=True)
class Chart:
    """A card of the page: ``measures`` along a dimension, or along the time when ``dimension`` is empty.

    ``kind``: bar, line, pie, or meter (a table with a bar in each row).
    """

    title: str
    kind: str
    measures: tuple[str, ...]
    dimension: str = ""


@dataclass(frozen=True)
class Dataset:
    """Facts and what may be asked of them; see the module.

    ``code`` is ``<plugin>.<word>``. ``permission`` reaches (``Permission.reaches``): people see the facts of the departments
    that theirs covers, and those whose ``owners`` (columns with users' ids) they are. ``select`` has the columns ``key`` (a whole
    number, unique among the facts), ``at`` (UTC), ``department_id`` and those that everything else names. ``url(row)`` is where
    a row of the list leads, or empty. The measures named by ``tiles`` stand at the top of the page.
    """

    code: str
    title: str
    permission: str
    select: sa.Select[Any] | sa.CompoundSelect[Any]
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    columns: tuple[Column, ...]
    charts: tuple[Chart, ...]
    tiles: tuple[str, ...]
    url: Callable[[Any], str] = lambda row: ""
    owners: tuple[str, ...] = ()
    order: int = 100

    def measure(self, code: str) -> Measure:
        """The measure ``code``; KeyError when there is none."""
        return {measure.code: measure for measure in self.measures}[code]

    def dimension(self, code: str) -> Dimension:
        """The dimension ``code``; KeyError when there is none."""
        return {dimension.code: dimension for dimension in self.dimensions}[code]


def check(dataset: Dataset, permissions: Mapping[str, Any]) -> None:
    """Raise StartError when ``dataset`` cannot work; ``permissions`` are the declared ones by name."""
    permission = permissions.get(dataset.permission)
    if permission is None or not permission.reaches:
        raise StartError(f"dataset {dataset.code}: {dataset.permission!r} is no declared permission that reaches")
    codes = {"measure": _codes(dataset, dataset.measures), "dimension": _codes(dataset, dataset.dimensions)}
    codes["dimension"].add(DEPARTMENT)
    codes["column"] = {str(column.key) for column in dataset.select.selected_columns}
    for kind, named in _named(dataset):
        unknown = set(named) - codes[kind] - {""}
        if unknown:
            raise StartError(f"dataset {dataset.code}: there is no {kind} {min(unknown)!r}")


def _codes(dataset: Dataset, items: Iterable[Any]) -> set[str]:
    codes = [item.code for item in items]
    if len(set(codes)) < len(codes):
        raise StartError(f"dataset {dataset.code}: a code is used twice")
    return set(codes)


def _named(dataset: Dataset) -> Iterable[tuple[str, Iterable[str]]]:
    """What the parts of ``dataset`` name of each other, as ``(kind, codes)``."""
    yield "column", (KEY, AT, DEPARTMENT, *dataset.owners)
    yield "column", (dimension.code for dimension in dataset.dimensions)
    yield "column", (name for measure in dataset.measures for name in (measure.value, measure.per))
    yield "column", (column.code for column in dataset.columns)
    yield "dimension", (measure.along for measure in dataset.measures)
    yield "dimension", (column.code for column in dataset.columns if column.kind == LABEL)
    yield "dimension", (chart.dimension for chart in dataset.charts)
    yield "measure", (code for chart in dataset.charts for code in chart.measures)
    yield "measure", dataset.tiles
