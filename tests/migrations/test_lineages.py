"""Each lineage goes up, agrees with the models, goes down and up again, on both databases."""

import threading

import pytest
import sqlalchemy as sa

from portal_core import migrate
from portal_core.db import Database
from portal_core.declarations import Migrations

# SQLite cannot show the expressions of an index; PostgreSQL compares them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index:UserWarning"),
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index:sqlalchemy.exc.SAWarning"),
]

CORE = Migrations("core", "portal_core:migrations")


@pytest.fixture
def empty(empty_db_url):
    database = Database(empty_db_url)
    yield database
    database.dispose()


def tables(database):
    return set(sa.inspect(database.engine).get_table_names())


def test_every_lineage_makes_the_models_tables_and_removes_them(_loaded_portal, empty):
    lineages = _loaded_portal.migrations
    migrate.upgrade_all(empty.engine, lineages)
    assert all(state.at_head for state in migrate.status(empty.engine, lineages))
    assert {lineage.name: migrate.differences(empty.engine, lineage) for lineage in lineages} == {
        item.name: [] for item in lineages
    }

    for lineage in reversed(lineages):
        migrate.downgrade(empty.engine, lineage)
    assert tables(empty) == {migrate.version_table(lineage) for lineage in lineages}

    migrate.upgrade_all(empty.engine, lineages)
    assert migrate.differences(empty.engine, CORE) == []


def test_status_of_an_empty_database(empty):
    (state,) = migrate.status(empty.engine, [CORE])
    assert (state.current, state.at_head) == (None, False)
    assert tables(empty) == set(), "status only reads"


def test_a_failing_step_leaves_nothing_behind(empty):
    def fail(_connection):
        raise RuntimeError("after the last lineage")

    with pytest.raises(RuntimeError):
        migrate.upgrade_all(empty.engine, [CORE], fail)
    assert tables(empty) == set()


def test_hosts_that_start_together_upgrade_once(empty_db_url):
    errors = []

    def upgrade():
        database = Database(empty_db_url)
        try:
            migrate.upgrade_all(database.engine, [CORE])
        except Exception as error:
            errors.append(error)
        finally:
            database.dispose()

    threads = [threading.Thread(target=upgrade) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_foreign_keys_are_on_again_after_a_migration_on_sqlite(empty):
    if empty.dialect != "sqlite":
        pytest.skip("only SQLite has them off meanwhile")
    migrate.upgrade_all(empty.engine, [CORE])
    with empty.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_draft_is_empty_when_nothing_is_missing(empty):
    assert "create_table('core_user'" in migrate.draft(empty.engine, CORE)
    migrate.upgrade_all(empty.engine, [CORE])
    assert "create_table" not in migrate.draft(empty.engine, CORE)


@pytest.mark.parametrize("statement", ["UPDATE core_audit SET action = 'x'", "DELETE FROM core_audit"])
def test_the_audit_log_cannot_be_changed(empty, statement):
    migrate.upgrade_all(empty.engine, [CORE])
    with empty.writing() as session:
        session.execute(
            sa.text(
                "INSERT INTO core_audit (at, action, object_type, object_id, detail, ip) VALUES (:at, 'a', '', '', '{}', '')"
            ),
            {"at": "2026-11-24 01:30:00"},
        )
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), empty.writing() as session:
        session.execute(sa.text(statement))


def test_the_timeline_carries_the_same_triggers(empty):
    migrate.upgrade_all(empty.engine, [CORE])
    catalogue = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    }[empty.dialect]
    with empty.reading() as session:
        own = {name for name in session.scalars(sa.text(catalogue)) if name.startswith("core_")}
    # SQLite copies the words of the search into its full-text table.
    own.discard("core_search_entry")
    assert own == {"core_audit", "core_audit_seal", "core_case_event"}
