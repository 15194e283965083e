"""Tables of audit and security: seals of the audit log, old passwords, second factors."""

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision = "core_0007"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
FAILED = sa.text("NOT success")


def upgrade():
    _audit()
    _logins()


def downgrade():
    for table in ("core_login_step", "core_recovery_code", "core_second_factor", "core_password_history", "core_chain_check"):
        op.drop_table(table)
    op.drop_table("core_audit_seal")
    op.drop_index("ix_core_audit_failed", "core_audit")
    op.drop_index("ix_core_audit_action", "core_audit")
    op.drop_index("ix_core_audit_at", "core_audit")
    _index_again(("object_type", "object_id", "id"), ("actor_id", "id"))
    op.drop_column("core_audit", "request_id")
    op.drop_column("core_audit", "success")


def _audit():
    """What level 2 asks of a line, the indexes of the page, and the seals."""
    op.add_column("core_audit", sa.Column("success", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("core_audit", sa.Column("request_id", sa.String(64), nullable=False, server_default=""))
    _index_again(("object_type", "object_id", "at", "id"), ("actor_id", "at", "id"))
    op.create_index("ix_core_audit_at", "core_audit", ["at", "id"])
    op.create_index("ix_core_audit_action", "core_audit", ["action", "at", "id"])
    op.create_index("ix_core_audit_failed", "core_audit", ["at", "id"], postgresql_where=FAILED, sqlite_where=FAILED)
    op.create_table(
        "core_audit_seal",
        sa.Column("id", KEY, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("first_id", KEY, nullable=False),
        sa.Column("last_id", KEY, nullable=False, unique=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    _make_append_only("core_audit_seal")
    op.create_table(
        "core_chain_check",
        sa.Column("chain", sa.String(16), primary_key=True),
        sa.Column("checked", MOMENT, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("anchor", sa.String(100), nullable=False),
        sa.Column("found", sa.String(200), nullable=False),
        sa.Column("found_at", MOMENT),
    )


def _logins():
    """Passwords that may not be used again, second factors with their recovery codes, and logins that wait for one."""
    op.create_table(
        "core_password_history",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False, index=True),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("replaced", MOMENT, nullable=False),
    )
    op.create_table(
        "core_second_factor",
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), primary_key=True, autoincrement=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("confirmed", MOMENT),
        sa.Column("last_step", KEY, nullable=False),
    )
    op.create_table(
        "core_recovery_code",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False, index=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used", MOMENT),
    )
    op.create_table(
        "core_login_step",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("expires", MOMENT, nullable=False, index=True),
    )


def _index_again(objects, actors):
    """The two indexes that ``core_audit`` was made with, over other columns."""
    for name, columns in (("object", objects), ("actor", actors)):
        op.drop_index(f"ix_core_audit_{name}", "core_audit")
        op.create_index(f"ix_core_audit_{name}", "core_audit", list(columns))


def _make_append_only(table):
    """As ``0001`` does it, whose function for PostgreSQL is there by now."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    change = f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    truncate = f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
    for trigger in (change, truncate):
        op.execute(f"{trigger} EXECUTE FUNCTION core_refuse_change()")
