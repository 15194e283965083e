"""What is done for the ledger at intervals, and how it is watched."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.rights import RightsService
from portal_core.notifications import channels as ch
from portal_core.notifications.models import DEAD, ChannelState, Delivery
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

DEAD_LETTERS = "core.dead_letters"
DESK = "/admin/deliveries"
# So many causes are named in the digest.
NAMED = 3
# Rows that are due for so long mean that no worker sends.
STUCK = dt.timedelta(minutes=30)


def tell_of_dead_letters(session, portal, clock):
    """One message a day inside the portal to everybody who may look after deliveries, when there are new dead letters."""
    services = Services(session, portal, clock)
    recent = Delivery.finished > clock.now() - dt.timedelta(days=1)
    query = sa.select(Delivery.channel, Delivery.cause, sa.func.count()).where(Delivery.state == DEAD, recent)
    found = session.execute(query.group_by(Delivery.channel, Delivery.cause).order_by(sa.func.count().desc())).all()
    if found:
        words = [f"{portal.default_text(ch.explained(portal, code, cause))} ({count})" for code, cause, count in found[:NAMED]]
        params = {"count": str(sum(count for _code, _cause, count in found)), "causes": "; ".join(words)}
        managers = services.get(RightsService).holders("core:delivery:manage")
        services.get(NotificationService).send(DEAD_LETTERS, managers, params, f"{DESK}?state=dead")


def forget_finished(session, portal, clock):
    """Remove deliveries that ended ``portal.delivery_keep_days`` ago; the messages themselves stay."""
    before = clock.now() - dt.timedelta(days=portal.settings["portal.delivery_keep_days"])
    session.execute(sa.delete(Delivery).where(Delivery.finished < before))


def channels_work(session, portal):
    """Health check: no channel paused itself, and what is due is being sent."""
    now = portal.clock.now()
    paused = sa.select(ChannelState.channel, ChannelState.cause).where(ChannelState.paused_until > now, ~ChannelState.held)
    troubles = [f"{code} paused: {cause}" for code, cause in session.execute(paused.order_by(ChannelState.channel))]
    resting = sa.select(ChannelState.channel).where(sa.or_(ChannelState.held, ChannelState.paused_until > now))
    stuck = sa.select(Delivery.id).where(
        Delivery.finished.is_(None), Delivery.next_at < now - STUCK, Delivery.channel.not_in(resting)
    )
    if session.scalar(stuck.limit(1)) is not None:
        troubles.append("deliveries wait: is a worker running?")
    return "; ".join(troubles) or None
