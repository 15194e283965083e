"""Uploads kept for a refused form, scans of the file store; follow-ups, reminders and what results of evaluations need."""

import sqlalchemy as sa
from alembic import op

revision = "core_0009"
down_revision = "core_0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    _files()
    _evaluations()
    _follow_ups()


def downgrade():
    op.drop_table("core_evaluation_reminder")
    op.drop_table("core_follow_up")
    op.drop_index("ix_core_evaluation_results", "core_evaluation")
    with op.batch_alter_table("core_evaluation") as table:
        table.drop_constraint("fk_core_evaluation_department_id", type_="foreignkey")
        for column in ("department_id", "scope", "complaint"):
            table.drop_column(column)
    op.drop_table("core_file_scan")
    op.drop_table("core_kept_upload")


def _files():
    op.create_table(
        "core_kept_upload",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False, index=True),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created", MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "core_file_scan",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("unknown", sa.BigInteger(), nullable=False),
        sa.Column("missing_count", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("rows_removed", sa.BigInteger(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=False),
        sa.Column("purged", sa.BigInteger(), nullable=False),
    )


def _evaluations():
    """The rater's unit and the subject's scope are those of the day of the answer; of old answers only the unit is known."""
    with op.batch_alter_table("core_evaluation") as table:
        table.add_column(sa.Column("department_id", KEY, nullable=True))
        table.add_column(sa.Column("scope", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("complaint", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.create_foreign_key("fk_core_evaluation_department_id", "core_department", ["department_id"], ["id"])
    with op.batch_alter_table("core_evaluation") as table:
        table.alter_column("scope", server_default=None)
        table.alter_column("complaint", server_default=None)
    op.execute(
        "UPDATE core_evaluation SET department_id = "
        "(SELECT department_id FROM core_user WHERE core_user.id = core_evaluation.rater_id)"
    )
    op.create_index("ix_core_evaluation_results", "core_evaluation", ["form_code", "created"])


def _follow_ups():
    op.create_table(
        "core_follow_up",
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), primary_key=True),
        sa.Column("evaluation_id", KEY, sa.ForeignKey("core_evaluation.id"), nullable=False, unique=True),
        sa.Column("form_code", sa.String(64), nullable=False),
        sa.Column("permission", sa.String(96), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("opened", MOMENT, nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered", MOMENT, nullable=True),
        sa.Column("answered_by_id", KEY, sa.ForeignKey("core_user.id"), nullable=True),
        sa.Column("photo_id", KEY, sa.ForeignKey("core_file.id"), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
    )
    op.create_index("ix_core_follow_up_opened", "core_follow_up", ["form_code", "opened"])
    op.create_table(
        "core_evaluation_reminder",
        sa.Column("task_id", KEY, sa.ForeignKey("core_task.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
