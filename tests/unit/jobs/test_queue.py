"""The queue without workers: what is enqueued, who may do it, and what becomes of it."""

import datetime as dt
import sys
import time

import pytest
import sqlalchemy as sa

from portal_core import portal as portals
from portal_core.accounts.identity import Identity
from portal_core.api import Conflict, FixedClock, JobService, NotFound, PluginInfo, QueuedJob, Services, hookimpl
from portal_core.audit.models import AuditEntry
from portal_core.db import Database
from portal_core.jobs import queue
from portal_core.jobs.consumers import consumer
from portal_core.jobs.dispatch import mark
from portal_core.jobs.ledger import LedgerService, forget_done, none_dead
from portal_core.jobs.models import DEAD, DONE, RUNNING, WAITING, QueuedWork
from portal_core.jobs.revival import revive
from portal_core.testing.fixtures import NOW

LEASE = dt.timedelta(seconds=15)
ADMIN = Identity(1, "admin", "管理员")


def write(services, args, prepared):
    services.session.add(AuditEntry(at=services.clock.now(), action="trial.ran", object_id=str(prepared or args)))
    services.session.flush()
    if args.get("broken"):
        raise LookupError("no such thing")
    return {"prepared": prepared}


def look(portal, args, progress):
    """The row as others see it while the work is prepared."""
    progress.report(3, 9)
    with portal.database.reading() as session:
        row = session.scalars(sa.select(QueuedWork)).one()
        return f"{row.state} {row.done}/{row.total}"


@hookimpl
def portal_plugin_info():
    return PluginInfo("trial", "Trial", "1")


@hookimpl
def portal_jobs():
    return QueuedJob("trial.write", "Write", write, attempts=3), QueuedJob("trial.look", "Look", write, look)


@pytest.fixture
def portal(fresh_db_url):
    this = sys.modules[__name__]
    made = portals.load(
        {}, {"portal.plugins": "trial"}, clock=FixedClock(NOW), extra_plugins=[("trial", this)], database=Database(fresh_db_url)
    )
    yield made
    made.database.dispose()


def enqueue(portal, name="trial.write", args=None, **options):
    with portal.database.writing() as session:
        return Services(session, portal).get(JobService).enqueue(name, args or {}, **options)


def row(portal, work_id):
    with portal.database.reading() as session:
        return session.get(QueuedWork, work_id)


def ran(portal):
    with portal.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).where(AuditEntry.action == "trial.ran"))


def messages(portal):
    """What procrastinate has for the workers."""
    if portal.database.dialect != "postgresql":
        return []
    with portal.database.reading() as session:
        query = "SELECT queueing_lock, scheduled_at FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        return [tuple(line) for line in session.execute(sa.text(query))]


def test_work_stands_or_falls_with_the_data(portal):
    with pytest.raises(LookupError), portal.database.writing() as session:
        Services(session, portal).get(JobService).enqueue("trial.write", {})
        session.flush()
        raise LookupError
    with portal.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(QueuedWork)) == 0
    assert messages(portal) == []

    work_id = enqueue(portal)
    assert row(portal, work_id).state == WAITING
    if portal.database.dialect == "postgresql":
        assert messages(portal) == [(mark(work_id), None)]


def test_the_same_key_is_queued_once_until_it_is_finished(portal):
    first = enqueue(portal, key="2026-11")
    assert enqueue(portal, key="2026-11") == first
    assert enqueue(portal, key="2026-12") != first
    assert enqueue(portal, "trial.look", key="2026-11") != first
    assert enqueue(portal) != enqueue(portal), "without a key everything is its own"
    assert queue.execute(portal, first)
    assert enqueue(portal, key="2026-11") != first


def test_only_declared_queued_jobs_can_be_queued(portal):
    for name in ("trial.unknown", "core.expire"):
        with pytest.raises(KeyError):
            enqueue(portal, name)


def test_work_is_prepared_then_written_with_its_completion(portal):
    work_id = enqueue(portal, "trial.look")
    assert queue.execute(portal, work_id)
    done = row(portal, work_id)
    assert (done.state, done.attempts, done.done, done.total) == (DONE, 1, 3, 9)
    assert done.result == {"prepared": "running 3/9"}
    assert done.finished == NOW and done.lease_until is None
    assert ran(portal) == 1
    assert not queue.execute(portal, work_id), "done is done"


def test_work_for_later_waits(portal):
    later = NOW + dt.timedelta(hours=1)
    work_id = enqueue(portal, run_at=later)
    assert queue.due(portal) == []
    if portal.database.dialect == "postgresql":
        assert messages(portal) == [(mark(work_id), later)]
    portal.clock.advance(hours=1)
    assert queue.due(portal) == [work_id]


def test_failures_back_off_and_the_last_one_is_final(portal):
    work_id = enqueue(portal, args={"broken": True})
    waits = []
    for _attempt in range(3):
        assert not queue.execute(portal, work_id)
        waits.append(row(portal, work_id).run_at - portal.clock.now())
        portal.clock.advance(minutes=1)
    dead = row(portal, work_id)
    assert (dead.state, dead.attempts, dead.error) == (DEAD, 3, "LookupError: no such thing")
    assert dt.timedelta(seconds=8) <= waits[0] <= dt.timedelta(seconds=10)
    assert dt.timedelta(seconds=16) <= waits[1] <= dt.timedelta(seconds=20)
    assert ran(portal) == 0
    with portal.database.reading() as session:
        assert none_dead(session) == "dead: 1 x trial.write; see /admin/jobs"


