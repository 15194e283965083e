"""Lengths of working time, as flows name them: "due within four working hours" (工作时限)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkingHours:
    """So many hours of office time, e.g. ``WorkingHours(4)``; parts of hours are allowed."""

    hours: float


@dataclass(frozen=True)
class WorkingDays:
    """Until the end of the office hours of the n-th working day after today, e.g. ``WorkingDays(5)`` (5 个工作日内)."""

    days: int
