"""Case numbers that people can read out: prefix, day, running number of that day."""

import datetime as dt

from sqlalchemy.orm import Session

from portal_core.db import insert_into
from portal_core.inbox.models import CaseCounter


def next_number(session: Session, prefix: str, day: dt.date) -> str:
    """The next number for ``prefix`` on ``day`` (users' zone), e.g. ``HY20261124-001``.

    The counter's row stays locked until the transaction ends, so numbers have no gaps; it is the last lock that an
    application takes (rooms and the like come first), so it cannot be part of a deadlock.
    """
    key = f"{prefix}{day:%Y%m%d}"
    statement = (
        insert_into(session, CaseCounter)
        .values(prefix=key, value=1)
        .on_conflict_do_update(index_elements=[CaseCounter.prefix], set_={"value": CaseCounter.value + 1})
        .returning(CaseCounter.value)
    )
    value = session.execute(statement).scalar_one()
    return f"{key}-{value:03d}"
