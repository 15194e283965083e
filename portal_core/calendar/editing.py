"""Changing the working calendar: days that differ from the rule, and office hours by season. Every change is audited.

A change touches what is worked out from then on; due times that were already set stay as they are.
"""

import datetime as dt
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.calendar.models import ONLY, CalendarDay, CalendarState, OfficeHours
from portal_core.calendar.rules import Season, Span
from portal_core.calendar.services import CalendarService
from portal_core.errors import Conflict, Invalid, Stale
from portal_core.i18n import _
from portal_core.services import Services

DAYS_MAX = 366
NOTE_MAX = 60
SEASONS_MAX = 6
# Fields of the forms in which spans are typed, in the order of the day.
FIELDS = (("morning_from", "morning_to"), ("afternoon_from", "afternoon_to"))


@dataclass(frozen=True)
class DayChange:
    """What shall hold for the days from ``first`` to ``last``; without ``spans`` working days have their season's hours."""

    first: dt.date
    last: dt.date
    working: bool
    spans: tuple[Span, ...] = ()
    note: str = ""


class CalendarEditing:
    """Changes of the calendar. Views ask for the permission."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def stamp(self) -> str:
        """What tells the calendar as it is now from every other one."""
        return self.session.scalar(sa.select(CalendarState.stamp)) or ""

    def override(self, change: DayChange, actor: Identity, ip: str = "") -> None:
        """Let ``change`` hold for its days, whatever was said of them before. Raises Invalid by the form's fields."""
        _check_range(change.first, change.last)
        spans = change.spans if change.working else ()
        check_spans(spans)
        self._changing()
        self.session.execute(sa.delete(CalendarDay).where(CalendarDay.day.between(change.first, change.last)))
        days = [change.first + dt.timedelta(days=n) for n in range((change.last - change.first).days + 1)]
        values = {"working": change.working, "spans": as_texts(spans), "note": change.note[:NOTE_MAX]}
        self.session.execute(sa.insert(CalendarDay), [{"day": day, **values} for day in days])
        self._record("override", change.first, change.last, values, actor, ip)

    def remove(self, first: dt.date, last: dt.date, actor: Identity, ip: str = "") -> None:
        """Let the rule hold again from ``first`` to ``last``. Raises Conflict when nothing was said of these days."""
        _check_range(first, last)
        self._changing()
        days = CalendarDay.day.between(first, last)
        if not self.session.scalars(sa.delete(CalendarDay).where(days).returning(CalendarDay.day)).all():
            raise Conflict(_("Nothing was entered for these days."))
        self._record("restore", first, last, {}, actor, ip)

    def set_seasons(self, seasons: tuple[Season, ...], stamp: str, actor: Identity, ip: str = "") -> None:
        """Replace the office hours. ``stamp``: the calendar that the actor saw. Raises Invalid or Stale."""
        _check_seasons(seasons)
        for season in seasons:
            check_spans(season.spans)
        if self.stamp() != stamp:
            raise Stale(_("The calendar has changed meanwhile; please look again."))
        self._changing(stamp)
        self.session.execute(sa.delete(OfficeHours))
        rows = [{"month": item.month, "day": item.day, "spans": as_texts(item.spans)} for item in seasons]
        self.session.execute(sa.insert(OfficeHours), rows)
        detail = {f"{row['month']:02}-{row['day']:02}": row["spans"] for row in rows}
        self.services.get(AuditService).record(actor, "calendar.hours", "core.calendar", "", detail=detail, ip=ip)
        self.session.flush()

    def _changing(self, seen=None):
        """A new stamp, before anything else: it makes those who change the calendar at the same time wait for each other."""
        statement = sa.update(CalendarState).where(CalendarState.id == ONLY).values(stamp=secrets.token_hex(16))
        if seen is not None:
            statement = statement.where(CalendarState.stamp == seen)
        if self.session.scalar(statement.returning(CalendarState.id)) is None:
            raise Stale(_("The calendar has changed meanwhile; please look again."))
        self.services.get(CalendarService).forget()

    def _record(self, word, first, last, values, actor, ip):
        detail = {"first": first.isoformat(), "last": last.isoformat(), **values}
        self.services.get(AuditService).record(actor, f"calendar.{word}", "core.calendar_day", first, detail=detail, ip=ip)
        self.session.flush()


def as_texts(spans) -> list[list[str]]:
    """Spans as the tables hold them."""
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in spans]


def check_spans(spans: tuple[Span, ...]) -> None:
    """Raise Invalid, by the fields of the form, unless each of ``spans`` ends after it begins and begins after the one before."""
    before = None
    for (start, end), (from_field, to_field) in zip(spans, FIELDS, strict=False):
        if before is not None and start < before:
            raise Invalid(fields={from_field: _("Must not be before the morning ends")})
        if end <= start:
            raise Invalid(fields={to_field: _("Must be later than the beginning")})
        before = end


def _check_range(first, last):
    if last < first:
        raise Invalid(fields={"last": _("Must not be before the first day")})
    if (last - first).days >= DAYS_MAX:
        raise Invalid(fields={"last": _("At most ${max} days at a time", mapping={"max": DAYS_MAX})})


def _check_seasons(seasons):
    begins = set()
    for season in seasons:
        try:
            # A leap year would allow 29 February, on which a season begins only now and then.
            dt.date(2001, season.month, season.day)
        except ValueError:
            raise Invalid(_("There is no ${date} every year.", mapping={"date": season.begins})) from None
        begins.add((season.month, season.day))
    if len(begins) < len(seasons):
        raise Invalid(_("Two seasons begin on the same day."))
    if not 1 <= len(seasons) <= SEASONS_MAX or not all(season.spans for season in seasons):
        raise Invalid(_("Every season needs office hours."))
