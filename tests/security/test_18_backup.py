"""Item 18: backup and restore. The drill: a copy is made while the portal works, put into an empty database, and looked at."""

import json
import shutil
import subprocess

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url

from portal_core import migrate
from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import User
from portal_core.accounts.services import AccountService
from portal_core.audit import seals
from portal_core.audit.services import AuditService
from portal_core.db import Database
from portal_core.errors import StartError
from portal_core.security import backups
from portal_core.services import Services


@pytest.fixture
def working(portal, fresh_db_url, tmp_path):
    """A portal with something in it over a database of the test's own, and a connection that is writing all the time."""
    portal.database = Database(fresh_db_url)
    with portal.database.writing() as session:
        services = Services(session, portal)
        services.get(AccountService).create("zhang", "张三")
        for number in range(20):
            services.get(AuditService).record(SYSTEM, "core.acted", "core.thing", number, detail={"名": "值"})
    with portal.database.writing() as session:
        seals.seal(Services(session, portal))
    yield portal
    portal.database.dispose()


def needs_programs(portal):
    if portal.database.dialect == "sqlite":
        return
    with portal.database.reading() as session:
        server = int(session.scalar(sa.text("SHOW server_version_num"))) // 10_000
    program = shutil.which("pg_dump")
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else "0"
    if int("".join(c if c.isdigit() else " " for c in version).split()[0]) < server:
        pytest.skip("no pg_dump that is as new as the server")


def restored(working, made, empty_url):
    """A database into which the copy was put by the steps of docs/operations.md."""
    if working.database.dialect == "sqlite":
        target = make_url(empty_url).database
        shutil.copyfile(made.path, target)
    else:
        address = make_url(empty_url).set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={address}", str(made.path)], check=True, capture_output=True)
    return Database(empty_url)


def test_the_drill(working, empty_db_url, tmp_path):
    needs_programs(working)
    made = backups.write(working, tmp_path / "backups")
    with working.database.writing() as session:
        Services(session, working).get(AuditService).record(SYSTEM, "core.after_the_copy")
    described = backups.check(made.manifest)
    copy = restored(working, made, empty_db_url)
    with copy.reading() as session:
        assert session.scalar(sa.select(User.name).where(User.login == "zhang")) == "张三"
        assert seals.missing(session, described["anchor"]) is None
        assert seals.verify(session).broken is None and seals.verify(session).entries == 21
    assert all(state.at_head for state in migrate.status(copy.engine, working.migrations))
    assert {state.name: state.current for state in migrate.status(copy.engine, working.migrations)} == described["schema"]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), copy.writing() as session:
        session.execute(sa.text("UPDATE core_audit SET ip = 'x'"))
    copy.dispose()


def test_a_changed_or_missing_copy_is_noticed(working, tmp_path):
    needs_programs(working)
    made = backups.write(working, tmp_path)
    assert made.path.stat().st_mode & 0o077 == 0, "nobody else may read it"
    with made.path.open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(StartError, match="changed"):
        backups.check(made.manifest)
    made.path.unlink()
    with pytest.raises(StartError, match="missing"):
        backups.check(made.manifest)


def test_no_password_is_written_down(working, tmp_path):
    needs_programs(working)
    made = backups.write(working, tmp_path)
    assert set(json.loads(made.manifest.read_text())) == {"file", "made", "sha256", "anchor", "schema"}


def test_a_copy_is_never_overwritten(working, tmp_path):
    needs_programs(working)
    backups.write(working, tmp_path)
    with pytest.raises(StartError, match="there already"):
        backups.write(working, tmp_path)
