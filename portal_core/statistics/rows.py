"""How the facts of a list are shown, on the page and in the exported sheet."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from pyramid.i18n import TranslationString

from portal_core.clock import Clock
from portal_core.i18n import _
from portal_core.statistics.datasets import LABEL, MOMENT, NUMBER, YES, Column, Dataset, Measure
from portal_core.statistics.services import StatisticsService

YES_NO = {1: _("Yes"), 0: _("No")}
Cell = str | int | dt.datetime | None


@dataclass(frozen=True)
class Sheet:
    """The columns of a dataset's list with what is needed to fill them: names of values by dimension, a translator, a clock."""

    columns: tuple[Column, ...]
    labels: Mapping[str, Mapping[Any, str]]
    translate: Callable[..., str]
    clock: Clock

    @classmethod
    def of(cls, statistics: StatisticsService, dataset: Dataset, translate: Callable[..., str]) -> "Sheet":
        """For the list of ``dataset``; reads the names of the values of its dimensions."""
        labels = {c.code: statistics.labels(dataset, c.code) for c in dataset.columns if c.kind == LABEL}
        known = {code: {value: spoken(translate, text) for value, text in names.items()} for code, names in labels.items()}
        return cls(dataset.columns, known, translate, statistics.services.clock)

    def cells(self, row: Any) -> list[Cell]:
        """A fact's values in the order of the columns: text, whole numbers, moments in the users' zone, or nothing."""
        return [self._cell(column, getattr(row, column.code)) for column in self.columns]

    def _cell(self, column: Column, value: Any) -> Cell:
        if value is None:
            return None
        if column.kind == MOMENT:
            return self.clock.local(value)
        if column.kind == NUMBER:
            return int(value)
        if column.kind == YES:
            return self.translate(YES_NO[int(bool(value))])
        if column.kind == LABEL:
            return self.labels[column.code].get(value, str(value))
        return str(value)


def spoken(translate: Callable[..., str], text: Any) -> str:
    """``text`` translated when it was declared; what people typed (the name of a room) stays as it is."""
    return translate(text) if isinstance(text, TranslationString) else str(text)


def in_digits(measure: Measure, value: Fraction | None) -> str:
    """``value`` as it is read, without its unit; a dash where there is none."""
    if value is None:
        return "–"
    return f"{rounded(value, measure.decimals):,}"


def rounded(value: Fraction, decimals: int) -> Decimal:
    """``value``, which is not negative, with so many decimals; halves are rounded up."""
    return Decimal(floor(value * 10**decimals + Fraction(1, 2))).scaleb(-decimals)
