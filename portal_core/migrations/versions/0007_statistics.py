"""Tables of statistics: how long closed cases took, and cases by the time of their beginning and end."""

import sqlalchemy as sa
from alembic import op

revision = "core_0007"
down_revision = "core_0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_CLOSED = sa.text("closed IS NOT NULL")


def upgrade():
    op.create_table(
        "core_case_handling",
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False),
        sa.Column("closed", MOMENT, nullable=False, index=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
    )
    op.create_index("ix_core_case_created", "core_case", ["created"])
    op.create_index("ix_core_case_closed", "core_case", ["closed"], postgresql_where=IS_CLOSED, sqlite_where=IS_CLOSED)


def downgrade():
    op.drop_index("ix_core_case_closed", "core_case")
    op.drop_index("ix_core_case_created", "core_case")
    op.drop_table("core_case_handling")
