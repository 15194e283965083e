"""Tables of deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "core_0005"
down_revision = "core_0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.add_column("core_notification", sa.Column("todo", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "core_delivery",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("notification_id", KEY, sa.ForeignKey("core_notification.id"), nullable=False),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("key", sa.String(20), nullable=False, unique=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("fallback", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("worker", sa.String(32), nullable=False),
        sa.Column("unknown_at", MOMENT),
        sa.Column("provider_id", sa.String(200), nullable=False),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("finished", MOMENT),
        sa.UniqueConstraint("notification_id", "channel"),
    )
    _partial_index("ix_core_delivery_due", ["next_at"], "finished IS NULL")
    _partial_index("ix_core_delivery_expires", ["expires_at"], "finished IS NULL")
    _partial_index("ix_core_delivery_dead", ["channel", "cause"], "state = 'dead'")
    op.create_index("ix_core_delivery_state", "core_delivery", ["state", "id"])
    op.create_index("ix_core_delivery_finished", "core_delivery", ["finished"])
    op.create_table(
        "core_channel_state",
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("paused_until", MOMENT),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("used", sa.Integer(), nullable=False),
    )
    op.create_table(
        "core_notification_preference",
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), primary_key=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_to", sa.Time()),
    )


def downgrade():
    for table in ("core_notification_preference", "core_channel_state", "core_delivery"):
        op.drop_table(table)
    op.drop_column("core_notification", "todo")


def _partial_index(name, columns, where):
    condition = sa.text(where)
    op.create_index(name, "core_delivery", columns, postgresql_where=condition, sqlite_where=condition)
