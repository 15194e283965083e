"""What may be done with a task besides answering it: hand-over, added signatures, urging, delegation, phrases."""

import sqlalchemy as sa
from alembic import op

from portal_core.migrations.tasks import altered_tasks

revision = "core_0003"
down_revision = "core_0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

USER = "core_user.id"
COUNTS = ("urges", "reminders")
MOMENTS = ("urged_at", "reminded_at")
SEEN = sa.text("status = 'done' AND kind = 'read'")
PEOPLE = ("owner_id", "on_behalf_of_id")


def upgrade():
    with altered_tasks() as table:
        table.add_column(sa.Column("sign", sa.String(8), nullable=False, server_default=""))
        for name in COUNTS:
            table.add_column(sa.Column(name, sa.SmallInteger(), nullable=False, server_default="0"))
        for name in MOMENTS:
            table.add_column(sa.Column(name, MOMENT, nullable=True))
        for name in PEOPLE:
            table.add_column(sa.Column(name, KEY, nullable=True))
            table.create_foreign_key(f"fk_core_task_{name}", "core_user", [name], ["id"])
    op.create_index("ix_core_task_seen", "core_task", ["done_by_id", "id"], postgresql_where=SEEN, sqlite_where=SEEN)
    op.create_table(
        "core_delegation",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("from_user_id", KEY, sa.ForeignKey(USER), nullable=False),
        sa.Column("to_user_id", KEY, sa.ForeignKey(USER), nullable=False),
        sa.Column("plugins", sa.JSON(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by_id", KEY, sa.ForeignKey(USER), nullable=False),
        sa.Column("ended", MOMENT, nullable=True),
    )
    op.create_index("ix_core_delegation_to", "core_delegation", ["to_user_id", "ends_at"])
    op.create_index("ix_core_delegation_from", "core_delegation", ["from_user_id", "ends_at"])
    op.create_table(
        "core_phrase",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey(USER), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("user_id", "text"),
    )


def downgrade():
    op.drop_table("core_phrase")
    op.drop_table("core_delegation")
    op.drop_index("ix_core_task_seen", "core_task")
    with altered_tasks() as table:
        for name in PEOPLE:
            table.drop_constraint(f"fk_core_task_{name}", type_="foreignkey")
        for name in ("sign", *COUNTS, *MOMENTS, *PEOPLE):
            table.drop_column(name)
