"""The hourly sealing and the nightly check of everything that is chained, and the alarm when a chain is broken."""

import datetime as dt

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from portal_core.accounts.rights import RightsService
from portal_core.audit import seals
from portal_core.audit.models import AuditEntry, AuditSeal, ChainCheck
from portal_core.i18n import _
from portal_core.inbox.models import Case, CaseEvent
from portal_core.inbox.timeline import digest
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

AUDIT, CASES = "audit", "cases"
VIEW_LOG = "core:log:view"
BROKEN = "core.chain_broken"

# What one night looks at: some seconds of work. A longer log is gone through in several nights, the seals themselves every night.
ENTRIES_A_NIGHT, CASES_A_NIGHT, CASES_AT_ONCE = 300_000, 20_000, 500
# Sealing runs every hour; lines that wait longer mean that no worker runs, or that somebody took seals away.
LONGEST_UNSEALED = dt.timedelta(hours=26)

log = structlog.get_logger("portal.audit")


def seal_entries(session, portal, clock):
    """Job: seal what was written since the last time. The newest hash goes to the log, which is kept elsewhere."""
    made = seals.seal(Services(session, portal, clock))
    if made:
        log.info("audit log sealed", anchor=f"{made[-1].id}:{made[-1].hash}", entries=sum(item.entries for item in made))


def check_chains(session, portal, clock):
    """Job: look for breaks in the seals and in the timelines of cases, and raise the alarm for one that is new."""
    services = Services(session, portal, clock)
    for chain, check in ((AUDIT, check_audit), (CASES, check_cases)):
        state = session.get(ChainCheck, chain) or ChainCheck(chain=chain, position=0, anchor="", found="")
        found, complete = check(session, state)
        session.add(state)
        state.checked = clock.now()
        if found and not state.found:
            state.found, state.found_at = found[:200], clock.now()
            _alarm(services, state)
        elif not found and complete:
            state.found, state.found_at = "", None
    session.flush()


def check_audit(session: Session, state: ChainCheck) -> tuple[str, bool]:
    """One night's part of the audit log: what was found, and whether the round is complete. Moves ``state`` on."""
    gone = seals.missing(session, state.anchor)
    if gone:
        return str(gone), False
    verified = seals.verify(session, state.position, ENTRIES_A_NIGHT)
    if verified.broken:
        return str(verified.broken), False
    last = seals.newest(session)
    complete = last is None or verified.position == last.id
    state.position = 0 if complete else verified.position
    state.anchor = f"{last.id}:{last.hash}" if last else ""
    return "", complete


def check_cases(session: Session, state: ChainCheck) -> tuple[str, bool]:
    """One night's part of the timelines, case by case: what was found, and whether the round is complete."""
    for _slice in range(CASES_A_NIGHT // CASES_AT_ONCE):
        ids = sa.select(Case.id).where(Case.id > state.position).order_by(Case.id).limit(CASES_AT_ONCE)
        numbers = list(session.scalars(ids))
        if not numbers:
            state.position = 0
            return "", True
        broken = broken_event(session, numbers[0], numbers[-1])
        if broken:
            return f"case {broken[0]}, event {broken[1]}", False
        state.position = numbers[-1]
    return "", False


def broken_event(session: Session, first_case: int, last_case: int) -> tuple[int, int] | None:
    """Ids of the case and of its first event that does not fit the chain, among these cases; None when all are sound."""
    before: dict[int, str] = {}
    events = (
        sa.select(CaseEvent).where(CaseEvent.case_id.between(first_case, last_case)).order_by(CaseEvent.case_id, CaseEvent.id)
    )
    for event in session.scalars(events):
        if event.prev_hash != before.get(event.case_id, "") or event.hash != digest(event):
            return event.case_id, event.id
        before[event.case_id] = event.hash
    return None


def breaks(session: Session) -> list[ChainCheck]:
    """The chains in which a break was found and not yet seen to be gone."""
    return list(session.scalars(sa.select(ChainCheck).where(ChainCheck.found != "").order_by(ChainCheck.chain)))


def chains_hold(session: Session) -> str | None:
    """Health check: None while no break is known, else where it is."""
    return "; ".join(f"{state.chain}: {state.found}" for state in breaks(session)) or None


def entries_are_sealed(session: Session, portal) -> str | None:
    """Check of ``portal doctor``: None while the sealing job keeps up, else since when it does not."""
    last = sa.select(sa.func.coalesce(sa.func.max(AuditSeal.last_id), 0)).scalar_subquery()
    waiting = session.scalar(sa.select(AuditEntry.at).where(AuditEntry.id > last).order_by(AuditEntry.id).limit(1))
    if waiting is None or portal.clock.now() - waiting < LONGEST_UNSEALED:
        return None
    return f"not sealed since {waiting:%Y-%m-%d %H:%M} UTC: does a worker run?"


def _alarm(services: Services, state: ChainCheck) -> None:
    log.error("a chain is broken", chain=state.chain, found=state.found)
    readers = services.get(RightsService).holders(VIEW_LOG)
    title = services.portal.default_text(CHAINS[state.chain])
    services.get(NotificationService).send(BROKEN, readers, {"chain": title, "found": state.found}, url="/admin/audit")


CHAINS = {AUDIT: _("Audit log"), CASES: _("Timelines of cases")}
