"""Periodic jobs: once per slot whoever asks, nothing lost, failures visible and tried again."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.clock import FixedClock
from portal_core.db import Database
from portal_core.declarations import Job
from portal_core.jobs import runner
from portal_core.jobs.models import JobRun
from portal_core.jobs.worker import EmbeddedWorker
from portal_core.testing.fixtures import NOW

TEN_MINUTES = dt.timedelta(minutes=10)


class Unchanging:
    """No module is ever switched."""

    def glance(self):
        pass


class SmallPortal:
    """As much of a portal as the runner needs."""

    def __init__(self, database, *jobs):
        self.database = database
        self.clock = FixedClock(NOW)
        self.jobs = {job.name: job for job in jobs}
        self.settings = {"portal.job_lease_seconds": 1, "portal.job_poll_seconds": 0.02, "portal.job_threads": 1}
        self.runtime = Unchanging()


def write_line(session, portal, clock):
    session.add(AuditEntry(at=clock.now(), action="test.ran"))


def fail(session, portal, clock):
    write_line(session, portal, clock)
    session.flush()
    raise LookupError("no such thing")


def lines(database):
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))


def runs(database):
    with database.reading() as session:
        return list(session.scalars(sa.select(JobRun).order_by(JobRun.slot)))


@pytest.fixture
def database(fresh_db_url):
    made = Database(fresh_db_url)
    yield made
    made.dispose()


def test_a_slot_runs_once_and_the_next_one_again(database):
    portal = SmallPortal(database, Job("test.line", "Line", TEN_MINUTES, write_line))
    assert [runner.run_due(portal) for _again in range(3)] == [1, 0, 0]
    portal.clock.advance(minutes=10)
    assert runner.run_due(portal) == 1
    assert lines(database) == 2
    assert all(run.finished for run in runs(database))


def test_slots_are_multiples_of_the_interval():
    job = Job("test.line", "Line", TEN_MINUTES, write_line)
    assert runner.slot_of(job, NOW + dt.timedelta(minutes=9, seconds=59)) == NOW


def test_workers_that_ask_at_once_run_it_once(database):
    def slow(session, portal, clock):
        write_line(session, portal, clock)
        session.flush()
        time.sleep(0.2)

    portal = SmallPortal(database, Job("test.line", "Line", TEN_MINUTES, slow))
    results = []
    threads = [threading.Thread(target=lambda: results.append(runner.run_due(portal))) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 0, 0, 1]
    assert lines(database) == 1


def test_a_failure_is_undone_recorded_and_tried_again_later(database):
    portal = SmallPortal(database, Job("test.line", "Line", dt.timedelta(days=1), fail))
    assert runner.run_due(portal) == 0
    assert lines(database) == 0, "what the job wrote before it failed is undone"
    (run,) = runs(database)
    assert (run.finished, run.failures, run.error) == (None, 1, "LookupError: no such thing")
    assert run.retry_at > portal.clock.now()

    assert runner.run_due(portal) == 0
    assert runs(database)[0].failures == 1, "not before its time"
    portal.clock.advance(seconds=31)
    runner.run_due(portal)
    assert runs(database)[0].failures == 2

    portal.jobs["test.line"] = Job("test.line", "Line", dt.timedelta(days=1), write_line)
    portal.clock.advance(minutes=5)
    assert runner.run_due(portal) == 1
    (run,) = runs(database)
    assert run.finished and not run.error and run.retry_at is None


def test_the_health_check_names_failing_jobs(database):
    portal = SmallPortal(database, Job("test.good", "Good", TEN_MINUTES, write_line), Job("test.bad", "Bad", TEN_MINUTES, fail))
    runner.run_due(portal)
    with database.reading() as session:
        assert runner.jobs_succeed(session) == "failing: test.bad"
        assert set(runner.last_runs(session)) == {"test.good", "test.bad"}


def test_old_runs_are_forgotten(database):
    portal = SmallPortal(database, Job("test.line", "Line", TEN_MINUTES, write_line))
    runner.run_due(portal)
    portal.clock.advance(days=31)
    runner.run_due(portal)
    assert len(runs(database)) == 1


def test_delays_double_up_to_an_hour():
    assert dt.timedelta(seconds=24) <= runner.delay(1) <= dt.timedelta(seconds=30)
    assert dt.timedelta(minutes=48) <= runner.delay(1000) <= dt.timedelta(hours=1)


KILLED = """
import os, signal, sys, datetime as dt
sys.path.insert(0, {folder!r})
from test_jobs import SmallPortal, write_line
from portal_core.db import Database
from portal_core.declarations import Job
from portal_core.jobs import runner

def die(session, portal, clock):
    write_line(session, portal, clock)
    session.flush()
    print("working", flush=True)
    signal.pause()

runner.run_due(SmallPortal(Database({url!r}), Job("test.line", "Line", dt.timedelta(minutes=10), die)))
"""


def test_a_worker_killed_in_the_middle_leaves_no_trace_and_the_slot_is_run_again(database, fresh_db_url):
    script = KILLED.format(folder=os.path.dirname(__file__), url=fresh_db_url)
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout.readline() == "working\n"
        worker.send_signal(signal.SIGKILL)
    # The server notices a moment later that the killed worker's connection is gone.
    portal = SmallPortal(database, Job("test.line", "Line", TEN_MINUTES, write_line))
    until = time.monotonic() + 10
    while not runner.run_due(portal) and time.monotonic() < until:
        time.sleep(0.05)
    assert lines(database) == 1
    assert [run.finished is not None for run in runs(database)] == [True]


def test_the_embedded_worker_runs_jobs_and_stops(database):
    portal = SmallPortal(database, Job("test.line", "Line", TEN_MINUTES, write_line))
    worker = EmbeddedWorker(portal, pause=0.02)
    worker.start()
    until = time.monotonic() + 10
    while lines(database) == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert worker.stop()
    assert lines(database) == 1


def test_a_source_that_raises_does_not_end_the_worker(database):
    calls = []

    def broken(_portal):
        calls.append(1)
        raise OSError("the database is away")

    worker = EmbeddedWorker(SmallPortal(database), sources=(broken,), pause=0.01)
    worker.start()
    while len(calls) < 3:
        time.sleep(0.01)
    assert worker.stop()
