"""Sums over facts and the lists behind them. Both begin from the same conditions, so they cannot disagree."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department
from portal_core.accounts.reach import within
from portal_core.clock import Clock
from portal_core.statistics.datasets import AT, DEPARTMENT, KEY, Dataset, Measure
from portal_core.statistics.period import Span

# Rows that an export takes from the database at a time.
CHUNK = 1000

Position = tuple[dt.datetime, int]


@dataclass(frozen=True)
class Scope:
    """Whose facts: ``identity`` limits by rights; ``unit_path`` by a department and all below it; ``by`` by exact values.

    ``by`` maps codes of dimensions (``department_id`` among them) to the one value that counts, None included.
    """

    identity: Identity
    unit_path: str = ""
    by: Mapping[str, Any] = field(default_factory=dict)


class Facts:
    """The facts of one dataset within one scope. ``clock`` says when a day begins."""

    def __init__(self, session: Session, clock: Clock, dataset: Dataset, scope: Scope):
        self.session, self.clock, self.dataset = session, clock, dataset
        self._facts = dataset.select.subquery("facts")
        self._conditions = self._within(scope)

    def sums_by_span(self, columns: Sequence[str], spans: Sequence[Span]) -> list[dict[str, int]]:
        """For each of the ``spans`` (in order, not overlapping, gaps allowed) the sums of ``columns``; one statement.

        The borders are midnights of the users' zone as moments, so neither database needs to know time zones.
        """
        number = sa.case(*((sa.and_(*self._between(*span)), index) for index, span in enumerate(spans)))
        rows = self._sums(columns, number, self._in(spans[0][0], spans[-1][1]))
        return [rows.get(index) or dict.fromkeys(columns, 0) for index in range(len(spans))]

    def sums_by(self, columns: Sequence[str], dimension: str, span: Span) -> dict[Any, dict[str, int]]:
        """The sums of ``columns`` by the values of ``dimension`` that occur; one statement."""
        return self._sums(columns, self._facts.c[dimension], self._in(*span))

    def size(self, measure: Measure, span: Span) -> int:
        """How many facts stand behind ``measure``."""
        query = sa.select(sa.func.count()).select_from(self._facts).where(*self._behind(measure, span))
        return self.session.scalar(query) or 0

    def page(self, measure: Measure, span: Span, limit: int, before: Position | None = None) -> Sequence[Any]:
        """The newest facts behind ``measure``, from below ``before`` (time and key of the last row of the page before)."""
        query = self._rows(measure, span).limit(limit)
        if before is not None:
            at, key = self._facts.c[AT], self._facts.c[KEY]
            query = query.where(sa.or_(at < before[0], sa.and_(at == before[0], key < before[1])))
        return self.session.execute(query).all()

    def stream(self, measure: Measure, span: Span) -> Iterator[Any]:
        """All facts behind ``measure``, newest first, page by page: no cursor is held open, and only ``CHUNK`` are in memory."""
        before = None
        while rows := self.page(measure, span, CHUNK, before):
            yield from rows
            if len(rows) < CHUNK:
                return
            before = (rows[-1].at, rows[-1].key)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _within(self, scope: Scope) -> list[sa.ColumnElement[bool]]:
        columns = self._facts.c
        owners = [columns[name] for name in self.dataset.owners]
        found = [within(scope.identity, self.dataset.permission, columns[DEPARTMENT], owners)]
        if scope.unit_path:
            units = sa.select(Department.id).where(Department.path.startswith(scope.unit_path))
            found.append(columns[DEPARTMENT].in_(units))
        # ``==`` with None is SQL's IS NULL.
        return found + [columns[code] == value for code, value in scope.by.items()]

    def _midnight(self, day: dt.date) -> dt.datetime:
        return self.clock.at(day, dt.time())

    def _between(self, first: dt.date, after: dt.date) -> list[sa.ColumnElement[bool]]:
        at = self._facts.c[AT]
        return [at >= self._midnight(first), at < self._midnight(after)]

    def _in(self, first: dt.date, after: dt.date) -> list[sa.ColumnElement[bool]]:
        return [*self._conditions, *self._between(first, after)]

    def _behind(self, measure: Measure, span: Span) -> list[sa.ColumnElement[bool]]:
        found = self._in(*span)
        # NULL is no part of a sum and of no list either.
        return [*found, self._facts.c[measure.listed] != 0] if measure.listed else found

    def _rows(self, measure: Measure, span: Span) -> sa.Select[Any]:
        columns = self._facts.c
        return sa.select(self._facts).where(*self._behind(measure, span)).order_by(columns[AT].desc(), columns[KEY].desc())

    def _sums(self, columns: Sequence[str], group: Any, conditions: Sequence[Any]) -> dict[Any, dict[str, int]]:
        """``columns`` by group; the empty name counts the facts themselves."""
        sums = [sa.func.sum(self._facts.c[name]) if name else sa.func.count() for name in columns]
        query = sa.select(group, *sums).select_from(self._facts).where(*conditions).group_by(sa.literal_column("1"))
        return {
            row[0]: {name: int(value or 0) for name, value in zip(columns, row[1:], strict=True)}
            for row in self.session.execute(query)
        }
