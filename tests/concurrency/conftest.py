"""Racers and a small compound for them: two ordinary rooms, a hall of two halves, clerks and an administrator."""

import dataclasses
import datetime as dt
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

# Spawned processes import these modules by name; pytest's import mode alone would not let them.
sys.path.insert(0, str(Path(__file__).parent))

from clerks import NOW, TAKEN, WON, Clerk, load_portal
from racing import Racers

from portal_core.api import RightsService, Services, User
from portal_core.db import Database
from portal_meetings.models import Room, RoomSpace, Space
from portal_meetings.services.verify import verify

RACERS = 16
CLERKS = 4


@dataclass(frozen=True)
class Compound:
    """A migrated database with people and rooms. ``hall`` consists of ``left`` and ``right``; ids everywhere."""

    portal: object
    url: str
    clerks: list
    admin: int
    room: int
    other: int
    left: int
    right: int
    hall: int

    @property
    def people(self):
        """Everybody, for ``Clerk.open``."""
        return [*self.clerks, self.admin]

    def report(self):
        """What ``portal meetings verify`` finds."""
        with self.portal.database.reading() as session:
            return verify(session)


@pytest.fixture(scope="session")
def _racers():
    racers = Racers(RACERS, Clerk)
    yield racers
    racers.close()


@pytest.fixture
def racers(_racers, compound):
    """Sixteen processes, each a portal of its own on the compound's database that has booked once and been refused once.

    What a portal does for the first time takes longer, whoever else is there; a race is to measure waiting for others.
    """
    _racers.all("open", compound.url, compound.people)
    first = NOW.replace(hour=7, minute=30) + dt.timedelta(days=200)
    jobs = [("book", (compound.clerks[0], compound.other, first + dt.timedelta(days=n))) for n in range(RACERS)]
    for expected in (WON, TAKEN):
        assert {outcome.result for outcome in _racers.race(jobs)} == {expected}
    yield _racers
    _racers.all("behave")


@pytest.fixture
def compound(fresh_db_url):
    """A compound on a database of the test's own, on SQLite and on PostgreSQL."""
    portal = dataclasses.replace(load_portal(), database=Database(fresh_db_url))
    with portal.database.writing() as session:
        clerks = [_person(session, portal, f"clerk{n}", "clerk") for n in range(CLERKS)]
        admin = _person(session, portal, "admin1", "meetings-admin")
        halves = [Space(name="左"), Space(name="右")]
        session.add_all(halves)
        rooms = {name: _room(session, name) for name in ("room", "other")}
        for name, spaces in (("left", halves[:1]), ("right", halves[1:]), ("hall", halves)):
            rooms[name] = _room(session, name, spaces)
    yield Compound(portal, fresh_db_url, clerks, admin, **rooms)
    portal.database.dispose()


def _person(session, portal, login, role):
    now = portal.clock.now()
    user = User(login=login, name=login, password_hash="-", password_changed=now, must_change_password=False, created=now)
    session.add(user)
    session.flush()
    Services(session, portal).get(RightsService).assign(user, role)
    return user.id


def _room(session, name, spaces=()):
    room = Room(name=name, building="1 号楼", capacity=20)
    spaces = spaces or [Space(name=name)]
    session.add_all([room, *spaces])
    session.flush()
    session.add_all(RoomSpace(room_id=room.id, space_id=space.id) for space in spaces)
    session.flush()
    return room.id
