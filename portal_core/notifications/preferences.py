"""What people want to get outside the portal: by which channels, from which modules, and at what hours not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.clock import Clock
from portal_core.notifications.models import NotificationPreference
from portal_core.services import Services

# A channel carries everything (but what is muted), tells of tasks only, or is not used.
ALL, TODO, OFF = "all", "todo", "off"
MODES = (ALL, TODO, OFF)


@dataclass(frozen=True)
class QuietHours:
    """Local times between which only urgent messages leave the portal; ``start`` may be later in the day than ``end``."""

    start: dt.time
    end: dt.time

    def leave(self, clock: Clock, moment: dt.datetime) -> dt.datetime:
        """``moment``, or the end of the quiet hours in which it lies."""
        local = clock.local(moment)
        day, time = local.date(), local.time()
        if self.start <= self.end:
            inside = self.start <= time < self.end
        else:
            inside = time >= self.start or time < self.end
            day += dt.timedelta(days=time >= self.start)
        return clock.at(day, self.end) if inside else moment


def parse_quiet_hours(text: str) -> QuietHours | None:
    """``22:00-07:30`` as quiet hours, empty text as none; ValueError for anything else."""
    if not text.strip():
        return None
    start, _dash, end = text.partition("-")
    return QuietHours(dt.time.fromisoformat(start.strip()), dt.time.fromisoformat(end.strip()))


@dataclass(frozen=True)
class Choice:
    """How a person uses one channel; ``muted`` are groups (modules) whose messages shall not come this way."""

    channel: str
    mode: str = ALL
    muted: tuple[str, ...] = ()

    def admits(self, group: str, todo: bool) -> bool:
        """Does a message of ``group`` (``todo``: of a task) go by this channel? Tasks cannot be muted by module."""
        if self.mode == OFF:
            return False
        return todo or (self.mode == ALL and group not in self.muted)


@dataclass(frozen=True)
class Preferences:
    """One person's choices in the order in which channels are tried; ``quiet`` is None for no quiet hours."""

    choices: tuple[Choice, ...] = ()
    quiet: QuietHours | None = None

    def of(self, codes: Iterable[str]) -> list[Choice]:
        """A choice for each channel of ``codes``: as the person put them, then those that came later, which carry all."""
        codes = list(codes)
        known = [choice for choice in self.choices if choice.channel in codes]
        named = {choice.channel for choice in known}
        return known + [Choice(code) for code in codes if code not in named]

    def channels(self, codes: Iterable[str], group: str, todo: bool) -> list[str]:
        """The channels of ``codes`` by which a message goes, the first to try first."""
        return [choice.channel for choice in self.of(codes) if choice.admits(group, todo)]


def group_of(code: str) -> str:
    """The group of a message type for muting: the module that sends it."""
    return code.split(".")[0]


class PreferenceService:
    """Reads and keeps preferences."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def of(self, user_ids: Collection[int]) -> dict[int, Preferences]:
        """The preferences of all ``user_ids``, by one statement."""
        rows = self.session.scalars(sa.select(NotificationPreference).where(NotificationPreference.user_id.in_(user_ids)))
        found = {row.user_id: _preferences(row) for row in rows}
        default = Preferences(quiet=self.services.portal.settings["portal.quiet_hours"])
        return {user_id: found.get(user_id, default) for user_id in user_ids}

    def get(self, user_id: int) -> Preferences:
        """The preferences of one person."""
        return self.of((user_id,))[user_id]

    def save(self, user_id: int, preferences: Preferences) -> None:
        """Keep what the person chose; messages that already wait go as they were to go."""
        row = self.session.get(NotificationPreference, user_id)
        if row is None:
            row = NotificationPreference(user_id=user_id)
            self.session.add(row)
        row.channels = [
            {"channel": choice.channel, "mode": choice.mode, "muted": list(choice.muted)} for choice in preferences.choices
        ]
        quiet = preferences.quiet
        row.quiet_from, row.quiet_to = (quiet.start, quiet.end) if quiet else (None, None)


def _preferences(row: NotificationPreference) -> Preferences:
    choices = tuple(Choice(item["channel"], item["mode"], tuple(item["muted"])) for item in row.channels)
    quiet = QuietHours(row.quiet_from, row.quiet_to) if row.quiet_from is not None and row.quiet_to is not None else None
    return Preferences(choices, quiet)
