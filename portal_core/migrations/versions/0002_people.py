"""Heads of units, further departments of a person, and the reach of a role's permission."""

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade():
    with op.batch_alter_table("core_department") as table:
        table.add_column(sa.Column("leader_id", KEY, nullable=True))
        table.create_foreign_key("fk_core_department_leader_id", "core_user", ["leader_id"], ["id"])
    op.create_table(
        "core_user_department",
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), primary_key=True),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id"), primary_key=True, index=True),
    )
    op.add_column("core_role_permission", sa.Column("reach", sa.String(12), nullable=False, server_default="all"))


def downgrade():
    op.drop_column("core_role_permission", "reach")
    op.drop_table("core_user_department")
    with op.batch_alter_table("core_department") as table:
        table.drop_constraint("fk_core_department_leader_id", type_="foreignkey")
        table.drop_column("leader_id")
