"""What happens to bookings because time passes: meetings end, and what nobody reviewed lapses."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from portal_core.api import SYSTEM, Case, CaseService, Clock, Conflict, Services
from portal_meetings.i18n import _
from portal_meetings.models import Booking
from portal_meetings.services import states as s

# A run is one transaction; what is left over waits for the next minute.
BATCH = 200
LAPSED = _("Not reviewed in time")

log = structlog.get_logger("portal.meetings")


def finish_ended(session: Session, portal: Any, clock: Clock) -> None:
    """End approved meetings whose time is over; their owners get the task to rate them."""
    now = clock.now()
    _advance(
        Services(session, portal, clock),
        _due(session, Booking.state == s.APPROVED, Booking.ends_at <= now),
        lambda _state: "finish",
    )


def lapse_overdue(session: Session, portal: Any, clock: Clock) -> None:
    """Close what nobody reviewed before the meeting's start: bookings are rejected, changes dropped and the old meeting stays."""
    now = clock.now()
    waiting = _due(session, Booking.state.in_((s.PENDING, s.RETURNED, s.CHANGE_PENDING)), Booking.starts_at <= now)
    _advance(Services(session, portal, clock), waiting, lapse_action)


def lapse_action(state: str) -> str:
    """The act by which something unreviewed in ``state`` lapses."""
    return "lapse_change" if state == s.CHANGE_PENDING else "lapse"


def catch_up(services: Services, case: Case) -> None:
    """Do at once what the jobs would do to an approved meeting that is over, for an act that must not wait for them."""
    cases, opinion = services.get(CaseService), services.portal.default_text(LAPSED)
    if case.state == s.CHANGE_PENDING:
        cases.perform(case, "lapse_change", SYSTEM, opinion=opinion)
    if case.state == s.APPROVED:
        cases.perform(case, "finish", SYSTEM)


def _due(session: Session, *conditions) -> list[int]:
    """Ids of bookings, always in the same order, so that two runs cannot wait for each other."""
    return sorted(session.scalars(sa.select(Booking.case_id).where(*conditions).order_by(Booking.ends_at).limit(BATCH)))


def _advance(services: Services, ids: list[int], action_for: Callable[[str], str]) -> None:
    """Perform the act on each case in a savepoint of its own: one that somebody moved meanwhile stops no other."""
    cases = services.get(CaseService)
    for case_id in ids:
        try:
            with services.session.begin_nested():
                case = cases.get(case_id)
                action = action_for(case.state)
                opinion = services.portal.default_text(LAPSED) if action != "finish" else ""
                cases.perform(case, action, SYSTEM, opinion=opinion)
        except Conflict:
            log.info("booking moved meanwhile", case=case_id)
