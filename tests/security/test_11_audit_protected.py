"""Item 11: records are protected. Everything that somebody with the database's password could do to them is tried, and found."""

import json
import threading

import pytest
import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import Grant
from portal_core.accounts.services import AccountService, sync_permissions
from portal_core.audit import archive, checks, seals
from portal_core.audit.models import AuditEntry, AuditSeal, ChainCheck
from portal_core.audit.services import AuditService
from portal_core.db import Database
from portal_core.notifications.models import Notification
from portal_core.services import Services
from portal_core.testing.fixtures import count_statements

ENTRIES = 30


@pytest.fixture
def log(portal, fresh_db_url, monkeypatch):
    """A database of the test's own with ``ENTRIES`` entries under seals of ten each."""
    monkeypatch.setattr(seals, "ENTRIES_PER_SEAL", 10)
    portal.database = Database(fresh_db_url)
    for number in range(ENTRIES):
        write(portal, number)
    with portal.database.writing() as session:
        assert [item.entries for item in seals.seal(Services(session, portal))] == [10, 10, 10]
    yield portal
    portal.database.dispose()


def write(portal, number):
    with portal.database.writing() as session:
        services = Services(session, portal)
        services.get(AuditService).record(SYSTEM, "core.acted", "core.thing", number, detail={"名": ["旧", number, None, 1.5]})


def attack(portal, table, *statements):
    """Run ``statements`` behind the portal's back, after the triggers of ``table`` are gone."""
    with portal.database.writing() as session:
        if portal.database.dialect == "sqlite":
            for act in ("update", "delete"):
                session.execute(sa.text(f"DROP TRIGGER {table}_no_{act}"))
        else:
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in statements:
            session.execute(sa.text(statement) if isinstance(statement, str) else statement)


def verified(portal):
    with portal.database.reading() as session:
        return seals.verify(session)


def test_what_nobody_touched_is_sound(log):
    found = verified(log)
    assert (found.broken, found.entries, found.position) == (None, ENTRIES, 3)


