"""What workers do with the ledger: lease, send outside of any transaction, write down what became of it."""

import secrets
import time

import structlog

from portal_core.notifications import channels as ch
from portal_core.notifications.leases import anything_due, lease, record, sweep

# A worker has other work too: it comes back to the ledger in its next round.
BUDGET_SECONDS = 10.0
# So many attempts in a row without success, and the other side is left alone until the next round.
PATIENCE = 3

log = structlog.get_logger("portal.deliveries")


def deliver_due(portal, budget: float = BUDGET_SECONDS) -> int:
    """Send what is due, for about ``budget`` seconds; returns how many deliveries were looked at."""
    if not anything_due(portal):
        return 0
    sweep(portal)
    # A new name each time: after a crash the same process id may come again, with a lease that is not its own.
    worker, give_up, count, troubles = secrets.token_hex(8), time.monotonic() + budget, 0, 0
    while time.monotonic() < give_up and troubles < PATIENCE:
        leased = lease(portal, worker)
        if leased is None:
            break
        count += 1
        if leased.message is not None:
            outcome = attempt(portal, leased)
            troubles = troubles + 1 if outcome.kind in (ch.RETRY, ch.UNKNOWN) else 0
            if not record(portal, leased, outcome):
                log.warning("lease lost while sending", delivery=leased.id)
    return count


def attempt(portal, leased) -> ch.Outcome:
    """One attempt of the channel. A channel that raises has failed at a point that nobody knows."""
    try:
        outcome = leased.channel.deliver(portal, leased.message)
    except Exception as error:
        log.exception("channel failed", channel=leased.channel.code, delivery=leased.id)
        return ch.Outcome.unknown(ch.CHANNEL_FAILED, type(error).__name__)
    log.info("delivery tried", channel=leased.channel.code, delivery=leased.id, outcome=outcome.kind, cause=outcome.cause)
    return outcome
