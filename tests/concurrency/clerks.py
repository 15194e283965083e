"""What a racer does: a whole portal in a process of its own acts through the real services, one transaction per attempt."""

import dataclasses
import datetime as dt
import time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import transaction
import zope.sqlalchemy

from portal_core import portal as portals
from portal_core.api import CaseService, Conflict, RightsService, Services
from portal_core.clock import FixedClock
from portal_core.db import Database
from portal_meetings.models import RoomSpace
from portal_meetings.services.bookings import BookingService, SlotTaken
from portal_meetings.services.data import BookingData
from portal_meetings.services.holds import HoldService

NOW = dt.datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
WON, TAKEN, LATE = "won", "taken", "late"


def load_portal():
    """A portal with the meetings plugin whose clock stands still; its database is chosen later."""
    raw = {"portal.plugins": "meetings", "portal.password_profile": "cheapest"}
    return portals.load({}, raw, clock=FixedClock(NOW), database=Database("sqlite+pysqlite:///never-opened.db"))


def meeting(room, start, minutes=60, title="例会"):
    """A booking form for ``room`` from ``start`` (aware)."""
    return BookingData(room, title, "work", start, start + dt.timedelta(minutes=minutes), 5, "张三", "88001234")


class Clerk:
    """A portal with one person in front of it. Methods return ``WON``, ``TAKEN`` or ``LATE`` (somebody acted first)."""

    def __init__(self):
        self.portal = load_portal()
        self.identities = {}

    def open(self, url, user_ids):
        """Use the database at ``url``; ``user_ids`` are the people this clerk can be."""
        self.portal.database.dispose()
        self.portal = dataclasses.replace(self.portal, database=Database(url))
        with self.portal.database.reading() as session:
            rights = Services(session, self.portal).get(RightsService)
            self.identities = {user: rights.identity_of(user) for user in user_ids}

    def book(self, user, room, start, minutes=60):
        """Book a room."""
        form = meeting(room, start, minutes)
        return self._attempt(lambda services: services.get(BookingService).book(self.identities[user], form))

    def change(self, user, case_id, version, room, start, minutes=60):
        """Change a booking, or propose a change of an approved one."""

        def act(services):
            service, identity = services.get(BookingService), self.identities[user]
            service.change(service.get(case_id, identity), identity, meeting(room, start, minutes), version)

        return self._attempt(act)

    def cancel(self, user, case_id, version):
        """Cancel a meeting."""

        def act(services):
            service, identity = services.get(BookingService), self.identities[user]
            service.cancel(service.get(case_id, identity), identity, "moved", "", version)

        return self._attempt(act)

    def perform(self, user, case_id, version, action):
        """Do an act of the flow."""

        def act(services):
            cases = services.get(CaseService)
            cases.perform(cases.get(case_id), action, self.identities[user], opinion="已阅", version=version)

        return self._attempt(act)

    def be_refused(self, user, room, start, seconds):
        """Ask for a taken room again and again; returns how often it was refused in that time."""
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            if self.book(user, room, start) != TAKEN:
                raise AssertionError("the room was not taken")
            count += 1
        return count

    def compute(self, seconds):
        """Do sums, which nothing but the machine can slow down; returns how many in that time."""
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            sum(range(10_000))
            count += 1
        return count

    def behave(self, lock=True, hesitate=0.0):
        """How to claim a room: without ``lock`` as most booking systems do, look first and write later; and hesitate in between.

        To hesitate (seconds) between the look and the writing is what a busy machine does at the worst moment.
        """

        def claim(service, room, meeting, booking_id=0):
            if lock:
                spaces = CLAIM(service, room, meeting, booking_id)
            else:
                spaces = list(service.session.scalars(sa.select(RoomSpace.space_id).where(RoomSpace.room_id == room.id)))
            time.sleep(hesitate)
            return spaces

        HoldService.claim = claim

    def _attempt(self, act):
        """One attempt as a request makes it: a session that joins an explicit transaction when it is first used."""
        manager = transaction.TransactionManager(explicit=True)
        session = self.portal.database.writer()
        zope.sqlalchemy.register(session, initial_state="changed", transaction_manager=manager)
        try:
            with manager:
                act(Services(session, self.portal))
        except SlotTaken as error:
            # The page that answers shows both, after the request has let go of its locks.
            return TAKEN if error.taken or error.alternatives else "unexplained"
        except Conflict:
            return LATE
        return WON


CLAIM = HoldService.claim
