"""Database schema: the core and each plugin are Alembic lineages of their own, upgraded together or not at all.

There is no ``env.py`` and no ``alembic.ini``: a lineage is a folder ``migrations/versions`` inside its package and a version
table ``alembic_version_<name>``. One transaction carries all lineages, so a failing step leaves the old schema in place.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alembic import autogenerate
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pyramid.path import AssetResolver
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.orm import Session

from portal_core.db import METADATA, UTCDateTime
from portal_core.declarations import Migrations

# Any number will do as long as every process of every version uses the same one.
ADVISORY_LOCK = 0x506F7274616C
HEAD, BASE = "heads", "base"
CORE_MODELS = (
    *("accounts", "audit", "calendar", "content", "evaluations", "files", "inbox", "jobs"),
    *("modules", "notifications", "places", "search", "security"),
)


@dataclass(frozen=True)
class LineageStatus:
    """Where a lineage stands: ``current`` is the revision in the database or None, ``head`` the newest one in the code."""

    name: str
    current: str | None
    head: str | None

    @property
    def at_head(self) -> bool:
        """True when nothing remains to be done."""
        return self.current == self.head


def upgrade(portal) -> None:
    """Bring the portal's database to the newest schema and make rows for declared permissions and roles."""
    from portal_core.accounts.services import sync_permissions

    def synchronise(connection: Connection) -> None:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            sync_permissions(session, portal)
            session.commit()

    upgrade_all(portal.database.engine, portal.migrations, synchronise)


def upgrade_all(engine: Engine, migrations: Sequence[Migrations], after: Callable[[Connection], None] | None = None) -> None:
    """Upgrade every lineage of ``migrations`` in the given order (core first), then call ``after(connection)``.

    All of it is one transaction, guarded so that several hosts may start at once: the others wait and then find nothing to do.
    """
    with _schema_transaction(engine) as connection:
        for lineage in migrations:
            _move(connection, lineage, HEAD)
        if after:
            after(connection)


def downgrade(engine: Engine, lineage: Migrations, target: str = BASE) -> None:
    """Take one lineage back to ``target``. For tests: a production database goes back by its backup."""
    with _schema_transaction(engine) as connection:
        _move(connection, lineage, target)


def status(engine: Engine, migrations: Sequence[Migrations]) -> list[LineageStatus]:
    """Where each lineage stands; reads only."""
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        result = []
        for lineage in migrations:
            table = version_table(lineage)
            context = MigrationContext.configure(connection, opts={"version_table": table})
            current = context.get_current_revision() if table in tables else None
            result.append(LineageStatus(lineage.name, current, _scripts(lineage).get_current_head()))
    return result


def version_table(lineage: Migrations) -> str:
    """Name of the table that holds the lineage's revision."""
    return f"alembic_version_{lineage.name}"


def draft(engine: Engine, lineage: Migrations) -> str:
    """Python code of a migration that would bring the database to the lineage's models; a start for writing one by hand.

    Triggers, exclusion constraints and data are not seen by Alembic and must be added.
    """
    with engine.connect() as connection:
        context = comparison(connection, lineage)
        script = autogenerate.produce_migrations(context, METADATA)
        upward, downward = script.upgrade_ops, script.downgrade_ops
        assert upward is not None and downward is not None
        return "\n\n".join(_render(context, name, part) for name, part in (("upgrade", upward), ("downgrade", downward)))


def differences(engine: Engine, lineage: Migrations) -> list[Any]:
    """What Alembic finds different between the database and the models of one lineage; empty when they agree."""
    with engine.connect() as connection:
        return autogenerate.compare_metadata(comparison(connection, lineage), METADATA)


def comparison(connection: Connection, lineage: Migrations) -> MigrationContext:
    """An Alembic context that compares only the tables of ``lineage`` (they carry its name as prefix)."""
    for feature in CORE_MODELS:
        # Tables of models that nobody has imported yet would look like tables to be dropped.
        importlib.import_module(f"portal_core.{feature}.models")

    def ours(name, kind, _reflected=None, _found=None, _compare_to=None):
        # Indexes that only one of the databases can have stand in the migration alone.
        if kind == "index" and name and name.startswith("gin_"):
            return False
        return kind != "table" or name.startswith(f"{lineage.name}_")

    def portable(kind, item, _context):
        return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False

    options = {
        "include_object": lambda item, name, *rest: ours(name, *rest),
        "render_item": portable,
        "target_metadata": METADATA,
        "version_table": version_table(lineage),
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
    }
    return MigrationContext.configure(connection, opts=options)


def _render(context: MigrationContext, name: str, part: ops.UpgradeOps | ops.DowngradeOps) -> str:
    body = autogenerate.render_python_code(part, migration_context=context, render_item=context.opts["render_item"])
    return f"def {name}():\n    {body}\n"


def _scripts(lineage: Migrations) -> ScriptDirectory:
    return ScriptDirectory(AssetResolver().resolve(lineage.spec).abspath())


def _move(connection: Connection, lineage: Migrations, target: str) -> None:
    scripts = _scripts(lineage)

    def steps(revision, _context):
        if target == HEAD:
            return scripts._upgrade_revs(target, revision)
        return scripts._downgrade_revs(target, revision)

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=target) as environment:
        # The metadata lends only its naming convention, so that migrations need not write out the names of constraints.
        environment.configure(connection=connection, version_table=version_table(lineage), target_metadata=METADATA)
        environment.run_migrations()


@contextmanager
def _schema_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the schema may change and nobody else changes it."""
    if engine.dialect.name == "sqlite":
        with _sqlite_schema_transaction(engine) as connection:
            yield connection
        return
    with engine.begin() as connection:
        # The portal's usual lock time-out is meant for people at a browser; a migration waits for the other host's.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_LOCK,))
        yield connection


@contextmanager
def _sqlite_schema_transaction(engine: Engine) -> Iterator[Connection]:
    """SQLite changes tables by copying them, which foreign keys would forbid: they are off meanwhile and checked at the end."""
    with engine.execution_options(rw=True).connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=off")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken:
                    raise RuntimeError(f"the migration left a broken foreign key in table {broken[0]!r}, row {broken[1]}")
        finally:
            driver.execute("PRAGMA foreign_keys=on")
