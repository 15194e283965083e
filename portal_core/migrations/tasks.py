"""Changing ``core_task`` on both databases."""

from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

POOL_INDEX = "status = 'open' AND assignee_id IS NULL"


@contextmanager
def altered_tasks():
    """A batch of changes to ``core_task``.

    SQLite changes a table by copying its rows, and may not write to a generated column: ``pool`` is dropped and made anew.
    """
    if op.get_bind().dialect.name != "sqlite":
        with op.batch_alter_table("core_task") as table:
            yield table
        return
    op.drop_index("ix_core_task_scope", "core_task")
    with op.batch_alter_table("core_task") as table:
        table.drop_column("pool")
        yield table
    with op.batch_alter_table("core_task") as table:
        table.add_column(
            sa.Column("pool", sa.String(161), sa.Computed("permission || ' ' || scope", persisted=True), nullable=False)
        )
    op.create_index("ix_core_task_scope", "core_task", ["pool", "id"], sqlite_where=sa.text(POOL_INDEX))
