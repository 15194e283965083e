"""Reading the audit log: pages of it by filters, each along one index, and one line with its seal."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.models import User
from portal_core.audit.models import AuditEntry, AuditSeal
from portal_core.db import UTCDateTime

PAGE = 50
# People of the same name or login that a search for a person may mean.
SAME_NAME = 20


@dataclass(frozen=True)
class Filters:
    """What is looked for; empty fields do not narrow. ``person``: a login or whole name; ``since``, ``until``: aware moments."""

    person: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    failed: bool = False


def page(session: Session, filters: Filters, before: int | None = None, size: int = PAGE) -> tuple[list[AuditEntry], int | None]:
    """The newest lines that fit, actors loaded, and the id to give as ``before`` for those after them (None: no more).

    ``before`` is the id of a line; an unknown one gives nothing.
    """
    query = sa.select(AuditEntry).options(joinedload(AuditEntry.actor)).where(*_conditions(session, filters))
    if before is not None:
        at = session.scalar(sa.select(AuditEntry.at).where(AuditEntry.id == before))
        if at is None:
            return [], None
        query = query.where(sa.tuple_(AuditEntry.at, AuditEntry.id) < sa.tuple_(sa.literal(at, UTCDateTime()), before))
    query = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(size + 1)
    found = list(session.scalars(query))
    return found[:size], (found[size - 1].id if len(found) > size else None)


def entry(session: Session, entry_id: int) -> AuditEntry | None:
    """One line with its actor loaded, or None."""
    return session.scalar(sa.select(AuditEntry).options(joinedload(AuditEntry.actor)).where(AuditEntry.id == entry_id))


def seal_of(session: Session, entry_id: int) -> AuditSeal | None:
    """The seal that covers a line, or None while it waits for the next sealing."""
    return session.scalar(sa.select(AuditSeal).where(AuditSeal.last_id >= entry_id).order_by(AuditSeal.last_id).limit(1))


def _conditions(session: Session, filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.person:
        named = sa.or_(User.login == filters.person.lower(), User.name == filters.person)
        people = list(session.scalars(sa.select(User.id).where(named).limit(SAME_NAME)))
        conditions.append(AuditEntry.actor_id.in_(people))
    for column, value in (
        (AuditEntry.action, filters.action),
        (AuditEntry.object_type, filters.object_type),
        (AuditEntry.object_id, filters.object_id),
    ):
        if value:
            conditions.append(column == value)
    if filters.since:
        conditions.append(AuditEntry.at >= filters.since)
    if filters.until:
        conditions.append(AuditEntry.at < filters.until)
    if filters.failed:
        conditions.append(~AuditEntry.success)
    return conditions
