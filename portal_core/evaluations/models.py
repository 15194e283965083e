"""Answers to questionnaires, with the version of the questionnaire they answered, and what follows from low ones."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.accounts.models import Department, User
from portal_core.db import Base, BigId, UTCDateTime
from portal_core.files.models import StoredFile
from portal_core.inbox.models import Case


class EvaluationFormRow(Base):
    """A questionnaire as it stood in one version, so that old answers stay readable after it changed."""

    __tablename__ = "core_evaluation_form"

    code: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict] = mapped_column(sa.JSON)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)


class Evaluation(Base):
    """One person's answer about one subject. ``answers`` maps question codes to the values of the chosen answers.

    ``department_id`` is the rater's unit and ``scope`` the subject's scope when it was given; ``complaint``: the rater asks for
    an answer.
    """

    __tablename__ = "core_evaluation"
    __table_args__ = (
        sa.UniqueConstraint("form_code", "subject", "rater_id"),
        sa.Index("ix_core_evaluation_rater", "rater_id", "id"),
        sa.Index("ix_core_evaluation_results", "form_code", "created"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_code: Mapped[str] = mapped_column(sa.String(64))
    form_version: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.String(64))
    subject_title: Mapped[str] = mapped_column(sa.String(200))
    rater_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"))
    scope: Mapped[str] = mapped_column(sa.String(64), default="")
    answers: Mapped[dict] = mapped_column(sa.JSON)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    complaint: Mapped[bool] = mapped_column(default=False)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)

    rater: Mapped[User] = relationship(lazy="raise_on_sql")
    department: Mapped[Department | None] = relationship(lazy="raise_on_sql")


class FollowUpRow(Base):
    """What was done about one answer (整改): the business row of a case of the kind ``core.followup``.

    The unique ``evaluation_id`` proves that an answer has one at most, however often it is changed. ``permission`` and ``scope``
    say whose it is. ``reopened``: the rater was not content with the first answer, which may be said once. ``satisfied``: what
    the rater said in the end, None when nothing.
    """

    __tablename__ = "core_follow_up"
    __table_args__ = (sa.Index("ix_core_follow_up_opened", "form_code", "opened"),)

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"), primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("core_evaluation.id"), unique=True)
    form_code: Mapped[str] = mapped_column(sa.String(64))
    permission: Mapped[str] = mapped_column(sa.String(96))
    scope: Mapped[str] = mapped_column(sa.String(64), default="")
    opened: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    closed: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    photo_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    reopened: Mapped[bool] = mapped_column(default=False)
    satisfied: Mapped[bool | None] = mapped_column(default=None)

    case: Mapped[Case] = relationship(lazy="raise_on_sql")
    evaluation: Mapped[Evaluation] = relationship(lazy="raise_on_sql")
    answered_by: Mapped[User | None] = relationship(lazy="raise_on_sql")
    photo: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")


class EvaluationReminder(Base):
    """A reminder that was sent about a to-do that asks for an answer; ``kind`` is ``early`` or ``late``."""

    __tablename__ = "core_evaluation_reminder"

    task_id: Mapped[int] = mapped_column(sa.ForeignKey("core_task.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
