"""What statistics keep because SQL cannot compute it: working time needs the calendar with its holidays and seasons."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, UTCDateTime


class CaseHandling(Base):
    """How many working ``minutes`` a closed case waited for others than its applicant.

    ``closed`` is the case's, so that a case that was opened again and closed once more is measured anew. Written by a job soon
    after the case was closed; a later change of the calendar does not change what was measured.
    """

    __tablename__ = "core_case_handling"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False)
    closed: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    minutes: Mapped[int]
