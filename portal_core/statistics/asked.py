"""What is asked of the statistics, as parameters of an address: so that links, forms, exports and the audit log speak alike."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.errors import NotFound
from portal_core.statistics.datasets import DEPARTMENT, Dataset, Measure
from portal_core.statistics.period import Span
from portal_core.statistics.queries import Scope
from portal_core.statistics.services import StatisticsService
from portal_core.web.params import MAX_ID


@dataclass(frozen=True)
class Asked:
    """A list that stands behind a number: of ``measure``, in ``span``, of a department with all below it (None: of all).

    ``by`` names a dimension with exactly one value: ``value`` as text, empty for facts that have none.
    """

    dataset: str
    measure: str
    span: Span
    department: int | None = None
    by: str = ""
    value: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the list's address, also of the form that exports it."""
        first, after = self.span
        last = after - dt.timedelta(days=1)
        found = {"measure": self.measure, "from": first.isoformat(), "to": last.isoformat()}
        if self.department is not None:
            found["department"] = str(self.department)
        return found | {"by": self.by, "value": self.value} if self.by else found

    @property
    def url(self) -> str:
        """The address of the list."""
        return f"/statistics/{self.dataset}/list?{urlencode(self.parameters)}"

    def to_json(self) -> dict[str, Any]:
        """Arguments of a job."""
        return self.parameters | {"dataset": self.dataset, "department": self.department}

    @classmethod
    def from_json(cls, args: Mapping[str, Any]) -> "Asked":
        """The reverse of ``to_json``."""
        span = (dt.date.fromisoformat(args["from"]), dt.date.fromisoformat(args["to"]) + dt.timedelta(days=1))
        return cls(args["dataset"], args["measure"], span, args["department"], args.get("by", ""), args.get("value", ""))


@dataclass(frozen=True)
class Behind:
    """``Asked`` with everything looked up that it names, as far as the person may see it."""

    dataset: Dataset
    measure: Measure
    scope: Scope
    span: Span


def look_up(statistics: StatisticsService, asked: Asked, identity: Identity) -> Behind:
    """What ``asked`` names. Raises NotFound for whatever does not exist or is not for ``identity``."""
    dataset = statistics.dataset(asked.dataset, identity)
    try:
        measure = dataset.measure(asked.measure)
        by = {asked.by: value_of(dataset, asked.by, asked.value)} if asked.by else {}
    except (KeyError, ValueError):
        raise NotFound() from None
    return Behind(dataset, measure, scope(statistics, dataset, identity, asked.department, by), asked.span)


def scope(
    statistics: StatisticsService,
    dataset: Dataset,
    identity: Identity,
    department: int | None,
    by: Mapping[str, Any] | None = None,
) -> Scope:
    """Whose facts ``identity`` asks for. Raises NotFound for a department that is not theirs to ask for."""
    path = statistics.unit(department, dataset, identity).path if department is not None else ""
    return Scope(identity, path, by or {})


def value_of(dataset: Dataset, code: str, text: str) -> Any:
    """``text`` as a value of the dimension ``code``. Raises KeyError and ValueError."""
    if code != DEPARTMENT:
        dataset.dimension(code)
    if not text:
        return None
    if not isinstance(dataset.select.selected_columns[code].type, sa.Integer):
        return text
    if not (text.isascii() and text.isdecimal()) or int(text) > MAX_ID:
        raise ValueError(text)
    return int(text)