@pytest.mark.parametrize("table", ["core_audit", "core_audit_seal"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_the_application(log, table, act):
    if act.startswith("TRUNCATE") and log.database.dialect == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), log.database.writing() as session:
        session.execute(sa.text(act.format(table)))


CHANGES = {
    "action": "UPDATE core_audit SET action = 'core.nothing' WHERE id = 15",
    "address": "UPDATE core_audit SET ip = '10.9.9.9' WHERE id = 15",
    "moment": "UPDATE core_audit SET at = '2026-01-01 00:00:00.000000' WHERE id = 15",
    "request": "UPDATE core_audit SET request_id = 'x' WHERE id = 15",
    "detail": """UPDATE core_audit SET detail = '{"a": 1}' WHERE id = 15""",
    "result": "UPDATE core_audit SET success = (id = 0) WHERE id = 15",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_entry_is_found(log, change):
    attack(log, "core_audit", change)
    broken = verified(log).broken
    assert (broken.seal, broken.first_id, broken.last_id, broken.what) == (2, 11, 20, "an entry was changed")


def test_a_removed_entry_is_found(log):
    attack(log, "core_audit", "DELETE FROM core_audit WHERE id = 25")
    assert verified(log).broken.what == "1 entries were removed"
    assert verified(log).position == 2, "what came before is sound"


@pytest.mark.parametrize("number", [15, 0, -3])
def test_an_entry_put_in_is_found(log, number):
    """In the middle, where a removed one leaves its number free, and before the first."""
    columns = "at, actor_id, action, object_type, object_id, detail, ip, success, request_id"
    make_room = "UPDATE core_audit SET id = 1000 WHERE id = 15"
    copy = f"INSERT INTO core_audit (id, {columns}) SELECT {number}, {columns} FROM core_audit WHERE id = 16"
    attack(log, "core_audit", *([make_room] if number == 15 else []), copy)
    assert verified(log).broken is not None


def test_an_emptied_log_is_found(log):
    attack(log, "core_audit", "DELETE FROM core_audit")
    assert verified(log).broken.what == "10 entries were removed"


def test_truncate_is_found(log):
    if log.database.dialect == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    attack(log, "core_audit", "TRUNCATE core_audit")
    assert verified(log).broken.what == "10 entries were removed"


def test_a_changed_entry_with_a_seal_made_to_fit_is_found_by_the_next_seal(log):
    """Who changes an entry and computes its seal anew has to change all that follow, too."""
    attack(log, "core_audit", "UPDATE core_audit SET action = 'core.nothing' WHERE id = 15")
    with log.database.reading() as session:
        item = session.get(AuditSeal, 2)
        item.digest, _count = seals.digest(seals.lines(session, 11, 20))
        forged = {"digest": item.digest, "hash": seals.seal_hash(item)}
    attack(log, "core_audit_seal", sa.update(AuditSeal).where(AuditSeal.id == 2).values(**forged))
    assert (verified(log).broken.seal, verified(log).broken.what) == (3, "the seal was changed")


def test_a_seal_taken_out_of_the_middle_is_found(log):
    attack(log, "core_audit_seal", "DELETE FROM core_audit_seal WHERE id = 2")
    assert verified(log).broken.what == "seals before it are missing"


def test_the_end_cut_off_with_its_seals_is_found_by_the_anchor(log):
    """No chain shows that its end is missing; the nightly check remembers the last seal, and so does whoever noted it."""
    night(log)
    noted = verified(log).anchor
    attack(log, "core_audit", "DELETE FROM core_audit WHERE id > 20")
    attack(log, "core_audit_seal", "DELETE FROM core_audit_seal WHERE id > 2")
    assert verified(log).broken is None
    with log.database.reading() as session:
        assert "gone" in str(seals.missing(session, noted))
    assert "gone" in night(log)["audit"]


def night(portal):
    """One run of the nightly job; returns what is known to be broken, by chain."""
    with portal.database.writing() as session:
        checks.check_chains(session, portal, portal.clock)
    with portal.database.reading() as session:
        return {state.chain: state.found for state in session.scalars(sa.select(ChainCheck))}


def test_the_nightly_check_raises_the_alarm_once(log):
    with log.database.writing() as session:
        reader = people_with_log(session, log)
    assert night(log) == {"audit": "", "cases": ""}
    attack(log, "core_audit", "UPDATE core_audit SET action = 'core.nothing' WHERE id = 15")
    assert "entries 11 to 20" in night(log)["audit"]
    night(log)
    with log.database.reading() as session:
        messages = session.scalars(sa.select(Notification).where(Notification.code == checks.BROKEN)).all()
        assert [message.user_id for message in messages] == [reader]
        assert "entries 11 to 20" in checks.chains_hold(session)


def people_with_log(session, portal):
    """The id of somebody who may read the log."""
    sync_permissions(session, portal)
    user, _password = Services(session, portal).get(AccountService).create("auditor", "审计员")
    session.add(Grant(permission=checks.VIEW_LOG, user_id=user.id))
    session.flush()
    return user.id


def test_a_long_log_is_checked_in_several_nights(log, monkeypatch):
    monkeypatch.setattr(checks, "ENTRIES_A_NIGHT", 20)
    attack(log, "core_audit", "UPDATE core_audit SET action = 'core.nothing' WHERE id = 25")
    assert night(log)["audit"] == ""
    assert "entries 21 to 30" in night(log)["audit"]


def test_sealing_waits_for_entries_on_their_way(log):
    """An id is given out before its entry is committed: sealing past it would look like an insertion later."""
    if log.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    write(log, 30)
    slow = log.database.writer()
    Services(slow, log).get(AuditService).record(SYSTEM, "core.slow")
    slow.flush()
    write(log, 31)
    with pytest.raises(sa.exc.OperationalError), log.database.writing() as session:
        seals.seal(Services(session, log))
    slow.commit()
    slow.close()
    with log.database.writing() as session:
        assert sum(item.entries for item in seals.seal(Services(session, log))) == 3
    assert verified(log).broken is None


def test_writers_do_not_wait_for_each_other(log):
    """Sealing orders the entries afterwards; while one writer holds its transaction open, others finish theirs."""
    if log.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    slow = log.database.writer()
    Services(slow, log).get(AuditService).record(SYSTEM, "core.slow")
    slow.flush()
    others = [threading.Thread(target=write, args=(log, number)) for number in range(4)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(timeout=5)
    assert not any(thread.is_alive() for thread in others)
    slow.rollback()
    slow.close()


def test_sealing_an_idle_log_costs_two_questions(log):
    with count_statements(log.database.engine) as counted, log.database.writing() as session:
        assert seals.seal(Services(session, log)) == []
    assert counted.count <= 5


def test_an_archive_is_a_copy_that_shows_its_changes(log, tmp_path):
    log.clock.advance(days=1)
    with log.database.writing() as session:
        made = archive.write(Services(session, log), log.clock.now(), tmp_path)
    assert made.entries == ENTRIES
    assert archive.verify(made.lines).broken is None
    with log.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == ENTRIES + 1, "nothing is removed"
    lines = made.lines.read_text("utf8").splitlines()
    for changed in (
        lines[:-1],
        lines[1:],
        [*lines, lines[-1].replace("30,", "31,", 1)],
        [lines[0].replace("acted", "ac"), *lines[1:]],
    ):
        made.lines.write_text("\n".join(changed) + "\n", "utf8")
        assert archive.verify(made.lines).broken is not None
    head = json.loads(made.seals.read_text("utf8"))
    head["seals"][1]["entries"] = 9
    made.lines.write_text("\n".join(lines) + "\n", "utf8")
    made.seals.write_text(json.dumps(head), "utf8")
    assert archive.verify(made.lines).broken.what == "the seal was changed"
