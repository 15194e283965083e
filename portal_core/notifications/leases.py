"""Who sends which delivery: each is leased by one worker for a minute; what is known by then is settled without sending."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.i18n import translate
from portal_core.notifications import channels as ch
from portal_core.notifications.deliveries import BACK_OFF, DeliveryService, is_paused
from portal_core.notifications.models import (
    ACCEPTED,
    CANCELLED,
    DEAD,
    EXPIRED,
    QUEUED,
    SENDING,
    SENT,
    ChannelState,
    Delivery,
    Notification,
)
from portal_core.notifications.texts import texts
from portal_core.services import Services

# A channel's timeouts add up to less.
LEASE = dt.timedelta(seconds=60)
# When a new day's quota may be used: some minutes after midnight, because clocks differ.
NEW_DAY = dt.time(0, 5)
_OPEN = Delivery.finished.is_(None)


@dataclass(frozen=True)
class Leased:
    """A delivery in the hands of ``worker``; ``message`` is None when it was settled without sending."""

    id: int
    worker: str
    channel: Any = None
    message: ch.Outgoing | None = None


def anything_due(portal) -> bool:
    """Is there work? A look without locks, so that idle workers write nothing."""
    now = portal.clock.now()
    with portal.database.reading() as session:
        due = sa.select(Delivery.id).where(_OPEN, sa.or_(Delivery.next_at <= now, Delivery.expires_at <= now)).limit(1)
        return session.scalar(due) is not None


def sweep(portal) -> None:
    """End what has waited long enough: receipts that never came, and messages that nobody needs any more."""
    now = portal.clock.now()
    unsent = sa.or_(Delivery.state == QUEUED, sa.and_(Delivery.state == SENDING, Delivery.next_at <= now))
    with portal.database.writing() as session:
        silent = sa.update(Delivery).where(_OPEN, Delivery.state == ACCEPTED, Delivery.next_at <= now)
        _silently(session, silent.values(state=SENT, cause=ch.NO_RECEIPT, finished=now))
        late = sa.update(Delivery).where(_OPEN, unsent, Delivery.expires_at <= now)
        cause = sa.case((Delivery.cause == "", ch.TOO_LATE), else_=Delivery.cause)
        _silently(session, late.values(state=EXPIRED, cause=cause, worker="", finished=now))


def lease(portal, worker: str) -> Leased | None:
    """Take the most pressing delivery that is due, urgent ones first; None when there is none.

    One transaction. On PostgreSQL rows in other workers' hands are passed over; on SQLite there is one writer at a time.
    """
    ready = ch.configured(portal)
    with portal.database.writing() as session:
        services = Services(session, portal)
        now = services.clock.now()
        states = {state.channel: state for state in session.scalars(sa.select(ChannelState))}
        open_codes = [code for code in ready if not is_paused(states.get(code), now)]
        row = session.scalar(
            sa.select(Delivery)
            .where(_OPEN, Delivery.state != ACCEPTED, Delivery.next_at <= now, Delivery.channel.in_(open_codes))
            .order_by(Delivery.urgent.desc(), Delivery.next_at, Delivery.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        channel = ready[row.channel]
        message = _prepare(services, row, channel, states.get(row.channel), now)
        if message is not None:
            row.state, row.worker, row.next_at = SENDING, worker, now + LEASE
        return Leased(row.id, worker, channel, message)


def record(portal, leased: Leased, outcome: ch.Outcome) -> bool:
    """Write down what became of it, if the lease is still this worker's; False when somebody else took over."""
    with portal.database.writing() as session:
        mine = sa.select(Delivery).where(Delivery.id == leased.id, Delivery.state == SENDING, Delivery.worker == leased.worker)
        row = session.scalar(mine.with_for_update())
        if row is not None:
            Services(session, portal).get(DeliveryService).settle(row, outcome)
        return row is not None


def _prepare(services, row, channel, state, now):
    """The message as the channel gets it; None when ``row`` was settled or put off instead."""
    if row.state == SENDING:
        # Its worker died, or took longer than its lease: the message may have gone.
        row.unknown_at, row.cause = row.unknown_at or row.next_at - LEASE, ch.CRASHED
    message = services.session.get_one(Notification, row.notification_id)
    kind = services.portal.notification_types.get(message.code)
    if message.read_at is not None or kind is None:
        return _end(row, CANCELLED, ch.READ if message.read_at else ch.NO_TYPE, now)
    forgotten = channel.resend_within and row.unknown_at and now - row.unknown_at > channel.resend_within
    if row.attempts > len(BACK_OFF) or (forgotten and not kind.must_arrive):
        return _end(row, DEAD, row.cause or ch.CRASHED, now)
    address = channel.addresses(services, (row.user_id,)).get(row.user_id)
    if not address:
        return services.get(DeliveryService).settle(row, ch.Outcome.unreachable(ch.NO_ADDRESS))
    if not _take_of_quota(services, row, channel, state, now):
        return None
    row.address, row.attempts = address[:200], row.attempts + 1
    return _outgoing(services.portal, row, message)


def _end(row, state, cause, now):
    row.state, row.cause, row.worker, row.finished = state, cause, "", now


def _take_of_quota(services, row, channel, state, now):
    """Count this attempt; when the day's share is used up, put the delivery off until the next day and return False."""
    allowed = channel.daily(services.portal)
    if not allowed:
        return True
    today = services.clock.local(now).date()
    if state is None:
        state = ChannelState(channel=channel.code, used=0)
        services.session.add(state)
    if state.day != today:
        state.day, state.used = today, 0
    if state.used >= (allowed if row.urgent else int(allowed * (1 - channel.reserve))):
        row.state, row.worker, row.cause = QUEUED, "", ch.QUOTA
        row.next_at = services.clock.at(today + dt.timedelta(days=1), NEW_DAY)
        return False
    state.used += 1
    return True


def _outgoing(portal, row, message):
    title, body = texts(portal, lambda text, params=None: translate(portal.localizer, text, mapping=params), message)
    base = portal.settings["portal.base_url"]
    return ch.Outgoing(
        key=row.key,
        code=message.code,
        user_id=row.user_id,
        address=row.address,
        title=title,
        body=body,
        url=base + message.url if base and message.url else "",
        params=dict(message.params),
        urgent=row.urgent,
        attempt=row.attempts,
        created=message.created,
    )


def _silently(session, statement):
    session.execute(statement.execution_options(synchronize_session=False))
