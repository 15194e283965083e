"""Tables of queued work and of the working calendar; on PostgreSQL those of procrastinate too.

Procrastinate's schema is the one that its package brings, and setup.cfg holds the package at the minor version this was written
for: its own migration scripts cannot run within one transaction, as ours do. ADR 0015 says how to move to a newer version.
"""

from importlib import resources

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
UNFINISHED = "state IN ('waiting', 'running')"

SUMMER = [["08:30", "12:00"], ["14:00", "17:30"]]
USUAL = [["08:30", "12:00"], ["14:00", "17:00"]]


def upgrade():
    _work()
    _calendar()
    if op.get_bind().dialect.name == "postgresql":
        schema = resources.files("procrastinate") / "sql" / "schema.sql"
        # By the driver itself, which runs many statements at once and takes % for what it is.
        op.get_bind().connection.driver_connection.execute(schema.read_text("utf8"))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        _drop_procrastinate()
    for table in ("core_calendar_day", "core_calendar_hours", "core_calendar", "core_work"):
        op.drop_table(table)


def _work():
    op.create_table(
        "core_work",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("owner_id", KEY, sa.ForeignKey("core_user.id"), index=True),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("started", MOMENT),
        sa.Column("finished", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("worker", sa.String(80), nullable=False),
    )
    unfinished, keyed = sa.text(UNFINISHED), sa.text(f"key <> '' AND {UNFINISHED}")
    op.create_index("uq_core_work_key", "core_work", ["name", "key"], unique=True, postgresql_where=keyed, sqlite_where=keyed)
    op.create_index("ix_core_work_due", "core_work", ["run_at", "id"], postgresql_where=unfinished, sqlite_where=unfinished)
    op.create_index("ix_core_work_state", "core_work", ["state", "id"])


def _calendar():
    state = op.create_table(
        "core_calendar",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("stamp", sa.String(32), nullable=False),
    )
    hours = op.create_table(
        "core_calendar_hours",
        sa.Column("month", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("spans", sa.JSON(), nullable=False),
    )
    op.create_table(
        "core_calendar_day",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(60), nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "stamp": "first"}])
    op.bulk_insert(hours, [{"month": 7, "day": 1, "spans": SUMMER}, {"month": 9, "day": 16, "spans": USUAL}])


def _drop_procrastinate():
    """Everything whose name begins like procrastinate's: tables with their triggers, then functions, then types."""
    connection = op.get_bind()
    for table in ("events", "periodic_defers", "jobs", "workers"):
        op.execute(f"DROP TABLE procrastinate_{table} CASCADE")
    functions = r"SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate\_%'"
    for name in connection.scalars(sa.text(functions)).all():
        op.execute(f"DROP FUNCTION {name} CASCADE")
    types = r"SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate\_%' AND typtype IN ('c', 'e')"
    for name in connection.scalars(sa.text(types)).all():
        op.execute(f"DROP TYPE {name} CASCADE")
