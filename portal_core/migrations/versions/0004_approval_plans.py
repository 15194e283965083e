"""Approval steps that administrators set: plans, and which plan a case follows."""

import sqlalchemy as sa
from alembic import op

from portal_core.migrations.tasks import altered_tasks

revision = "core_0004"
down_revision = "core_0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
# What escalation looks for: three reminders and one copy to the supervisor, then nothing more is sent.
REMINDED = "status = 'open' AND kind = 'act' AND reminders < 4"


def upgrade():
    op.create_table(
        "core_approval_plan",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by_id", KEY, sa.ForeignKey("core_user.id"), nullable=True),
        sa.UniqueConstraint("kind", "step", "version"),
    )
    op.create_table(
        "core_case_plan",
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), primary_key=True),
        sa.Column("step", sa.String(32), primary_key=True),
        sa.Column("plan_id", KEY, sa.ForeignKey("core_approval_plan.id"), nullable=False),
    )
    with altered_tasks() as table:
        table.add_column(sa.Column("plan_id", KEY, nullable=True))
        table.add_column(sa.Column("stage", sa.SmallInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("mode", sa.String(8), nullable=False, server_default="any"))
        table.create_foreign_key("fk_core_task_plan_id", "core_approval_plan", ["plan_id"], ["id"])
    op.create_index("ix_core_task_due", "core_task", ["due"], postgresql_where=sa.text(REMINDED), sqlite_where=sa.text(REMINDED))


def downgrade():
    op.drop_index("ix_core_task_due", "core_task")
    with altered_tasks() as table:
        table.drop_constraint("fk_core_task_plan_id", type_="foreignkey")
        table.drop_column("plan_id")
        table.drop_column("stage")
        table.drop_column("mode")
    op.drop_table("core_case_plan")
    op.drop_table("core_approval_plan")
