"""Several workers on one ledger and a real mail server, and ``kill -9`` of them in the middle of five hundred messages."""

import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import postman
import pytest
import sqlalchemy as sa

from portal_core import portal as portals
from portal_core.accounts.models import User
from portal_core.notifications.models import FINAL_STATES, Delivery
from portal_core.notifications.services import NotificationService
from portal_core.services import Services
from tests.mailserver import mail_server

pytestmark = pytest.mark.concurrency

MESSAGES = 500
KILL_AFTER = 150
PATIENCE = 50


@pytest.fixture
def post(fresh_db_url, tmp_path):
    """The portal, and the folder and port of its mail server."""
    with mail_server(tmp_path, "--delay", "0.002") as port:
        portal = portals.load({}, postman.settings(fresh_db_url, port))
        yield portal, tmp_path, port
        portal.database.dispose()


@contextmanager
def workers(portal, port, count):
    """So many postmen at work; they are killed at the end, as the kernel does when memory is short."""
    command = [sys.executable, str(Path(postman.__file__)), portal.settings["portal.database_url"], str(port)]
    with ExitStack() as stack:
        for _number in range(count):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def write(portal, count):
    """``count`` messages to as many people, in one transaction."""
    now = portal.clock.now()
    with portal.database.writing() as session:
        people = [
            User(login=f"u{n}", name=f"u{n}", email=f"u{n}@example.org", password_hash="-", password_changed=now, created=now)
            for n in range(count)
        ]
        session.add_all(people)
        session.flush()
        params = {"title": "例会", "number": "HY1", "actor": "周敏", "opinion": ""}
        Services(session, portal).get(NotificationService).send("meetings.approved", [user.id for user in people], params)


def arrived(folder):
    """How often each Message-ID arrived."""
    lines = (line for path in folder.glob("*.eml") for line in path.read_bytes().splitlines())
    return Counter(line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"message-id:"))


def states(portal):
    """How many deliveries have each state."""
    with portal.database.reading() as session:
        return dict(session.execute(sa.select(Delivery.state, sa.func.count()).group_by(Delivery.state)).all())


def wait_until(condition):
    """Wait for it, but not for ever."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "nothing happens any more"
        time.sleep(0.05)


def test_three_workers_send_each_message_once(post):
    portal, folder, port = post
    write(portal, 200)
    with workers(portal, port, 3):
        wait_until(lambda: states(portal) == {"sent": 200})
    mails = arrived(folder)
    assert len(mails) == 200 and set(mails.values()) == {1}


def test_killed_workers_leave_nothing_behind_and_double_only_what_was_in_flight(post):
    portal, folder, port = post
    write(portal, MESSAGES)
    with workers(portal, port, 2):
        wait_until(lambda: len(list(folder.glob("*.eml"))) >= KILL_AFTER)
    left = states(portal)
    assert left.get("sent", 0) < MESSAGES and left.get("sending", 0) <= 2
    with workers(portal, port, 2):
        wait_until(lambda: states(portal).keys() <= set(FINAL_STATES))
    assert states(portal) == {"sent": MESSAGES}
    mails = arrived(folder)
    assert len(mails) == MESSAGES, "every message arrived, under the Message-ID of its idempotency key"
    doubled = [key for key, count in mails.items() if count > 1]
    assert len(doubled) <= 2 and max(mails.values()) <= 2, "one for each worker that was killed"
