"""Answers to questionnaires, with the version of the questionnaire they answered."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime


class EvaluationFormRow(Base):
    """A questionnaire as it stood in one version, so that old answers stay readable after it changed."""

    __tablename__ = "core_evaluation_form"

    code: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict] = mapped_column(sa.JSON)
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)


class Evaluation(Base):
    """One person's answer about one subject. ``answers`` maps question codes to the values of the chosen answers."""

    __tablename__ = "core_evaluation"
    __table_args__ = (
        sa.UniqueConstraint("form_code", "subject", "rater_id"),
        sa.Index("ix_core_evaluation_rater", "rater_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_code: Mapped[str] = mapped_column(sa.String(64))
    form_version: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.String(64))
    subject_title: Mapped[str] = mapped_column(sa.String(200))
    rater_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    answers: Mapped[dict] = mapped_column(sa.JSON)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    changed: Mapped[dt.datetime] = mapped_column(UTCDateTime)