def test_a_worker_whose_lease_was_lost_writes_nothing(portal):
    work_id = enqueue(portal)
    lease = queue.claim(portal, work_id)
    assert queue.claim(portal, work_id) is None, "one at a time"
    assert revive(portal) == 0, "not while the lease holds"
    portal.clock.advance(seconds=16)
    assert revive(portal) == 1
    assert row(portal, work_id).state == WAITING
    assert queue.execute(portal, work_id)
    with pytest.raises(queue.LeaseLost):
        queue.Progress(portal, lease).report(1, 2)
    assert (row(portal, work_id).state, row(portal, work_id).attempts, ran(portal)) == (DONE, 2, 1)


def test_work_that_takes_its_workers_down_ends_dead(portal):
    work_id = enqueue(portal)
    for _attempt in range(3):
        assert queue.claim(portal, work_id)
        portal.clock.advance(seconds=16)
        revive(portal)
    assert row(portal, work_id).state == DEAD
    assert "worker was lost" in row(portal, work_id).error


def test_work_whose_message_was_lost_is_sent_again(portal):
    work_id = enqueue(portal)
    if portal.database.dialect != "postgresql":
        pytest.skip("SQLite's worker needs no messages")
    with portal.database.writing() as session:
        # As after kill -9 between taking the message and claiming the work.
        session.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))
    portal.clock.advance(seconds=16)
    assert revive(portal) == 1
    assert messages(portal) == [(mark(work_id), None)]
    assert revive(portal) == 0, "one message is enough"
    with portal.database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")) == 0


def test_work_of_a_module_that_is_off_waits_without_losing_attempts(portal):
    work_id = enqueue(portal)
    job = portal.jobs.pop("trial.write")
    assert not queue.execute(portal, work_id)
    waiting = row(portal, work_id)
    assert (waiting.state, waiting.attempts) == (WAITING, 0) and waiting.run_at > NOW
    portal.jobs["trial.write"] = job
    assert queue.execute(portal, work_id)


def test_only_the_owner_and_managers_see_work(portal, monkeypatch):
    with portal.database.reading() as session, pytest.raises(NotFound):
        Services(session, portal).get(JobService).get(2**60, ADMIN)
    work_id = enqueue(portal)
    with portal.database.reading() as session:
        jobs = Services(session, portal).get(JobService)
        with pytest.raises(NotFound):
            jobs.get(work_id, ADMIN)
        monkeypatch.setattr(Identity, "may", lambda self, name, scope="": name == "core:job:manage")
        assert jobs.get(work_id, ADMIN).id == work_id


def make_dead(portal, **options):
    work_id = enqueue(portal, args={"broken": True}, **options)
    for _attempt in range(3):
        queue.execute(portal, work_id)
    return work_id


def act(portal, name, work_id):
    with portal.database.writing() as session:
        ledger = Services(session, portal).get(LedgerService)
        # Nobody is user 0: the audit log then names no person.
        getattr(ledger, name)(work_id, Identity(0, "", ""))


def test_dead_work_can_be_run_again_or_dropped_and_both_are_audited(portal):
    work_id = make_dead(portal)
    act(portal, "again", work_id)
    again = row(portal, work_id)
    assert (again.state, again.attempts, again.error) == (WAITING, 0, "")
    with pytest.raises(Conflict):
        act(portal, "drop", work_id)
    for _attempt in range(3):
        queue.execute(portal, work_id)
    act(portal, "drop", work_id)
    assert row(portal, work_id) is None
    with pytest.raises(NotFound):
        act(portal, "again", work_id)
    with portal.database.reading() as session:
        entries = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.object_type == "core.work").order_by(AuditEntry.id)
        ).all()
    assert [entry.action for entry in entries] == ["job.again", "job.drop"]
    assert entries[0].detail["error"] == "LookupError: no such thing"


def test_dead_work_is_not_run_again_beside_the_same(portal):
    work_id = make_dead(portal, key="k")
    enqueue(portal, key="k")
    with pytest.raises(Conflict):
        act(portal, "again", work_id)


def test_pages_go_on_where_the_last_one_ended_and_done_work_is_forgotten(portal):
    ids = [enqueue(portal) for _number in range(32)]
    with portal.database.reading() as session:
        ledger = Services(session, portal).get(LedgerService)
        first, following = ledger.page(WAITING)
        rest, end = ledger.page(WAITING, following)
        assert [work.id for work in (*first, *rest)] == ids[::-1] and end is None
        assert ledger.counts() == {WAITING: 32, RUNNING: 0, DONE: 0, DEAD: 0}
    queue.execute(portal, ids[0])
    portal.clock.advance(days=31)
    with portal.database.writing() as session:
        forget_done(session, portal, portal.clock)
    assert row(portal, ids[0]) is None and row(portal, ids[1])


def test_a_consumer_waits_for_a_database_that_is_away_and_ends_when_told(portal):
    away = portal.database.engine.url.set(database="never_made", query={})
    if portal.database.dialect == "sqlite":
        away = away.set(database="/nowhere/never_made.db")
    portal.database.dispose()
    portal.database = Database(away.render_as_string(hide_password=False))
    thread = consumer(portal)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    thread.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_consumer_does_what_is_queued(portal):
    thread = consumer(portal)
    thread.start()
    work_id = enqueue(portal)
    until = time.monotonic() + 10
    while row(portal, work_id).state != DONE and time.monotonic() < until:
        time.sleep(0.02)
    thread.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert (row(portal, work_id).state, ran(portal)) == (DONE, 1)
    assert messages(portal) == []
