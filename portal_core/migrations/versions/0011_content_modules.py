"""Modules that are switched off, parameters, announcements with their readers, and help pages."""

import sqlalchemy as sa
from alembic import op

revision = "core_0011"
down_revision = "core_0010"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    _switches()
    _announcements()
    _help()


def downgrade():
    for table in (
        "core_help_page",
        "core_announcement_read",
        "core_announcement_file",
        "core_announcement_audience",
        "core_announcement",
        "core_parameter",
        "core_module_off",
        "core_generation",
    ):
        op.drop_table(table)


def _person(name, nullable=False):
    return sa.Column(name, KEY, sa.ForeignKey("core_user.id"), nullable=nullable)


def _switches():
    op.create_table(
        "core_generation",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False),
    )
    op.create_table(
        "core_module_off",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("since", MOMENT, nullable=False),
        _person("by_id"),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    op.create_table(
        "core_parameter",
        sa.Column("name", sa.String(96), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        _person("by_id"),
    )


def _announcements():
    op.create_table(
        "core_announcement",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("must_read", sa.Boolean(), nullable=False),
        sa.Column("for_all", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        _person("created_by_id"),
    )
    op.create_index("ix_core_announcement_shown", "core_announcement", ["starts_at", "id"])
    op.create_table(
        "core_announcement_audience",
        sa.Column("announcement_id", KEY, sa.ForeignKey("core_announcement.id"), primary_key=True),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id"), primary_key=True),
    )
    op.create_table(
        "core_announcement_file",
        sa.Column("announcement_id", KEY, sa.ForeignKey("core_announcement.id"), primary_key=True),
        sa.Column("file_id", KEY, sa.ForeignKey("core_file.id"), primary_key=True),
    )
    op.create_table(
        "core_announcement_read",
        sa.Column("announcement_id", KEY, sa.ForeignKey("core_announcement.id"), primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )


def _help():
    op.create_table(
        "core_help_page",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_question", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        _person("changed_by_id", nullable=True),
    )
