"""The job that measures closed cases: working time between the beginning and the end of the acts that were awaited."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.calendar.services import CalendarService
from portal_core.clock import Clock
from portal_core.inbox.models import ACT, Case, Task
from portal_core.services import Services
from portal_core.statistics.models import CaseHandling

# A run is one transaction; what is left over waits for the next minute.
BATCH = 500
# Cases are closed in transactions that may end after younger ones: so far back the job looks again.
OVERLAP = dt.timedelta(hours=1)

Interval = tuple[dt.datetime, dt.datetime]


def measure_closed(session: Session, portal: Any, clock: Clock) -> None:
    """Measure cases that were closed since the last run; at first, after an upgrade, all closed cases, batch by batch."""
    cases = session.execute(_unmeasured(session)).all()
    if not cases:
        return
    calendar = Services(session, portal, clock).get(CalendarService)
    awaited = _awaited(session, [case.id for case in cases])
    ids = [case.id for case in cases]
    session.execute(sa.delete(CaseHandling).where(CaseHandling.case_id.in_(ids)))
    session.add_all(
        CaseHandling(case_id=case.id, closed=case.closed, minutes=working_minutes(calendar, awaited[case.id])) for case in cases
    )
    session.flush()


def working_minutes(calendar: CalendarService, intervals: Iterable[Interval]) -> int:
    """Whole minutes of working time within the union of ``intervals``: acts that were awaited together count once."""
    worked = sum((calendar.working_time(start, end) for start, end in merged(intervals)), dt.timedelta())
    return round(worked / dt.timedelta(minutes=1))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """``intervals`` in order, those that touch or overlap joined."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def others_act() -> sa.ColumnElement[bool]:
    """Is a task (joined with its case) an act that others than applicant and handler (经办人) had to do?"""
    theirs = sa.or_(Task.assignee_id.is_(None), Task.assignee_id.not_in((Case.applicant_id, Case.handler_id)))
    return sa.and_(Task.kind == ACT, theirs)


def _unmeasured(session: Session) -> Any:
    """Closed cases, oldest first, from a while before the last one measured."""
    query = (
        sa.select(Case.id, Case.closed)
        .outerjoin(CaseHandling, CaseHandling.case_id == Case.id)
        .where(Case.closed.is_not(None), sa.or_(CaseHandling.closed.is_(None), CaseHandling.closed != Case.closed))
        .order_by(Case.closed, Case.id)
        .limit(BATCH)
    )
    last = session.scalar(sa.select(sa.func.max(CaseHandling.closed)))
    return query.where(Case.closed >= last - OVERLAP) if last else query


def _awaited(session: Session, case_ids: Sequence[int]) -> dict[int, list[Interval]]:
    """By case: from when until when each act was awaited."""
    rows = session.execute(
        sa.select(Task.case_id, Task.created, Task.done_at)
        .join(Case, Case.id == Task.case_id)
        .where(Task.case_id.in_(case_ids), others_act())
    )
    found: dict[int, list[Interval]] = defaultdict(list)
    for case_id, created, done in rows:
        if done is not None:
            found[case_id].append((created, max(created, done)))
    return found
