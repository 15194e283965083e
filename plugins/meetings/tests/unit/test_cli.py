"""``portal meetings verify`` as an operator runs it."""

import datetime as dt

import pytest
from click.testing import CliRunner

from portal_core.api import Case, User
from portal_core.cli.program import make_program
from portal_core.db import Database
from portal_meetings.models import Booking, Room

INI = """
[app:main]
use = egg:portal-core
portal.plugins = meetings
portal.database_url = {url}
portal.data_dir = {folder}
"""


@pytest.fixture
def run(fresh_db_url, tmp_path):
    """Runs the command; returns exit code and output."""
    ini = tmp_path / "portal.ini"
    ini.write_text(INI.format(url=fresh_db_url, folder=tmp_path))

    def verify():
        result = CliRunner().invoke(make_program(), ["-c", str(ini), "meetings", "verify"])
        return result.exit_code, result.output

    return verify


def test_sound(run):
    assert run() == (0, "0 overlaps\n0 bookings without a hold\n0 holds without a claim\n")


def test_exit_code_when_something_is_wrong(run, fresh_db_url):
    """An approved booking whose hold somebody deleted by hand."""
    moment = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    database = Database(fresh_db_url)
    with database.writing() as session:
        user = User(login="li", name="李静", password_hash="-", password_changed=moment, created=moment)
        room = Room(name="东会议室", building="1 号楼", capacity=10)
        session.add_all([user, room])
        session.flush()
        people = {"applicant_id": user.id, "handler_id": user.id}
        state = {"state": "approved", "state_label": "已通过", "created": moment, "changed": moment}
        case = Case(kind="meetings.booking", number="HY20261124-001", title="例会", **people, **state)
        session.add(case)
        session.flush()
        slot = {"room_id": room.id, "starts_at": moment, "ends_at": moment + dt.timedelta(hours=1), "people": 5}
        words = {"state": "approved", "title": "例会", "kind": "work", "contact": "", "phone": ""}
        session.add(Booking(case_id=case.id, owner_id=user.id, **slot, **words))
        expected = ["0 overlaps", "1 bookings without a hold", "0 holds without a claim", f"no hold: case {case.id}"]
    database.dispose()
    code, output = run()
    assert (code, output.splitlines()) == (1, expected)
