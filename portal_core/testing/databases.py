"""Databases for tests: what is stored is tested on SQLite and on PostgreSQL.

A test that uses ``backend``, ``db_url``, ``fresh_db_url`` or ``empty_db_url`` runs once for each database that ``--db`` allows.
The schema is migrated once per session and database, as ``portal db upgrade`` does it; every test's database is a copy of that.
"""

import itertools
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from portal_core.testing.postgres import open_server

BACKENDS = ("sqlite", "postgres")


def pytest_addoption(parser):
    """``--db``: one database while working, both before a commit."""
    parser.addoption("--db", choices=(*BACKENDS, "both"), default="both", help="database(s) that storage tests run on")


def pytest_generate_tests(metafunc):
    """Run each test that asks for a database once per database, PostgreSQL marked as such."""
    if "backend" in metafunc.fixturenames:
        choice = metafunc.config.getoption("--db")
        chosen = BACKENDS if choice == "both" else (choice,)
        params = [pytest.param(name, marks=[pytest.mark.postgres] if name == "postgres" else []) for name in chosen]
        metafunc.parametrize("backend", params, indirect=True, scope="session")


@pytest.fixture(scope="session")
def backend(request):
    """The kind of database of this run of the test: ``"sqlite"`` or ``"postgres"``."""
    return request.param


@pytest.fixture(scope="session")
def postgres_server():
    """A running PostgreSQL, see ``portal_core.testing.postgres``; started when the first test asks for it."""
    with open_server() as server:
        yield server


@pytest.fixture(scope="session")
def _sqlite_store(tmp_path_factory):
    with closing(SqliteStore(tmp_path_factory.mktemp("databases"))) as store:
        yield store


@pytest.fixture(scope="session")
def _postgres_store(postgres_server):
    # A fixture of its own, so that pytest closes it before the server it needs.
    with closing(PostgresStore(postgres_server)) as store:
        yield store


@pytest.fixture(scope="session")
def _stores(request):
    """The store of each kind, made when first needed; with pytest-xdist the kinds alternate from file to file."""
    return lambda kind: request.getfixturevalue(f"_{kind}_store")


@pytest.fixture(scope="session")
def db_url(backend, _stores):
    """URL of a migrated database that the whole session shares: whoever writes to it rolls back."""
    return _stores(backend).shared()


@pytest.fixture
def fresh_db_url(backend, _stores):
    """URL of a migrated database of the test's own, for whatever needs real commits: races, jobs, a served portal."""
    store = _stores(backend)
    url = store.create(migrated=True)
    yield url
    store.drop(url)


@pytest.fixture
def empty_db_url(backend, _stores):
    """URL of a database of the test's own without any table, for tests of migrations."""
    store = _stores(backend)
    url = store.create(migrated=False)
    yield url
    store.drop(url)


def migrate(url):
    """Create the schema of the core and of every installed plugin in the database at ``url``, and close all connections."""
    # Imported here, because most test runs while working need no database and shall not load the whole portal.
    from portal_core.migrate import upgrade
    from portal_core.plugins import installed
    from portal_core.portal import load

    portal = load({}, {"portal.database_url": url, "portal.plugins": " ".join(sorted(installed()))})
    try:
        upgrade(portal)
    finally:
        portal.database.dispose()


class Store:
    """Makes databases of one kind; the migrated template and the shared copy are made when they are first needed."""

    def __init__(self):
        self._numbers = itertools.count(1)
        self._template = None
        self._shared = None

    def shared(self):
        """URL of the session's shared database."""
        if self._shared is None:
            self._shared = self.create(migrated=True)
        return self._shared

    def create(self, migrated):
        """A new database, empty or ``migrated``; returns its URL."""
        if not migrated:
            return self._create(next(self._numbers), template=None)
        if self._template is None:
            self._template = self._create(next(self._numbers), template=None)
            migrate(self._template)
        return self._create(next(self._numbers), self._template)

    def close(self):
        """Remove what outlives the tests: the template and the shared database."""
        for url in filter(None, (self._shared, self._template)):
            self.drop(url)


class SqliteStore(Store):
    """Databases that are files in one folder."""

    def __init__(self, folder):
        super().__init__()
        self._folder = folder

    def _create(self, number, template):
        path = self._folder / f"{number}.db"
        if template:
            # Complete without its write-ahead log: the last connection that closes moves the log into the file.
            shutil.copyfile(_file(template), path)
        return f"sqlite+pysqlite:///{path}"

    def drop(self, url):
        """Remove the database with its log, if it was ever written."""
        for suffix in ("", "-wal", "-shm"):
            _file(url).with_name(_file(url).name + suffix).unlink(missing_ok=True)


class PostgresStore(Store):
    """Databases of one server, which other test processes may share: names begin with our process id."""

    def __init__(self, server):
        super().__init__()
        self._server = server

    def _create(self, number, template):
        name = f"portal_test_{os.getpid()}_{number}"
        return self._server.create_database(name, template=template and make_url(template).database)

    def drop(self, url):
        """Drop the database, whoever is still connected."""
        self._server.drop_database(make_url(url).database)


def _file(url):
    return Path(make_url(url).database)
