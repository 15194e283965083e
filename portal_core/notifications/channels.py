"""What a channel is: a way out of the portal (e-mail, WeChat) that a plugin or the core declares.

A channel gets a message as plain data and answers with an ``Outcome``, which is data too. It knows nothing of the ledger: when to
try, how often, and what comes next is the core's business (``portal_core.notifications.outcomes``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal_core.i18n import _

if TYPE_CHECKING:
    from portal_core.portal import Portal
    from portal_core.services import Services

# Kinds of outcomes.
ACCEPTED, SENT, RETRY, UNKNOWN = "accepted", "sent", "retry", "unknown"
UNREACHABLE, PERMANENT, PAUSE = "unreachable", "permanent", "pause"
# What the receipt of an accepted delivery may say.
RECEIPTS = (SENT, RETRY, UNREACHABLE, PERMANENT)

# Causes that the core itself gives; the others are each channel's own.
CRASHED, NO_RECEIPT, READ, NO_ADDRESS, TOO_LATE = "worker_died", "no_receipt", "read_in_site", "no_address", "too_late"
CHANNEL_FAILED, NO_TYPE, QUOTA = "channel_failed", "no_type", "daily_quota"
CAUSES = {
    CRASHED: _("The worker died while sending; nobody knows whether it arrived"),
    NO_RECEIPT: _("Taken over, but no receipt came back"),
    READ: _("Read inside the portal before it was sent"),
    NO_ADDRESS: _("The person has no address for this channel"),
    TOO_LATE: _("Could not be sent in time"),
    CHANNEL_FAILED: _("The channel's program failed"),
    NO_TYPE: _("The module that knew this kind of message is gone"),
    QUOTA: _("The day's quota is used up"),
}


@dataclass(frozen=True)
class Outgoing:
    """A message to one person as a channel gets it: texts in the portal's default language, ``url`` absolute or empty.

    ``key`` (20 characters) is the idempotency key, the same at every attempt. ``params`` are those given to ``send``.
    """

    key: str
    code: str
    user_id: int
    address: str
    title: str
    body: str
    url: str
    params: Mapping[str, str]
    urgent: bool
    attempt: int
    created: dt.datetime


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. Make it with one of its functions.

    ``cause`` is a short code for filters and ``Channel.explain``; ``detail`` are the other side's words.
    """

    kind: str
    cause: str = ""
    detail: str = ""
    provider_id: str = ""
    field: str = ""
    after: dt.timedelta | None = None
    until: dt.datetime | None = None

    @classmethod
    def sent(cls, provider_id: str = "") -> Outcome:
        """It left, and that is all this channel will ever know."""
        return cls(SENT, provider_id=provider_id)

    @classmethod
    def accepted(cls, provider_id: str) -> Outcome:
        """The other side took it and will report by a receipt (``DeliveryService.receipt``)."""
        return cls(ACCEPTED, provider_id=provider_id)

    @classmethod
    def retry(cls, cause: str, detail: str = "", after: dt.timedelta | None = None) -> Outcome:
        """It certainly did not go; try again, after ``after`` instead of the usual back-off when that is given."""
        return cls(RETRY, cause, detail, after=after)

    @classmethod
    def unknown(cls, cause: str, detail: str = "") -> Outcome:
        """Nobody knows whether it went: the line broke after the message was handed over."""
        return cls(UNKNOWN, cause, detail)

    @classmethod
    def unreachable(cls, cause: str, detail: str = "") -> Outcome:
        """This person cannot be reached this way; the next channel takes over."""
        return cls(UNREACHABLE, cause, detail)

    @classmethod
    def permanent(cls, cause: str, detail: str = "", field: str = "") -> Outcome:
        """It was refused and always will be: a dead letter. ``field`` names what in the message was refused."""
        return cls(PERMANENT, cause, detail, field=field)

    @classmethod
    def pause(cls, cause: str, detail: str = "", until: dt.datetime | None = None) -> Outcome:
        """Nothing can go this way until ``until`` (default: a quarter of an hour); the attempt does not count."""
        return cls(PAUSE, cause, detail, until=until)


@dataclass(frozen=True)
class Channel:
    """A way out of the portal. ``code`` starts with ``<plugin>.``; ``title`` is what people read in their preferences.

    ``configured(portal)``: is it set up? One that is not costs nothing, nowhere.
    ``addresses(services, user_ids)``: those of ``user_ids`` who can be reached now, with their addresses, by one statement.
    Called in the sender's transaction and again just before each attempt.
    ``deliver(portal, message)``: one attempt, outside of any transaction, within ``LEASE`` (a minute). What it raises is logged
    and counts as an unknown outcome.
    ``explain(cause)``: a cause of this channel in words for an administrator, or '' when it has none.
    ``resend_within``: after an outcome that is unknown for longer than this, the message is not sent again (the other side
    forgets the key), unless its type says ``must_arrive``; None: the same key never harms.
    ``daily(portal)``: how many attempts a day the other side allows, 0 for any number; ``reserve`` is the share of it that is
    kept for urgent messages.
    ``receipt_within``: how long a receipt is waited for after ``accepted``.
    """

    code: str
    title: Any
    configured: Callable[[Portal], bool]
    addresses: Callable[[Services, Collection[int]], Mapping[int, str]]
    deliver: Callable[[Portal, Outgoing], Outcome]
    explain: Callable[[str], Any] = lambda cause: ""
    resend_within: dt.timedelta | None = None
    daily: Callable[[Portal], int] = lambda portal: 0
    reserve: float = 0.1
    receipt_within: dt.timedelta = dt.timedelta(hours=2)


def configured(portal: Portal) -> dict[str, Channel]:
    """The channels that are set up, by code, in the order of their declaration; none of a module that is switched off."""
    there = {code: channel for code, channel in portal.channels.items() if code.split(".")[0] not in portal.plugins.off}
    return {code: channel for code, channel in there.items() if channel.configured(portal)}


def explained(portal: Portal, code: str, cause: str) -> Any:
    """``cause`` of the channel ``code`` in words; the cause itself when nobody knows any."""
    channel = portal.channels.get(code)
    return CAUSES.get(cause) or (channel and channel.explain(cause)) or cause
