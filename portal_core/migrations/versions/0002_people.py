"""Heads of units, further departments, reach of a role's permission, versions, reasons in the login log, imports of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
VERSIONED = ("core_department", "core_user", "core_role")


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
    for table_name in VERSIONED:
        op.add_column(table_name, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("core_login_attempt", sa.Column("reason", sa.String(16), nullable=False, server_default=""))
    op.add_column("core_login_attempt", sa.Column("agent", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "core_user_import",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("owner_id", KEY, sa.ForeignKey("core_user.id"), nullable=False, index=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False, index=True),
        sa.Column("file_name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("user_ids", sa.JSON(), nullable=False),
        sa.Column("handed_out", MOMENT),
    )


def downgrade():
    op.drop_table("core_user_import")
    op.drop_column("core_login_attempt", "agent")
    op.drop_column("core_login_attempt", "reason")
    for table_name in reversed(VERSIONED):
        op.drop_column(table_name, "version")
    op.drop_column("core_role_permission", "reach")
    op.drop_table("core_user_department")
    with op.batch_alter_table("core_department") as table:
        table.drop_constraint("fk_core_department_leader_id", type_="foreignkey")
        table.drop_column("leader_id")
