"""Settings of the plugin, and the parts of the day that the grid and the form speak of."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal_core.api import SettingSpec
from portal_meetings.i18n import _

STEP_MINUTES = 15
MIDNIGHT = 24 * 60
# A hold may not be longer than this (the triggers of the migration rely on it); buffers need their share.
LONGEST_MEETING_DAYS = 30


@dataclass(frozen=True)
class Hours:
    """A part of the day in minutes since midnight: it goes from ``begin`` to ``end``; the form proposes ``start`` to ``stop``."""

    begin: int
    end: int
    start: int
    stop: int


@dataclass(frozen=True)
class Part:
    """A part of the day: ``code`` is am, pm or ev; times are of the users' zone; ``end`` of the evening is midnight (0:00)."""

    code: str
    label: str
    begin: dt.time
    end: dt.time
    start: dt.time
    stop: dt.time


LABELS = {"am": _("Morning"), "pm": _("Afternoon"), "ev": _("Evening")}


def parse_hours(text: str) -> Hours:
    """``00:00-12:00 09:00-11:30``: the part's limits and the times proposed in it. Raises ValueError with the reason."""
    found = re.fullmatch(r"\s*(\d\d?):(\d\d)-(\d\d?):(\d\d)\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)\s*", text)
    if not found:
        raise ValueError(f"{text!r} is not like 00:00-12:00 09:00-11:30")
    numbers = [int(n) for n in found.groups()]
    begin, end, start, stop = (hour * 60 + minute for hour, minute in zip(numbers[::2], numbers[1::2], strict=True))
    if any(minute > 59 for minute in numbers[1::2]) or not 0 <= begin <= start < stop <= end <= MIDNIGHT or stop == MIDNIGHT:
        raise ValueError(f"{text!r}: the proposed times must lie inside the part, in order, before midnight")
    return Hours(begin, end, start, stop)


def parse_days(text: str) -> int:
    """A number of days from 1 to ``LONGEST_MEETING_DAYS``. Raises ValueError."""
    days = int(text)
    if not 1 <= days <= LONGEST_MEETING_DAYS:
        raise ValueError(f"{days} is not between 1 and {LONGEST_MEETING_DAYS}")
    return days


def parse_amount(text: str) -> int:
    """A whole number that is not negative. Raises ValueError."""
    number = int(text)
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number


SETTINGS = (
    SettingSpec("meetings.am", "00:00-12:00 09:00-11:30", "Morning: its limits, then the times the form proposes.", parse_hours),
    SettingSpec(
        "meetings.pm", "12:00-18:00 14:00-17:00", "Afternoon: its limits, then the times the form proposes.", parse_hours
    ),
    SettingSpec("meetings.ev", "18:00-24:00 18:30-21:00", "Evening: its limits, then the times the form proposes.", parse_hours),
    SettingSpec(
        "meetings.max_days",
        "7",
        f"Longest meeting in days, at most {LONGEST_MEETING_DAYS}.",
        parse_days,
        title=_("Longest meeting in days"),
    ),
    SettingSpec(
        "meetings.max_advance_days",
        "365",
        "How many days ahead a room may be booked.",
        parse_amount,
        title=_("Days ahead that a room may be booked"),
    ),
    SettingSpec(
        "meetings.min_notice_minutes",
        "0",
        "How many minutes before its start a meeting must be booked.",
        parse_amount,
        title=_("Minutes before its start that a meeting must be booked"),
    ),
)


def parts(settings: Mapping[str, Any]) -> tuple[Part, ...]:
    """The three parts of the day in their order."""
    result = []
    for code, label in LABELS.items():
        hours = settings[f"meetings.{code}"]
        result.append(Part(code, label, *(_time(m) for m in (hours.begin, hours.end, hours.start, hours.stop))))
    return tuple(result)


def part(settings: Mapping[str, Any], code: str) -> Part:
    """The part ``code``; KeyError for any other word."""
    return {p.code: p for p in parts(settings)}[code]


def _time(minutes: int) -> dt.time:
    return dt.time(minutes // 60 % 24, minutes % 60)
