"""Day and times as they are typed, for pages that only ask whether something is free."""

import datetime as dt

from wtforms import BooleanField, DateField, StringField

from portal_core.api import Clock, PortalForm
from portal_meetings.services.holds import Span
from portal_meetings.settings import LONGEST_MEETING_DAYS


class SlotForm(PortalForm):
    """The time fields of the booking form, read without messages."""

    date = DateField()
    start = StringField()
    end = StringField()
    multiday = BooleanField()
    end_date = DateField()

    def span(self, clock: Clock) -> Span | None:
        """The stretch of time, or None while it is not complete or makes no sense."""
        first, last = self.date.data, self.end_date.data if self.multiday.data else self.date.data
        if first is None or last is None or not dt.timedelta() <= last - first <= dt.timedelta(days=LONGEST_MEETING_DAYS):
            return None
        start, end = moment(clock, first, self.start.data), moment(clock, last, self.end.data)
        return Span(start, end) if start and end and start < end else None


def moment(clock: Clock, day: dt.date, text: str | None) -> dt.datetime | None:
    """The moment of ``14:30`` or ``24:00`` on ``day``, or None for other texts and for days at the end of the calendar."""
    try:
        if text == "24:00":
            return clock.at(day + dt.timedelta(days=1), dt.time())
        return clock.at(day, dt.time.fromisoformat(text or "").replace(second=0, microsecond=0, tzinfo=None))
    except (ValueError, OverflowError):
        return None
