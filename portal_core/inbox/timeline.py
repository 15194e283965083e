"""The timeline of a case (流转记录): append-only, each line carrying the hash of the line before."""

import hashlib
import json

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.models import User
from portal_core.inbox.models import CaseEvent


def events(session: Session, case_id: int) -> list[CaseEvent]:
    """All lines, oldest first, with the actors and their units loaded."""
    people = joinedload(CaseEvent.actor).joinedload(User.department)
    return list(session.scalars(sa.select(CaseEvent).options(people).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)))


def has_acted(session: Session, case_id: int, user_id: int) -> bool:
    """Does any line of the case name ``user_id`` as actor?"""
    line = sa.select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.actor_id == user_id)
    return session.scalar(line.limit(1)) is not None


def last_act(session: Session, case_id: int) -> CaseEvent | None:
    """The newest line, with its actor loaded."""
    query = sa.select(CaseEvent).options(joinedload(CaseEvent.actor)).where(CaseEvent.case_id == case_id)
    return session.scalar(query.order_by(CaseEvent.id.desc()).limit(1))


def write_event(session: Session, ctx, from_state: str, text) -> CaseEvent:
    """Add the line for one act. ``text`` turns labels into stored text. The case row is locked by the act's own UPDATE."""
    previous = ""
    if ctx.case.version > 2:  # The first act has no line before it.
        lines = sa.select(CaseEvent.hash).where(CaseEvent.case_id == ctx.case.id)
        previous = session.scalar(lines.order_by(CaseEvent.id.desc()).limit(1))
    event = CaseEvent(
        case_id=ctx.case.id,
        actor_id=ctx.actor.user_id or None,
        action=ctx.transition.action,
        action_label=text(ctx.transition.label),
        from_state=from_state,
        to_state=ctx.case.state,
        to_label=ctx.case.state_label,
        opinion=ctx.opinion,
        changes=[[str(part) for part in change] for change in ctx.changes],
        at=ctx.now,
        prev_hash=previous,
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
