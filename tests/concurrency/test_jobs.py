"""The contract of the queue, on both databases with real workers: nothing is lost, nothing is done twice, everything shows."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import trialjobs
from trialjobs import EFFECT

from portal_core.api import JobService, Services
from portal_core.health import run_checks
from portal_core.jobs.models import DEAD, DONE, RUNNING, WAITING, JobRun, QueuedWork

pytestmark = pytest.mark.concurrency

PROGRAM = Path(trialjobs.__file__)
PATIENCE = 25


class Worker:
    """A worker process; ``wait_for`` reads what it says."""

    def __init__(self, url):
        command = [sys.executable, "-W", "ignore", PROGRAM, url]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    @property
    def pid(self):
        """Its number."""
        return self._process.pid

    def wait_for(self, text):
        """Read on until it says ``text``."""
        for line in self._process.stdout:
            if line.strip() == text:
                return
        raise AssertionError(f"the worker ended before it said {text!r}")

    def send(self, number):
        """Send a signal; SIGKILL is what the kernel does when memory is short."""
        self._process.send_signal(number)

    def end(self):
        """End it politely and wait; its exit code."""
        self._process.terminate()
        with self._process:
            return self._process.wait(PATIENCE)


@pytest.fixture
def trial(fresh_db_url):
    """A portal with the trial jobs and their table, without a worker."""
    portal = trialjobs.load(fresh_db_url)
    with portal.database.writing() as session:
        session.execute(sa.text(trialjobs.TABLE))
    yield portal
    portal.database.dispose()


@contextmanager
def workers(portal, count=1):
    """``count`` worker processes, ended at the end."""
    # Not of the engine, whose text hides the password.
    url = portal.database.engine.url.render_as_string(hide_password=False)
    started = [Worker(url) for _number in range(count)]
    try:
        for worker in started:
            worker.wait_for("ready")
        yield started
    finally:
        for worker in started:
            worker.end()


def enqueue(portal, name, *numbers, **args):
    """Put work into the queue; the ids."""
    with portal.database.writing() as session:
        service = Services(session, portal).get(JobService)
        return [service.enqueue(name, {"number": number, **args}) for number in numbers]


def effects(portal, name="write"):
    """What was done, once for each time it was done."""
    with portal.database.reading() as session:
        return sorted(session.scalars(sa.select(EFFECT.c.work).where(EFFECT.c.name == name)))


def work(portal, work_id):
    """The row of the ledger."""
    with portal.database.reading() as session:
        return session.get(QueuedWork, work_id)


def eventually(condition, seconds=PATIENCE):
    """Wait until ``condition`` holds; how long that took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - begun


def test_a_killed_worker_s_job_runs_again_and_its_effects_happen_once(trial):
    (work_id,) = enqueue(trial, "trial.linger", 7, seconds=2)
    with workers(trial, 2) as (first, second):
        # Whoever got it dies in the middle of it.
        eventually(lambda: work(trial, work_id).done > 2)
        number = int(work(trial, work_id).worker.split(":")[1])
        killed, other = (first, second) if first.pid == number else (second, first)
        killed.send(signal.SIGKILL)
        assert eventually(lambda: work(trial, work_id).state == DONE) < 30
        row = work(trial, work_id)
        assert row.attempts == 2 and row.result == {"number": 7}
        assert int(row.worker.split(":")[1]) == other.pid
    assert effects(trial) == [7]


def test_two_workers_do_200_jobs_once_each_and_a_schedule_fires_once(trial):
    numbers = list(range(200))
    with workers(trial, 2):
        begun = time.monotonic()
        enqueue(trial, "trial.write", *numbers[:100])
        for number in numbers[100:]:
            enqueue(trial, "trial.write", number)
        eventually(lambda: len(effects(trial)) >= 200)
        time.sleep(max(0, begun + 2 * trialjobs.TICK.total_seconds() - time.monotonic()))
    assert effects(trial) == numbers
    with trial.database.reading() as session:
        assert set(session.scalars(sa.select(QueuedWork.state))) == {DONE}
        assert set(session.scalars(sa.select(QueuedWork.attempts))) == {1}
        assert len(set(session.scalars(sa.select(QueuedWork.worker)))) == 2, "both took part"
        slots = session.scalars(sa.select(JobRun.finished).where(JobRun.name == "trial.tick")).all()
    assert all(slots) and len(slots) >= 2
    assert len(effects(trial, "tick")) == len(slots)


def test_failing_work_is_tried_again_later_and_ends_dead(trial):
    (work_id,) = enqueue(trial, "trial.fail", 3)
    with workers(trial):
        eventually(lambda: work(trial, work_id).attempts == 1 and work(trial, work_id).state == WAITING)
        row = work(trial, work_id)
        assert row.error == "LookupError: no such thing" and row.run_at > row.started
        eventually(lambda: work(trial, work_id).state == DEAD)
    assert work(trial, work_id).attempts == 2
    assert effects(trial) == [], "what it wrote before it failed is undone"
    assert run_checks(trial)["core.queue"].startswith("dead: 1 x trial.fail")


def test_progress_shows_while_it_runs_and_others_may_write_meanwhile(trial):
    (work_id,) = enqueue(trial, "trial.linger", 1, seconds=2)
    with workers(trial):
        eventually(lambda: 2 <= work(trial, work_id).done < 10)
        row = work(trial, work_id)
        assert (row.state, row.total) == (RUNNING, 10)
        begun = time.monotonic()
        enqueue(trial, "trial.write", 2)
        assert time.monotonic() - begun < 0.5
        assert work(trial, work_id).state == RUNNING
        eventually(lambda: effects(trial) == [1, 2])


def test_work_that_says_nothing_keeps_its_lease_and_is_finished_on_sigterm(trial):
    (work_id,) = enqueue(trial, "trial.hang", 5, seconds=4)
    with workers(trial) as (worker,):
        worker.wait_for("begun 5")
        # Twice the length of a lease.
        time.sleep(3)
        assert worker.end() == 0
    row = work(trial, work_id)
    assert (row.state, row.attempts) == (DONE, 1)
    assert effects(trial) == [5]
