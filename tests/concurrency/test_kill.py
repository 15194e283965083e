"""``kill -9`` of the web process in the middle of two hundred bookings: what was acknowledged is there, nothing is half there."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from visitors import GONE, Visitor

from portal_core.accounts.passwords import hasher
from portal_core.api import Case, Task, User
from portal_core.clock import Clock
from portal_core.inbox.models import CaseEvent
from portal_core.inbox.timeline import broken_at
from portal_meetings.models import Booking, Hold

pytestmark = pytest.mark.concurrency

BOOKINGS = 200
KILL_AFTER = 100
VISITORS = 8
PASSWORD = "Korrekt-7-Pferd"
START_SECONDS = 60

GRANIAN = ("--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "2", "--backpressure", "64")

INI = """
[app:main]
use = egg:portal-core
portal.plugins = meetings
portal.database_url = {url}
portal.data_dir = {folder}
portal.password_profile = cheapest

[server:main]
use = egg:portal-core#embedded
listen = 127.0.0.1:{port}
"""


class Portal:
    """The portal as an operator runs it, in processes of its own that can be killed and started again.

    On SQLite that is one process of the embedded server, on PostgreSQL granian with two workers, as ``docs/operations.md`` says.
    """

    def __init__(self, url, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        ini = folder / "portal.ini"
        ini.write_text(INI.format(url=url, folder=folder, port=port))
        programs = Path(sys.executable).parent
        if url.startswith("sqlite"):
            self._command = [programs / "pserve", ini]
        else:
            self._command = [
                programs / "granian",
                "--interface",
                "wsgi",
                "--port",
                str(port),
                *GRANIAN,
                "portal_core.wsgi:application",
            ]
        self._environment = os.environ | {"PORTAL_CONFIG": str(ini)}
        self._process = None

    def start(self):
        """Start it and wait until it answers."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # A session of its own, so that the server and its workers can be killed together.
        self._process = subprocess.Popen(self._command, env=self._environment, start_new_session=True, **quiet)
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                return Visitor(self.address).get("/-/health")
            except GONE:
                assert self._process.poll() is None and time.monotonic() < give_up, "the portal does not start"
                time.sleep(0.1)

    def kill(self):
        """As the kernel does when memory is short."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def served(url, folder):
    """A running ``Portal``, killed at the end."""
    portal = Portal(url, folder)
    portal.start()
    try:
        yield portal
    finally:
        portal.kill()


class Bookings:
    """Two hundred different slots that visitors take one by one; ``numbers`` are the cases that were acknowledged."""

    def __init__(self, rooms):
        clock = Clock()
        tomorrow = clock.local(clock.at(clock.today() + dt.timedelta(days=1), dt.time(8)))
        slots = [tomorrow + dt.timedelta(days=n // 12, hours=n % 12) for n in range(BOOKINGS // len(rooms))]
        self._wanted = [(room, slot) for slot in slots for room in rooms]
        self._lock = threading.Lock()
        self.numbers = []
        self.unknown = []

    def work(self, visitor, enough):
        """Book slot after slot until ``enough`` were acknowledged, none is left, or the server is gone."""
        while True:
            with self._lock:
                if len(self.numbers) >= enough or not self._wanted:
                    return
                room, slot = self._wanted.pop()
            try:
                number = visitor.book(room, slot, "例会")
            except GONE:
                self.unknown.append((room, slot))
                return
            with self._lock:
                self.numbers.append(number)

    def race(self, visitors, enough=BOOKINGS):
        """Set all ``visitors`` to work, each in a thread; returns the threads."""
        threads = [threading.Thread(target=self.work, args=(visitor, enough)) for visitor in visitors]
        for thread in threads:
            thread.start()
        return threads


def test_acknowledged_bookings_survive(compound, tmp_path):
    with compound.portal.database.writing() as session:
        session.execute(sa.update(User).values(password_hash=hasher("cheapest").hash(PASSWORD)))
    bookings = Bookings((compound.room, compound.other))
    with served(compound.url, tmp_path) as portal:
        visitors = [Visitor(portal.address) for _number in range(VISITORS)]
        for number, visitor in enumerate(visitors):
            visitor.log_in(f"clerk{number % len(compound.clerks)}", PASSWORD)
        threads = bookings.race(visitors)
        while len(bookings.numbers) < KILL_AFTER:
            assert any(thread.is_alive() for thread in threads), "bookings failed before the kill"
            time.sleep(0.001)
        portal.kill()
        for thread in threads:
            thread.join()
        acknowledged = list(bookings.numbers)
        assert KILL_AFTER <= len(acknowledged) < BOOKINGS
        assert bookings.unknown, "nobody was in the middle of a booking"

        portal.start()
        check(compound, acknowledged, len(bookings.unknown))
        # The sessions survived too, and everybody goes on where they were.
        assert visitors[0].get(f"/cases/{owned_by_first(compound, acknowledged)}")[0] == 200
        for thread in bookings.race(visitors):
            thread.join()
        assert len(bookings.numbers) + len(bookings.unknown) == BOOKINGS
        check(compound, bookings.numbers, len(bookings.unknown))


def check(compound, acknowledged, unknown):
    """Every acknowledged booking is complete, and so is every other that was committed before its answer got lost."""
    with compound.portal.database.reading() as session:
        cases = dict(session.execute(sa.select(Case.number, Case.id)).all())
        assert set(acknowledged) <= cases.keys()
        assert len(cases) <= len(acknowledged) + unknown
        for key in (Booking.case_id, Hold.booking_id, Task.case_id, CaseEvent.case_id):
            assert sorted(session.scalars(sa.select(key))) == sorted(cases.values()), key
        assert not any(broken_at(session, case_id) for case_id in cases.values())
        assert session.scalars(sa.select(sa.func.distinct(Booking.state))).all() == ["pending"]
    assert compound.report().sound


def owned_by_first(compound, numbers):
    """The number of some acknowledged case of the first clerk."""
    query = sa.select(Case.number).where(Case.applicant_id == compound.clerks[0], Case.number.in_(numbers)).limit(1)
    with compound.portal.database.reading() as session:
        return session.scalars(query).one()
