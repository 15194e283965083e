"""The timeline of a case (流转记录): append-only, each line carrying the hash of the line before."""

import datetime as dt
import hashlib
import json

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.models import User
from portal_core.inbox.models import Case, CaseEvent


def events(session: Session, case_id: int) -> list[CaseEvent]:
    """All lines, oldest first, with the actors, their units and those they stood in for loaded."""
    people = [joinedload(CaseEvent.actor).joinedload(User.department), joinedload(CaseEvent.on_behalf_of)]
    return list(session.scalars(sa.select(CaseEvent).options(*people).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)))


def has_acted(session: Session, case_id: int, user_id: int) -> bool:
    """Does any line of the case name ``user_id`` as actor?"""
    line = sa.select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.actor_id == user_id)
    return session.scalar(line.limit(1)) is not None


def last_act(session: Session, case_id: int) -> CaseEvent | None:
    """The newest line, with its actor loaded."""
    query = sa.select(CaseEvent).options(joinedload(CaseEvent.actor)).where(CaseEvent.case_id == case_id)
    return session.scalar(query.order_by(CaseEvent.id.desc()).limit(1))


def write_event(session: Session, ctx, from_state: str, text) -> CaseEvent:
    """Add the line for one act that moves the case. ``text`` turns labels into stored text."""
    # The first act has no line before it.
    return add_line(
        session,
        ctx.case,
        ctx.now,
        actor_id=ctx.actor.user_id or None,
        on_behalf_of_id=ctx.on_behalf_of_id,
        action=ctx.transition.action,
        action_label=text(ctx.transition.label),
        from_state=from_state,
        opinion=ctx.opinion,
        changes=ctx.changes,
        first=ctx.case.version == 2,
    )


def add_line(session: Session, case: Case, now: dt.datetime, *, from_state=None, changes=(), first=False, **fields) -> CaseEvent:
    """Add a line that ends in the case's present state. The caller holds the lock on the case's row, so the chain cannot fork.

    ``fields`` are columns of the line: ``actor_id action action_label opinion on_behalf_of_id``. ``changes``: ``(label, old,
    new)`` each. ``from_state`` defaults to the present state: the act did not move the case. ``first``: there is no line yet.
    """
    previous = ""
    if not first:
        lines = sa.select(CaseEvent.hash).where(CaseEvent.case_id == case.id)
        previous = session.scalar(lines.order_by(CaseEvent.id.desc()).limit(1)) or ""
    event = CaseEvent(
        case_id=case.id,
        from_state=case.state if from_state is None else from_state,
        to_state=case.state,
        to_label=case.state_label,
        changes=[[str(part) for part in change] for change in changes],
        at=now,
        prev_hash=previous,
        **{"opinion": ""} | fields,
    )
    event.hash = digest(event)
    session.add(event)
    return event


def digest(event: CaseEvent) -> str:
    """SHA-256 over the line's content and the hash before it, as hex."""
    content = [
        event.prev_hash,
        event.case_id,
        event.actor_id,
        event.on_behalf_of_id,
        event.action,
        event.from_state,
        event.to_state,
        event.opinion,
        event.changes,
        event.at.isoformat(),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def broken_at(session: Session, case_id: int) -> int | None:
    """The id of the first line that does not fit its chain, or None when the timeline is sound."""
    before = ""
    for event in events(session, case_id):
        if event.prev_hash != before or event.hash != digest(event):
            return event.id
        before = event.hash
    return None
