"""Pytest fixtures for the core's tests and for those of plugins.

Services are tested with ``session`` and ``services``: a database that the whole run shares, and everything a test writes is
rolled back, its commits included. Pages are tested with ``app``: the real application over a database of the test's own. A test
uses one or the other. Both run once for each database that ``--db`` allows (see ``portal_core.testing.databases``).
"""

import datetime as dt
import itertools
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import sessionmaker

from portal_core import portal as portals
from portal_core.accounts import passwords
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, Grant, Role, User, UserRole
from portal_core.accounts.queries import identity_of_user
from portal_core.clock import FixedClock
from portal_core.db import Database
from portal_core.logs import use_standard_library
from portal_core.plugins import installed
from portal_core.services import Services
from portal_core.testing.webapp import PortalApp, wsgi_application

# A Tuesday morning in the users' zone: the day of the design pictures.
NOW = dt.datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
PASSWORD = "Korrekt-7-Pferd"


@dataclass(frozen=True)
class Person:
    """A user made by ``make_user``, with what is needed to log in and to act through services."""

    id: int
    login: str
    name: str
    password: str
    identity: Identity


class RolledBackDatabase(Database):
    """A database whose sessions all live on one connection, inside a transaction that is never committed."""

    def __init__(self, connection):
        self.engine = self.read_engine = self.write_engine = connection
        self.dialect = connection.dialect.name
        options = {"expire_on_commit": False, "join_transaction_mode": "create_savepoint"}
        self._reader = sessionmaker(connection, autoflush=False, **options)
        self._writer = sessionmaker(connection, **options)


@dataclass
class Statements:
    """SQL statements seen by ``count_statements``."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self):
        """How many there were; BEGIN, COMMIT, savepoints and the driver's own do not count."""
        return len(self.texts)


@contextmanager
def count_statements(engine):
    """Count the statements that go through ``engine`` (``portal.database.engine``) meanwhile; yields ``Statements``."""
    seen = Statements()

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.texts.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def raw_settings(**changes):
    """Ini strings for tests: all installed plugins, cheapest passwords. Keys are written with ``__`` for the dot."""
    raw = {
        "portal.plugins": " ".join(sorted(installed())),
        "portal.password_profile": "cheapest",
        "portal.locale": "zh_CN",
        "pyramid.reload_templates": "false",
    }
    return raw | {name.replace("__", ".", 1): str(value) for name, value in changes.items()}


@pytest.fixture(scope="session", autouse=True)
def _log():
    # structlog's own default draws tracebacks in colours, which takes seconds.
    use_standard_library()


@pytest.fixture(scope="session")
def _loaded_portal(tmp_path_factory):
    """Plugins and declarations are read once per run; each test gets a copy with a database, clock and data folder of its own."""
    raw = raw_settings(portal__data_dir=tmp_path_factory.mktemp("data"))
    return portals.load({}, raw, clock=FixedClock(NOW))


@pytest.fixture
def portal(request, backend):
    """A loaded portal over the shared, rolled-back database."""
    if "app" in request.fixturenames:
        return request.getfixturevalue("app").portal
    return request.getfixturevalue("_rolled_back_portal")


@pytest.fixture
def _rolled_back_portal(_loaded_portal, db_url, tmp_path):
    database = Database(db_url)
    with database.write_engine.connect() as connection:
        outer = connection.begin()
        yield _copy(_loaded_portal, RolledBackDatabase(connection), tmp_path)
        outer.rollback()
    database.dispose()


def _copy(portal, database, data_dir):
    settings = type(portal.settings)(portal.settings, **{"portal.data_dir": str(data_dir)})
    settings.here, settings.source, settings.given = portal.settings.here, portal.settings.source, portal.settings.given
    # A module that a test switches off must be off in its own portal only.
    return replace(portal, settings=settings, database=database, clock=FixedClock(NOW), plugins=copy(portal.plugins))


@pytest.fixture
def session(portal):
    """A writing session whose commits are rolled back after the test; not together with ``app``."""
    made = portal.database.writer()
    yield made
    made.close()


