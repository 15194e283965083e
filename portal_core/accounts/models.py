"""Tables of people and their rights. Nothing here is ever deleted: users and departments are deactivated."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.db import Base, BigId, UTCDateTime

TO_EVERYONE = "user_id IS NULL AND role_id IS NULL AND department_id IS NULL"


class Department(Base):
    """A unit of the compound. ``path`` is ``/1/4/9/``, the ids from the root down to this one, for subtree queries.

    ``leader_id`` is the head (单位负责人), who approves for the unit where an approval plan says so.
    """

    __tablename__ = "core_department"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    short_name: Mapped[str] = mapped_column(sa.String(40), default="")
    path: Mapped[str] = mapped_column(sa.String(255), default="", index=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    leader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id", use_alter=True))
    version: Mapped[int] = mapped_column(default=1)

    @property
    def indented(self) -> str:
        """The name behind as many wide spaces as there are units above it, for a list that shows the tree."""
        return "\u3000" * (self.path.count("/") - 2) + self.name


class User(Base):
    """A person with an account.

    ``login`` is unique, in lower case, and not the person's name, which others may share. ``locked_until`` tells administrators
    of a lock; whether a login is refused is decided from the attempts, so that unknown names behave alike. ``version`` grows with
    every change of the data that administrators edit.
    """

    __tablename__ = "core_user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"), index=True)
    phone: Mapped[str] = mapped_column(sa.String(32), default="")
    email: Mapped[str] = mapped_column(sa.String(120), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    password_changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    must_change_password: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    locked_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    department: Mapped[Department | None] = relationship(lazy="raise_on_sql", foreign_keys=[department_id])


class UserDepartment(Base):
    """A further department of a person, beside the main one (主部门) in ``User.department_id``."""

    __tablename__ = "core_user_department"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("core_department.id"), primary_key=True, index=True)


class Role(Base):
    """A named bundle of permissions, e.g. 会议室管理员."""

    __tablename__ = "core_role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    title: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)


class UserRole(Base):
    """A person holds a role everywhere (``scope`` empty) or within one scope such as ``meetings.room:7``."""

    __tablename__ = "core_user_role"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), primary_key=True)
    role_id: Mapped[int] = mapped_column(sa.ForeignKey("core_role.id"), primary_key=True, index=True)
    scope: Mapped[str] = mapped_column(sa.String(64), primary_key=True, default="")


class PermissionRow(Base):
    """A permission that some plugin or the core declares; rows are made by ``portal db upgrade``."""

    __tablename__ = "core_permission"

    name: Mapped[str] = mapped_column(sa.String(96), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(120))


class RolePermission(Base):
    """A role carries a permission, for data within ``reach``: all, tree (own unit and below), department, own."""

    __tablename__ = "core_role_permission"

    role_id: Mapped[int] = mapped_column(sa.ForeignKey("core_role.id"), primary_key=True)
    permission: Mapped[str] = mapped_column(sa.ForeignKey("core_permission.name"), primary_key=True)
    reach: Mapped[str] = mapped_column(sa.String(12), default="all")


class Grant(Base):
    """A permission given directly, within ``scope`` (empty: everywhere), to one subject.

    Exactly one of ``user_id``, ``role_id`` and ``department_id`` (with all units below) is set, or none: then everyone has it.
    """

    __tablename__ = "core_grant"
    __table_args__ = (
        # A plain unique constraint would not see doubles, because in SQL no NULL equals another.
        sa.Index(
            "uq_core_grant_subject",
            "permission",
            "scope",
            sa.text("coalesce(user_id, 0)"),
            sa.text("coalesce(role_id, 0)"),
            sa.text("coalesce(department_id, 0)"),
            unique=True,
        ),
        sa.Index("ix_core_grant_scope", "scope", "permission"),
        # Every request looks for these few rows among very many.
        sa.Index(
            "ix_core_grant_everyone", "permission", postgresql_where=sa.text(TO_EVERYONE), sqlite_where=sa.text(TO_EVERYONE)
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    permission: Mapped[str] = mapped_column(sa.ForeignKey("core_permission.name"))
    scope: Mapped[str] = mapped_column(sa.String(64), default="")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    role_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_role.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"), index=True)


class SessionRow(Base):
    """A login. Only the SHA-256 of the cookie's random token is stored, so a copy of the table opens no session."""

    __tablename__ = "core_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(sa.String(64))
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    seen: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ended: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
    agent: Mapped[str] = mapped_column(sa.String(200), default="")


class LoginAttempt(Base):
    """One try to prove oneself by the password, at the login or when changing it; kept for throttling and as the login log.

    ``cleared`` ones no longer count as failures. ``reason`` is why it failed (``loginlog.REASONS``), empty for a success and for
    a change of the password; ``agent`` is the browser's header.
    """

    __tablename__ = "core_login_attempt"
    __table_args__ = (
        sa.Index("ix_core_login_attempt_login_at", "login", "at"),
        sa.Index("ix_core_login_attempt_ip_at", "ip", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(64))
    ip: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    success: Mapped[bool]
    cleared: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(16), default="")
    agent: Mapped[str] = mapped_column(sa.String(200), default="")


class Captcha(Base):
    """A riddle shown at the login: the answer's hash, good for one try and a few minutes."""

    __tablename__ = "core_captcha"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    answer_hash: Mapped[str] = mapped_column(sa.String(64))
    expires: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)


class UserImport(Base):
    """An xlsx file of accounts that was read and checked and waits for its confirmation, or that was imported.

    ``rows`` are the faultless rows as they would be made, ``problems`` what is wrong with the others. ``state`` is preview or
    done; ``user_ids`` are the accounts that were made, and ``handed_out`` when their initial passwords were.
    """

    __tablename__ = "core_user_import"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    expires: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    file_name: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[str] = mapped_column(sa.String(12))
    total: Mapped[int]
    rows: Mapped[list] = mapped_column(sa.JSON)
    problems: Mapped[list] = mapped_column(sa.JSON)
    user_ids: Mapped[list] = mapped_column(sa.JSON, default=list)
    handed_out: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
