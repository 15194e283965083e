"""What administrators see of the ledger and do about it: dead letters, and channels that pause."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import User
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, NotFound
from portal_core.i18n import _
from portal_core.notifications.deliveries import LONGEST_LIFE
from portal_core.notifications.models import (
    ACCEPTED,
    CANCELLED,
    DEAD,
    EXPIRED,
    IGNORED,
    INSITE,
    QUEUED,
    SENDING,
    SENT,
    UNREACHABLE,
    WAITING_STATES,
    ChannelState,
    Delivery,
    Notification,
)
from portal_core.services import Services

PAGE = 20
# Counts end here: nobody needs to know how many thousands there are.
COUNT_CAP = 1000
# So many dead letters are dealt with by one act on a cause.
BATCH = 1000
# What a list shows, by the name in the address.
LISTS = {
    DEAD: (DEAD,),
    QUEUED: WAITING_STATES,
    SENT: (SENT,),
    UNREACHABLE: (UNREACHABLE,),
    EXPIRED: (EXPIRED,),
    CANCELLED: (CANCELLED,),
    INSITE: (INSITE,),
    IGNORED: (IGNORED,),
}
RESEND, TO_INSITE, IGNORE = "resend", "insite", "ignore"
# From which states each act leads on.
ACTS = {
    RESEND: (DEAD, EXPIRED, UNREACHABLE, INSITE, IGNORED),
    TO_INSITE: (DEAD, QUEUED),
    IGNORE: (DEAD,),
}


@dataclass(frozen=True)
class Filter:
    """What a list shows: one of ``LISTS``, and if given only one channel and one cause."""

    state: str = DEAD
    channel: str = ""
    cause: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        found: list[sa.ColumnElement[bool]] = [Delivery.state.in_(LISTS[self.state])]
        if self.channel:
            found.append(Delivery.channel == self.channel)
        if self.cause:
            found.append(Delivery.cause == self.cause)
        return found


@dataclass(frozen=True)
class CauseCount:
    """How many dead letters of a channel have one cause."""

    channel: str
    cause: str
    count: int


class DeliveryDesk:
    """Lists and acts of ``/admin/deliveries``; each act is one line of the audit log."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def page(self, wanted: Filter, before: int | None = None) -> tuple[list[sa.Row], int | None]:
        """Rows ``(Delivery, code of the message, name of the person)``, newest first, and where the next page begins."""
        query = (
            sa.select(Delivery, Notification.code, User.name)
            .join(Notification, Notification.id == Delivery.notification_id)
            .join(User, User.id == Delivery.user_id)
            .where(*wanted.conditions())
            .order_by(Delivery.id.desc())
            .limit(PAGE + 1)
        )
        if before is not None:
            query = query.where(Delivery.id < before)
        found = list(self.session.execute(query))
        return found[:PAGE], found[PAGE - 1][0].id if len(found) > PAGE else None

    def counts(self) -> dict[str, int]:
        """How many rows each list has, at most ``COUNT_CAP``, by one statement."""
        columns = []
        for name, states in LISTS.items():
            some = sa.select(Delivery.id).where(Delivery.state.in_(states)).limit(COUNT_CAP).subquery()
            columns.append(sa.select(sa.func.count()).select_from(some).scalar_subquery().label(name))
        return dict(self.session.execute(sa.select(*columns)).one()._mapping)

    def causes(self) -> list[CauseCount]:
        """Why letters are dead, the most frequent cause first."""
        query = sa.select(Delivery.channel, Delivery.cause, sa.func.count()).where(Delivery.state == DEAD)
        query = query.group_by(Delivery.channel, Delivery.cause).order_by(sa.func.count().desc(), Delivery.cause)
        return [CauseCount(*row) for row in self.session.execute(query)]

    def states(self) -> dict[str, ChannelState]:
        """How the channels stand that ever paused or counted, by code."""
        return {state.channel: state for state in self.session.scalars(sa.select(ChannelState))}

    def act(self, delivery_id: int, act: str, by: Identity) -> None:
        """Send again, leave to the in-site message, or put aside one delivery. Raises NotFound and Conflict."""
        row = self.session.scalar(sa.select(Delivery).where(Delivery.id == delivery_id).with_for_update())
        if row is None:
            raise NotFound()
        if row.state not in ACTS[act]:
            raise Conflict(_("This has changed meanwhile; please look again."))
        self._perform(act, Delivery.id == row.id)
        detail = {"channel": row.channel, "cause": row.cause}
        self.services.get(AuditService).record(by, f"core.delivery_{act}", "core.delivery", row.id, detail=detail)

    def act_on_cause(self, channel: str, cause: str, act: str, by: Identity) -> int:
        """The same for the dead letters of one cause, at most ``BATCH`` of them, oldest first; returns how many."""
        chosen = sa.select(Delivery.id).where(*replace(Filter(), channel=channel).conditions(), Delivery.cause == cause)
        ids = self.session.scalars(chosen.order_by(Delivery.id).limit(BATCH).with_for_update()).all()
        if ids:
            self._perform(act, Delivery.id.in_(ids))
            detail = {"channel": channel, "cause": cause, "count": len(ids)}
            self.services.get(AuditService).record(by, f"core.delivery_{act}", "core.delivery", "", detail=detail)
        return len(ids)

    def hold(self, code: str, by: Identity) -> None:
        """Let nothing leave by the channel ``code`` until it is resumed. Raises NotFound for an undeclared one."""
        self._state(code).held = True
        self.services.get(AuditService).record(by, "core.channel_paused", "core.channel", code)

    def resume(self, code: str, by: Identity) -> None:
        """End every pause of the channel ``code``. Raises NotFound for an undeclared one."""
        state = self._state(code)
        state.held, state.paused_until, state.cause, state.error = False, None, "", ""
        self.services.get(AuditService).record(by, "core.channel_resumed", "core.channel", code)

    def _state(self, code: str) -> ChannelState:
        if code not in self.services.portal.channels:
            raise NotFound()
        state = self.session.get(ChannelState, code, with_for_update=True)
        if state is None:
            state = ChannelState(channel=code)
            self.session.add(state)
        return state

    def _perform(self, act: str, which: sa.ColumnElement[bool]) -> None:
        now = self.services.clock.now()
        statement = sa.update(Delivery).where(which).execution_options(synchronize_session=False)
        if act == RESEND:
            # Told so by a person: what may have arrived is sent again, too.
            statement = statement.values(
                state=QUEUED,
                attempts=0,
                next_at=now,
                expires_at=now + LONGEST_LIFE,
                finished=None,
                unknown_at=None,
                cause="",
                error="",
                field="",
            )
        else:
            statement = statement.values(state={TO_INSITE: INSITE, IGNORE: IGNORED}[act], finished=now)
        self.session.execute(statement)


STATE_WORDS = {
    QUEUED: (_("Waiting to be sent"), "warn"),
    SENDING: (_("Being sent"), "info"),
    ACCEPTED: (_("Taken over, no receipt yet"), "info"),
    SENT: (_("Sent out"), "ok"),
    UNREACHABLE: (_("Not reachable"), ""),
    DEAD: (_("Dead letter"), "bad"),
    EXPIRED: (_("Too late to be sent"), ""),
    CANCELLED: (_("Not needed any more"), ""),
    INSITE: (_("Left to the in-site message"), ""),
    IGNORED: (_("Put aside"), ""),
}
