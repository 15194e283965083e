"""Places of the compound with their floor plans, and the entries of dictionaries that administrators changed."""

import sqlalchemy as sa
from alembic import op

revision = "core_0010"
down_revision = "core_0009"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "core_place",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("parent_id", KEY, sa.ForeignKey("core_place.id"), nullable=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("plan_id", KEY, sa.ForeignKey("core_file.id"), nullable=True),
        sa.Column("zone", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_core_place_path", "core_place", ["path"])
    op.create_index("ix_core_place_parent_id", "core_place", ["parent_id"])
    op.create_table(
        "core_dictionary_item",
        sa.Column("dictionary", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("by_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
    )


def downgrade():
    op.drop_table("core_dictionary_item")
    op.drop_table("core_place")
