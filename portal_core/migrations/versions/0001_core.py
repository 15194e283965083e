"""The core's tables as first released.

Names of constraints come from the naming convention of ``portal_core.db``, which therefore never changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

# What is written here stays as it was written, whoever has the application's password to the database.
APPEND_ONLY = ("core_case_event", "core_audit")


def upgrade():
    _people()
    _logins()
    _inbox()
    _messages_and_answers()
    _files_and_ledgers()
    for table in APPEND_ONLY:
        _make_append_only(table)


def downgrade():
    tables = (
        "core_department",
        "core_user",
        "core_role",
        "core_user_role",
        "core_permission",
        "core_role_permission",
        "core_grant",
        "core_session",
        "core_login_attempt",
        "core_captcha",
        "core_case",
        "core_task",
        "core_case_event",
        "core_case_counter",
        "core_notification",
        "core_evaluation_form",
        "core_evaluation",
        "core_file",
        "core_audit",
        "core_job_run",
    )
    for table in reversed(tables):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION core_refuse_change()")


def _people():
    """Users, departments, roles and what they may do."""
    op.create_table(
        "core_department",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("parent_id", KEY, sa.ForeignKey("core_department.id")),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("short_name", sa.String(40), nullable=False),
        sa.Column("path", sa.String(255), nullable=False, index=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "core_user",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("login", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id"), index=True),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("email", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("password_changed", MOMENT, nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT),
    )
    op.create_table(
        "core_role",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.String(80), nullable=False),
    )
    op.create_table(
        "core_user_role",
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), primary_key=True),
        sa.Column("role_id", KEY, sa.ForeignKey("core_role.id"), primary_key=True, index=True),
        sa.Column("scope", sa.String(64), primary_key=True),
    )
    op.create_table(
        "core_permission",
        sa.Column("name", sa.String(96), primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
    )
    op.create_table(
        "core_role_permission",
        sa.Column("role_id", KEY, sa.ForeignKey("core_role.id"), primary_key=True),
        sa.Column("permission", sa.String(96), sa.ForeignKey("core_permission.name"), primary_key=True),
    )
    op.create_table(
        "core_grant",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("permission", sa.String(96), sa.ForeignKey("core_permission.name"), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), index=True),
        sa.Column("role_id", KEY, sa.ForeignKey("core_role.id"), index=True),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id"), index=True),
    )
    op.create_index("ix_core_grant_scope", "core_grant", ["scope", "permission"])
    subject = [sa.text(f"coalesce({column}, 0)") for column in ("user_id", "role_id", "department_id")]
    op.create_index("uq_core_grant_subject", "core_grant", ["permission", "scope", *subject], unique=True)
    everyone = sa.text("user_id IS NULL AND role_id IS NULL AND department_id IS NULL")
    op.create_index("ix_core_grant_everyone", "core_grant", ["permission"], postgresql_where=everyone, sqlite_where=everyone)


def _logins():
    """Sessions, the login log and captchas."""
    op.create_table(
        "core_session",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False, index=True),
        sa.Column("csrf_token", sa.String(64), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("ended", MOMENT),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
    )
    op.create_table(
        "core_login_attempt",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_core_login_attempt_ip_at", "core_login_attempt", ["ip", "at"])
    op.create_index("ix_core_login_attempt_login_at", "core_login_attempt", ["login", "at"])
    op.create_table(
        "core_captcha",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("answer_hash", sa.String(64), nullable=False),
        sa.Column("expires", MOMENT, nullable=False, index=True),
    )


def _inbox():
    """Cases, tasks and the timeline. The partial indexes hold only what is open, so they stay small for ever."""
    op.create_table(
        "core_case",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("number", sa.String(32), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("applicant_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("handler_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id")),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_label", sa.String(64), nullable=False),
        sa.Column("tone", sa.String(8), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("closed", MOMENT),
    )
    op.create_index("ix_core_case_applicant", "core_case", ["applicant_id", "id"])
    op.create_index("ix_core_case_handler", "core_case", ["handler_id", "id"])
    _partial_index("ix_core_case_own_draft", "core_case", ["applicant_id", "id"], "state = 'draft'")
    _partial_index("ix_core_case_typed_draft", "core_case", ["handler_id", "id"], "state = 'draft'")
    op.create_table(
        "core_task",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("assignee_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("permission", sa.String(96), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("pool", sa.String(161), sa.Computed("permission || ' ' || scope", persisted=True), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("due", MOMENT),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("first_seen", MOMENT),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("done_by_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("done_at", MOMENT),
        sa.Column("parent_id", KEY, sa.ForeignKey("core_task.id")),
    )
    _partial_index("ix_core_task_assignee", "core_task", ["assignee_id", "id"], "status = 'open' AND kind = 'act'")
    _partial_index("ix_core_task_reader", "core_task", ["assignee_id", "id"], "status = 'open' AND kind = 'read'")
    op.create_index("ix_core_task_case", "core_task", ["case_id"])
    _partial_index("ix_core_task_done", "core_task", ["done_by_id", "id"], "status = 'done'")
    _partial_index("ix_core_task_pool", "core_task", ["permission", "id"], "status = 'open' AND assignee_id IS NULL")
    _partial_index("ix_core_task_scope", "core_task", ["pool", "id"], "status = 'open' AND assignee_id IS NULL")
    op.create_table(
        "core_case_event",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), nullable=False),
        sa.Column("actor_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("on_behalf_of_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("action_label", sa.String(64), nullable=False),
        sa.Column("from_state", sa.String(32), nullable=False),
        sa.Column("to_state", sa.String(32), nullable=False),
        sa.Column("to_label", sa.String(64), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_core_case_event_case", "core_case_event", ["case_id", "id"])
    op.create_table(
        "core_case_counter",
        sa.Column("prefix", sa.String(24), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
    )


def _messages_and_answers():
    """Notifications and evaluations."""
    op.create_table(
        "core_notification",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(200), nullable=False),
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), index=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT),
    )
    _partial_index("ix_core_notification_unread", "core_notification", ["user_id"], "read_at IS NULL")
    op.create_index("ix_core_notification_user", "core_notification", ["user_id", "id"])
    op.create_table(
        "core_evaluation_form",
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
    )
    op.create_table(
        "core_evaluation",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("form_code", sa.String(64), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("subject_title", sa.String(200), nullable=False),
        sa.Column("rater_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.UniqueConstraint("form_code", "subject", "rater_id"),
    )
    op.create_index("ix_core_evaluation_rater", "core_evaluation", ["rater_id", "id"])


def _files_and_ledgers():
    """Uploaded files, the audit log and the ledger of jobs."""
    op.create_table(
        "core_file",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, index=True),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("uploaded_by_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("created", MOMENT, nullable=False),
    )
    op.create_table(
        "core_audit",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", KEY, sa.ForeignKey("core_user.id")),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object_type", sa.String(64), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
    )
    op.create_index("ix_core_audit_actor", "core_audit", ["actor_id", "id"])
    op.create_index("ix_core_audit_object", "core_audit", ["object_type", "object_id", "id"])
    op.create_table(
        "core_job_run",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("slot", MOMENT, primary_key=True),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("finished", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", MOMENT),
        sa.Column("error", sa.Text(), nullable=False),
    )


def _partial_index(name, table, columns, where):
    """An index of the rows that fulfil ``where``, on both databases."""
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


def _make_append_only(table):
    """Triggers that refuse to change or remove a row of ``table``."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION core_refuse_change()"
    )
    # A row trigger does not see TRUNCATE.
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )
