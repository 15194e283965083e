"""The ledger of deliveries: what leaves the portal for a message, from the sender's transaction to a final state."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from portal_core.declarations import NotificationType
from portal_core.notifications import channels as ch
from portal_core.notifications.models import (
    ACCEPTED,
    DEAD,
    QUEUED,
    SENT,
    UNREACHABLE,
    ChannelState,
    Delivery,
    Notification,
)
from portal_core.notifications.preferences import PreferenceService, group_of
from portal_core.services import Services

LONGEST_LIFE = dt.timedelta(hours=24)
# Waits after a failed attempt, each a fifth shorter or longer by chance; after the last one the delivery is dead.
BACK_OFF = tuple(dt.timedelta(seconds=seconds) for seconds in (10, 30, 2 * 60, 8 * 60, 30 * 60, 60 * 60, 2 * 60 * 60))
PAUSE = dt.timedelta(minutes=15)


class DeliveryService:
    """Writes the ledger. Nothing here leaves the process; workers do that (``portal_core.notifications.sending``)."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.portal = services.portal

    def queue(self, kind: NotificationType, messages: Sequence[Notification], urgent: bool) -> None:
        """Write a delivery for each of ``messages`` (all of type ``kind``) whose receiver wants it somewhere outside.

        A statement for the preferences of all receivers and one for each channel; none when no channel is configured.
        """
        channels = {
            code: channel
            for code, channel in ch.configured(self.portal).items()
            if kind.channels is None or code in kind.channels
        }
        if not channels or not messages:
            return
        preferences = self.services.get(PreferenceService).of({message.user_id for message in messages})
        wanted = {
            message.user_id: preferences[message.user_id].channels(channels, group_of(kind.code), message.todo)
            for message in messages
        }
        reached = {
            code: channel.addresses(self.services, {user for user, codes in wanted.items() if code in codes})
            for code, channel in channels.items()
            if any(code in codes for codes in wanted.values())
        }
        self.session.flush()
        now = self.services.clock.now()
        for message in messages:
            codes = [code for code in wanted[message.user_id] if message.user_id in reached[code]]
            if codes:
                quiet = preferences[message.user_id].quiet
                start = now if urgent or quiet is None else quiet.leave(self.services.clock, now)
                self._add(message.id, message.user_id, codes, urgent, start, now + min(kind.ttl, LONGEST_LIFE))

    def settle(self, row: Delivery, outcome: ch.Outcome) -> None:
        """Write down what became of an attempt: a final state, the next attempt, or the next channel."""
        now = self.services.clock.now()
        row.worker = ""
        row.cause, row.error, row.field = outcome.cause[:64], outcome.detail[:500], outcome.field[:64]
        row.provider_id = outcome.provider_id[:200] or row.provider_id
        match outcome.kind:
            case ch.SENT:
                self._finish(row, SENT)
            case ch.ACCEPTED:
                row.state, row.next_at = ACCEPTED, now + self.portal.channels[row.channel].receipt_within
            case ch.RETRY:
                self._try_again(row, outcome.after)
            case ch.UNKNOWN:
                row.unknown_at = row.unknown_at or now
                self._try_again(row, outcome.after)
            case ch.UNREACHABLE:
                self._finish(row, UNREACHABLE)
                self._next_channel(row)
            case ch.PERMANENT:
                self._finish(row, DEAD)
                self._next_channel(row)
            case ch.PAUSE:
                row.state, row.next_at, row.attempts = QUEUED, now, max(row.attempts - 1, 0)
                self._pause(row.channel, outcome, now)
            case _:
                raise ValueError(outcome.kind)

    def receipt(self, key: str, outcome: ch.Outcome) -> bool:
        """What the other side reports of an accepted delivery; False when none with this ``key`` waits for a receipt.

        ``outcome`` is one of ``sent``, ``retry``, ``unreachable`` and ``permanent``; ValueError for others.
        """
        if outcome.kind not in ch.RECEIPTS:
            raise ValueError(outcome.kind)
        query = sa.select(Delivery).where(Delivery.key == key, Delivery.state == ACCEPTED).with_for_update()
        row = self.session.scalar(query)
        if row is None:
            return False
        self.settle(row, outcome)
        return True

    def _try_again(self, row: Delivery, after: dt.timedelta | None) -> None:
        if row.attempts > len(BACK_OFF):
            self._finish(row, DEAD)
            self._next_channel(row)
            return
        chance = random.uniform(0.8, 1.2)  # noqa: S311 - nobody gains by guessing it
        wait = after if after is not None else BACK_OFF[max(row.attempts, 1) - 1] * chance
        row.state, row.next_at = QUEUED, self.services.clock.now() + wait
        quiet = None if row.urgent else self.services.get(PreferenceService).get(row.user_id).quiet
        if quiet is not None:
            row.next_at = quiet.leave(self.services.clock, row.next_at)

    def _finish(self, row: Delivery, state: str) -> None:
        row.state, row.finished = state, self.services.clock.now()

    def _next_channel(self, row: Delivery) -> None:
        """Hand the message to the first channel after this one that reaches the person."""
        rest, row.fallback = list(row.fallback), []
        ready = ch.configured(self.portal)
        while rest:
            if rest[0] in ready and ready[rest[0]].addresses(self.services, (row.user_id,)):
                start = self.services.clock.now()
                self._add(row.notification_id, row.user_id, rest, row.urgent, start, row.expires_at)
                return
            rest.pop(0)

    def _add(
        self, message_id: int, user_id: int, codes: Sequence[str], urgent: bool, start: dt.datetime, end: dt.datetime
    ) -> None:
        self.session.add(
            Delivery(
                notification_id=message_id,
                user_id=user_id,
                channel=codes[0],
                fallback=list(codes[1:]),
                key=secrets.token_hex(10),
                urgent=urgent,
                next_at=start,
                expires_at=end,
                created=self.services.clock.now(),
            )
        )

    def _pause(self, code: str, outcome: ch.Outcome, now: dt.datetime) -> None:
        state = self.session.get(ChannelState, code)
        if state is None:
            state = ChannelState(channel=code)
            self.session.add(state)
        state.paused_until = outcome.until or now + PAUSE
        state.cause, state.error = outcome.cause[:64], outcome.detail[:500]


def is_paused(state: ChannelState | None, now: dt.datetime) -> bool:
    """Does the channel rest, for whatever reason?"""
    return state is not None and (state.held or (state.paused_until is not None and state.paused_until > now))
