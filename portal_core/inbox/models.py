"""Tables of the inbox; the names follow case management (ARCHITECTURE.md section 3)."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.accounts.models import Department, User
from portal_core.db import Base, BigId, UTCDateTime

OPEN, WAITING, DONE, VOID = "open", "waiting", "done", "void"
ACT, READ = "act", "read"


def partial_index(name, *columns, where):
    """An index of the rows that fulfil ``where``, on both databases: what is open stays few, whatever has been done."""
    return sa.Index(name, *columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


class Case(Base):
    """One application from submission to close. A plugin's business row has ``case_id`` as its primary key.

    ``summary`` is a list of at most five ``[label, value]`` pairs. ``state_label`` is kept as text (default language) so that
    a case stays readable when its plugin is absent. ``version`` grows with every act and guards against stale forms.
    """

    __tablename__ = "core_case"
    __table_args__ = (
        sa.Index("ix_core_case_applicant", "applicant_id", "id"),
        sa.Index("ix_core_case_handler", "handler_id", "id"),
        # Statistics ask for periods.
        sa.Index("ix_core_case_created", "created"),
        partial_index("ix_core_case_closed", "closed", where="closed IS NOT NULL"),
        partial_index("ix_core_case_own_draft", "applicant_id", "id", where="state = 'draft'"),
        partial_index("ix_core_case_typed_draft", "handler_id", "id", where="state = 'draft'"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    number: Mapped[str] = mapped_column(sa.String(32), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    summary: Mapped[list] = mapped_column(sa.JSON, default=list)
    applicant_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    handler_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"))
    state: Mapped[str] = mapped_column(sa.String(32))
    state_label: Mapped[str] = mapped_column(sa.String(64))
    tone: Mapped[str] = mapped_column(sa.String(8), default="")
    priority: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    closed: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    applicant: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[applicant_id])
    handler: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[handler_id])
    department: Mapped[Department | None] = relationship(lazy="raise_on_sql")


class Task(Base):
    """One act awaited. Either ``assignee_id`` is set, or holders of ``permission`` (within ``scope``) are candidates.

    ``kind`` is ``act`` (待办) or ``read`` (待阅). ``why`` is the rule that sent it, for the reader. The partial indexes serve
    the three ways in which an inbox finds a task, newest first, whatever the number of open tasks.

    A task with a permission and an assignee was claimed by that candidate. ``owner_id`` is whose it was before it was handed
    over (转办). ``parent_id`` and ``sign`` (before, after) make it an added signature (加签); its parent
    is ``waiting`` meanwhile.
    ``plan_id`` and ``stage`` say which stage of which approval plan opened it; ``mode`` (any, all, in_turn) whether the other
    tasks of the stage are awaited as well. ``on_behalf_of_id`` is for whom ``done_by_id`` stood in. ``urges`` counts 催办,
    ``reminders`` what escalation sent.
    """

    __tablename__ = "core_task"
    __table_args__ = (
        sa.Index("ix_core_task_case", "case_id"),
        partial_index("ix_core_task_assignee", "assignee_id", "id", where="status = 'open' AND kind = 'act'"),
        partial_index("ix_core_task_reader", "assignee_id", "id", where="status = 'open' AND kind = 'read'"),
        partial_index("ix_core_task_pool", "permission", "id", where="status = 'open' AND assignee_id IS NULL"),
        partial_index("ix_core_task_scope", "pool", "id", where="status = 'open' AND assignee_id IS NULL"),
        partial_index("ix_core_task_due", "due", where="status = 'open' AND kind = 'act' AND reminders < 4"),
        partial_index("ix_core_task_done", "done_by_id", "id", where="status = 'done'"),
        partial_index("ix_core_task_seen", "done_by_id", "id", where="status = 'done' AND kind = 'read'"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"))
    kind: Mapped[str] = mapped_column(sa.String(8), default=ACT)
    step: Mapped[str] = mapped_column(sa.String(32))
    verb: Mapped[str] = mapped_column(sa.String(40))
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    permission: Mapped[str] = mapped_column(sa.String(96), default="")
    scope: Mapped[str] = mapped_column(sa.String(64), default="")
    # Both in one column: PostgreSQL ends a scan by the first column of a range alone and would read past all other scopes.
    pool: Mapped[str] = mapped_column(sa.String(161), sa.Computed("permission || ' ' || scope", persisted=True))
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    status: Mapped[str] = mapped_column(sa.String(8), default=OPEN)
    due: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    first_seen: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(sa.String(32), default="")
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    done_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_task.id"))
    sign: Mapped[str] = mapped_column(sa.String(8), default="")
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_approval_plan.id"))
    stage: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    mode: Mapped[str] = mapped_column(sa.String(8), default="any")
    urges: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    urged_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    reminders: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    reminded_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    case: Mapped[Case] = relationship(lazy="raise_on_sql")


class CaseEvent(Base):
    """One line of the timeline (流转记录). Append-only by triggers; each row carries the hash of the one before."""

    __tablename__ = "core_case_event"
    __table_args__ = (sa.Index("ix_core_case_event_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"))
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    action: Mapped[str] = mapped_column(sa.String(32))
    action_label: Mapped[str] = mapped_column(sa.String(64))
    from_state: Mapped[str] = mapped_column(sa.String(32), default="")
    to_state: Mapped[str] = mapped_column(sa.String(32))
    to_label: Mapped[str] = mapped_column(sa.String(64), default="")
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    changes: Mapped[list] = mapped_column(sa.JSON, default=list)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    prev_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    hash: Mapped[str] = mapped_column(sa.String(64))

    actor: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[actor_id])
    on_behalf_of: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[on_behalf_of_id])


class CaseCounter(Base):
    """The last number given per prefix and day (``HY20261124``)."""

    __tablename__ = "core_case_counter"

    prefix: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    value: Mapped[int]


class Delegation(Base):
    """``to_user_id`` stands in for ``from_user_id`` in a period; ``plugins`` names the modules, empty means all of them."""

    __tablename__ = "core_delegation"
    __table_args__ = (
        sa.Index("ix_core_delegation_to", "to_user_id", "ends_at"),
        sa.Index("ix_core_delegation_from", "from_user_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    from_user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    to_user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    plugins: Mapped[list] = mapped_column(sa.JSON, default=list)
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    ended: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class Phrase(Base):
    """One of a person's 常用意见."""

    __tablename__ = "core_phrase"
    __table_args__ = (sa.UniqueConstraint("user_id", "text"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    text: Mapped[str] = mapped_column(sa.String(200))
    position: Mapped[int] = mapped_column(default=0)


class ApprovalPlan(Base):
    """How an approval step of a case kind is handled, as an administrator set it: ``stages`` in order, as plain data.

    Rows are never changed: a new setting is a new ``version``, and cases keep the version with which they began.
    ``once``: whoever agreed in one stage need not agree again in the next. ``stages`` as in ``portal_core.inbox.plans.stages``.
    """

    __tablename__ = "core_approval_plan"
    __table_args__ = (sa.UniqueConstraint("kind", "step", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    step: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[int]
    stages: Mapped[list] = mapped_column(sa.JSON, default=list)
    once: Mapped[bool] = mapped_column(default=False)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    created_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[created_by_id])


class CasePlan(Base):
    """The plan by which one step of one case is handled: fixed when the step is opened for the first time."""

    __tablename__ = "core_case_plan"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"), primary_key=True)
    step: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("core_approval_plan.id"))