@pytest.fixture
def services(session, portal):
    """Services over ``session``."""
    return Services(session, portal)


def build_application(data_dir, extra_plugins=(), **changes):
    """An application for several tests, and its portal without a database; ``changes`` as for ``raw_settings``.

    ``extra_plugins`` are ``(name, module)`` pairs. Building takes longer than most tests: keep it for a session or a module.
    """
    raw = raw_settings(portal__data_dir=data_dir, **changes)
    raw["portal.plugins"] = " ".join([raw["portal.plugins"], *(name for name, _module in extra_plugins)])
    portal = portals.load({}, raw, clock=FixedClock(NOW), extra_plugins=extra_plugins)
    return wsgi_application(portal, raw), portal


@contextmanager
def running(application, portal, url, data_dir):
    """``application`` as ``PortalApp`` over the database at ``url``; afterwards it can be given another one."""
    settings, clock, database = portal.settings, portal.clock, portal.database
    fresh = _copy(portal, Database(url), data_dir)
    portal.settings, portal.clock, portal.database = fresh.settings, fresh.clock, fresh.database
    yield PortalApp(application, portal)
    portal.database.dispose()
    portal.settings, portal.clock, portal.database = settings, clock, database
    if portal.runtime.generation:
        portal.apply(frozenset(), {})
        portal.runtime.generation = 0


@pytest.fixture(scope="session")
def _application(tmp_path_factory):
    return build_application(tmp_path_factory.mktemp("application"))


@pytest.fixture
def app(_application, fresh_db_url, tmp_path):
    """The application under WebTest (``PortalApp``) over a private database."""
    with running(*_application, fresh_db_url, tmp_path) as made:
        yield made


@pytest.fixture
def make_app(fresh_db_url, tmp_path):
    """Builds an application of the test's own: ``make_app(extra_plugins=[(name, module)], portal__max_body_mb=1)``; slow."""
    with ExitStack() as stack:

        def build(extra_plugins=(), **changes):
            application, portal = build_application(tmp_path, extra_plugins, **changes)
            return stack.enter_context(running(application, portal, fresh_db_url, tmp_path))

        yield build


@pytest.fixture
def make_user(portal):
    """Makes people: ``make_user("li", name="李静", department="财政局", roles=["clerk"], permissions=["meetings:room:book"])``.

    ``roles`` are codes of roles; a pair ``(code, scope)`` gives it within a scope, and likewise for ``permissions``. Returns a
    ``Person`` who can log in with ``PASSWORD`` without having to change it.
    """
    numbers = itertools.count(1)

    def make(login=None, *, name="杨晓", department="机关事务中心", roles=(), permissions=(), **fields):
        login = login or f"user{next(numbers)}"
        with portal.database.writing() as session:
            user = User(
                login=login,
                name=name,
                department_id=_department(session, department),
                password_hash=passwords.hasher("cheapest").hash(PASSWORD),
                password_changed=portal.clock.now(),
                created=portal.clock.now(),
                must_change_password=False,
                **fields,
            )
            session.add(user)
            session.flush()
            for code, scope in map(_scoped, roles):
                role = session.scalars(sa.select(Role).where(Role.code == code)).one()
                session.add(UserRole(user_id=user.id, role_id=role.id, scope=scope))
            for permission, scope in map(_scoped, permissions):
                session.add(Grant(permission=permission, scope=scope, user_id=user.id))
            session.flush()
            return Person(user.id, login, name, PASSWORD, identity_of_user(session, user.id))

    return make


def _scoped(entry):
    return (entry, "") if isinstance(entry, str) else entry


def _department(session, name):
    """The id of the department ``name``, made as a root when it is missing."""
    if name is None:
        return None
    found = session.scalar(sa.select(Department.id).where(Department.name == name))
    if found is None:
        department = Department(name=name)
        session.add(department)
        session.flush()
        department.path = f"/{department.id}/"
        found = department.id
    return found
