"""Databases: declarative bases, column types, engines and sessions.

Two databases are served by the same code. SQLite needs help (zope.sqlalchemy's and pysqlite's defaults lose isolation): no
implicit BEGIN of the driver, WAL, foreign keys on, and BEGIN IMMEDIATE for work that will write.
"""

import datetime as dt
import random
import sqlite3
import time
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = sa.MetaData(naming_convention=NAMING)

# How long a writer waits for the writer before it.
_SQLITE_PATIENCE_MS = 5000

# SQLite gives row ids to INTEGER keys only; PostgreSQL shall not run out of numbers.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UTCDateTime(sa.types.TypeDecorator):
    """An aware moment, stored in UTC. Naive values are refused because nobody can tell what they mean."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect, coltype):
        # Our PostgreSQL sessions run in UTC, so psycopg's moments are what we want: a page of rows saves a call for each.
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Base of the core's own models; every table starts with ``core_``."""

    metadata = METADATA
    table_prefix = "core_"


def plugin_base(name):
    """A declarative base for the plugin ``name``: shared MetaData, tables must start with ``<name>_``."""

    class PluginBase(DeclarativeBase):
        metadata = METADATA
        table_prefix = f"{name}_"

    @event.listens_for(PluginBase, "instrument_class", propagate=True)
    def check_prefix(mapper, class_):
        table = getattr(class_, "__tablename__", None)
        if table and not table.startswith(f"{name}_"):
            raise TypeError(f"table {table!r} of plugin {name!r} must start with {name + '_'!r}")

    return PluginBase


class Database:
    """An engine and the two ways of using it.

    ``reader()`` gives a session for reading; on PostgreSQL each statement is its own transaction, which saves the BEGIN and
    ROLLBACK round trips. ``writer()`` gives a session whose transaction may write. ``writing()`` is a short one of its own.
    """

    def __init__(self, url):
        self.engine = make_engine(url)
        self.dialect = self.engine.dialect.name
        if self.dialect == "sqlite":
            self.read_engine = self.engine
            self.write_engine = self.engine.execution_options(rw=True)
        else:
            self.read_engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            self.write_engine = self.engine
        self._reader = sessionmaker(self.read_engine, expire_on_commit=False, autoflush=False)
        self._writer = sessionmaker(self.write_engine, expire_on_commit=False)

    def reader(self) -> Session:
        """A session for reading; the caller closes it."""
        return self._reader()

    def writer(self) -> Session:
        """A session for writing; the caller commits or hands it to a transaction manager."""
        return self._writer()

    @contextmanager
    def reading(self):
        """A reading session that is closed at the end."""
        session = self.reader()
        try:
            yield session
        finally:
            session.close()

    @contextmanager
    def writing(self):
        """A transaction of its own: committed at the end, rolled back on an exception."""
        with self.writer() as session, session.begin():
            yield session

    def dispose(self):
        """Close all pooled connections."""
        self.engine.dispose()


def insert_into(session: Session, model):
    """An INSERT for the session's database that knows ON CONFLICT; SQLAlchemy has one for each dialect."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


def make_engine(url):
    """An engine for ``url`` (SQLite or PostgreSQL) with the settings the portal relies on."""
    url = sa.make_url(url)
    if url.get_backend_name() == "sqlite":
        # The long name matters: zope.sqlalchemy allows savepoints only where the driver is named.
        engine = sa.create_engine(url.set(drivername="sqlite+pysqlite"), pool_size=8, max_overflow=8)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if url.get_backend_name() == "postgresql":
        # A wait for a row lock longer than this means a stuck peer: better an answer than a hanging browser.
        options = {"options": "-c lock_timeout=3000 -c timezone=UTC"}
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"), connect_args=options, pool_size=8, max_overflow=8, pool_recycle=1800
        )
    raise ValueError(f"database {url.get_backend_name()!r} is not supported: use sqlite or postgresql")


def _sqlite_connect(dbapi, record):
    dbapi.isolation_level = None
    for pragma in ("journal_mode=wal", "synchronous=normal", f"busy_timeout={_SQLITE_PATIENCE_MS}", "foreign_keys=on"):
        dbapi.execute("pragma " + pragma)


def _sqlite_begin(connection):
    if connection.get_execution_options().get("rw"):
        _sqlite_begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _sqlite_begin_writing(connection):
    """BEGIN IMMEDIATE, waiting for other writers in short sleeps of random length.

    SQLite's own way of waiting sleeps longer after every try, up to a tenth of a second. Writers that came together then wake
    together, one gets through and the rest sleep on: the last of sixteen waited up to three seconds for milliseconds of work.
    """
    driver = connection.connection.driver_connection
    give_up = time.monotonic() + _SQLITE_PATIENCE_MS / 1000
    driver.execute("pragma busy_timeout=0")
    try:
        while not _sqlite_may_write(driver):
            if time.monotonic() > give_up:
                # Once more by SQLAlchemy, so that the error is one that the retry tween knows.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            time.sleep(random.uniform(0.001, 0.008))  # noqa: S311 - chance, not secrecy
    finally:
        driver.execute(f"pragma busy_timeout={_SQLITE_PATIENCE_MS}")


def _sqlite_may_write(driver):
    """Try to become the writer; False when somebody else is."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
