"""The one source of time, so that tests can pin it and services never call ``datetime.now`` themselves."""

import datetime as dt
from zoneinfo import ZoneInfo

UTC = dt.UTC


class Clock:
    """Real time. ``zone`` is the IANA name in which people read times (setting ``portal.timezone``)."""

    def __init__(self, zone="Asia/Shanghai"):
        self.zone = ZoneInfo(zone)

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""
        return dt.datetime.now(UTC)

    def today(self) -> dt.date:
        """Today's date where the users are."""
        return self.local(self.now()).date()

    def local(self, moment: dt.datetime) -> dt.datetime:
        """``moment`` (aware) in the users' zone."""
        return moment.astimezone(self.zone)

    def at(self, day: dt.date, time: dt.time) -> dt.datetime:
        """The UTC moment at which the users' clocks show ``day`` and ``time``."""
        return dt.datetime.combine(day, time, self.zone).astimezone(UTC)


class FixedClock(Clock):
    """A clock that stands still until ``advance`` is called; for tests and for demo data."""

    def __init__(self, moment: dt.datetime, zone="Asia/Shanghai"):
        super().__init__(zone)
        self.moment = moment.astimezone(UTC)

    def now(self) -> dt.datetime:
        return self.moment

    def advance(self, **delta) -> None:
        """Move on by ``datetime.timedelta(**delta)``."""
        self.moment += dt.timedelta(**delta)
