"""``/admin/deliveries``: how channels stand, why letters are dead, and every delivery on its way."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther

from portal_core.errors import Conflict
from portal_core.i18n import _
from portal_core.notifications import channels as ch
from portal_core.notifications.declared import MANAGE
from portal_core.notifications.deliveries import is_paused
from portal_core.notifications.desk import (
    ACTS,
    COUNT_CAP,
    IGNORE,
    LISTS,
    RESEND,
    STATE_WORDS,
    TO_INSITE,
    CauseCount,
    DeliveryDesk,
    Filter,
)
from portal_core.notifications.models import DEAD
from portal_core.notifications.texts import UNKNOWN
from portal_core.notifications.upkeep import DESK
from portal_core.web.params import choice_param, int_param, path_id, text_param

ACT_WORDS = {RESEND: _("Send again"), TO_INSITE: _("Leave to the in-site message"), IGNORE: _("Put aside")}
DONE_WORDS = {
    RESEND: _("Queued again: ${count}"),
    TO_INSITE: _("Left to the in-site message: ${count}"),
    IGNORE: _("Put aside: ${count}"),
}
HOLD, RESUME = "hold", "resume"
_PARAMETER = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True)
class ChannelLine:
    """A channel as a line of the table. ``cause`` says why it pauses ``until``; ``allowed`` is the day's quota, 0 for none."""

    code: str
    title: Any
    ready: bool
    paused: bool
    held: bool
    until: dt.datetime | None
    cause: Any
    error: str
    used: int
    allowed: int


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery as a line of the table; ``acts`` are ``(code, words)`` of what may be done about it.

    ``kind`` names the type of the message without its parameters: whoever looks after deliveries need not know the cases.
    """

    id: int
    kind: str
    person: str
    address: str
    channel: Any
    state: Any
    tone: str
    urgent: bool
    created: dt.datetime
    at: dt.datetime
    finished: bool
    attempts: int
    cause: Any
    error: str
    field: str
    acts: list[tuple[str, Any]]


@dataclass(frozen=True)
class CauseLine:
    """Why letters are dead, with the address of their list."""

    channel: Any
    words: Any
    cause: CauseCount
    url: str


@dataclass(frozen=True)
class ListTab:
    """A tab; ``count`` is text, ``1000+`` at the cap."""

    title: Any
    url: str
    count: str
    current: bool


@dataclass(frozen=True)
class DeliveriesPage:
    """Context of ``deliveries.pt``. ``wanted`` is the filter, ``channels_offered`` and ``causes_offered`` what it offers."""

    channels: list[ChannelLine]
    causes: list[CauseLine]
    tabs: list[ListTab]
    wanted: Filter
    channels_offered: list[tuple[str, Any]]
    causes_offered: list[tuple[str, Any]]
    lines: list[DeliveryLine]
    acts: list[tuple[str, Any]]
    here: str
    first_url: str | None
    next_url: str | None


def show(request) -> DeliveriesPage:
    """``/admin/deliveries?state=&channel=&cause=&before=``."""
    portal, desk = request.registry.portal, request.services.get(DeliveryDesk)
    wanted = _filter(request)
    before = int_param(request, "before", low=1)
    found, following = desk.page(wanted, before)
    counts, causes = desk.counts(), desk.causes()
    here = _url(wanted)
    return DeliveriesPage(
        channels=_channels(portal, desk.states(), portal.clock.now()),
        causes=[
            CauseLine(
                portal.channels[cause.channel].title if cause.channel in portal.channels else cause.channel,
                ch.explained(portal, cause.channel, cause.cause),
                cause,
                _url(Filter(DEAD, cause.channel, cause.cause)),
            )
            for cause in causes
        ],
        tabs=[
            ListTab(STATE_WORDS[name][0], _url(Filter(name, wanted.channel)), _capped(counts[name]), name == wanted.state)
            for name in LISTS
        ],
        wanted=wanted,
        channels_offered=[(code, channel.title) for code, channel in portal.channels.items()],
        causes_offered=list({cause.cause: ch.explained(portal, cause.channel, cause.cause) for cause in causes}.items()),
        lines=[_line(request, *row) for row in found],
        acts=list(ACT_WORDS.items()),
        here=here,
        first_url=here if before else None,
        next_url=_url(wanted, before=following) if following else None,
    )


def act(request):
    """``POST /admin/deliveries/<id>/act``: one delivery."""
    chosen = choice_param(request, "act", ACTS)
    if chosen is None:
        raise HTTPBadRequest()
    try:
        request.services.get(DeliveryDesk).act(path_id(request), chosen, request.identity)
    except Conflict as error:
        request.roll_back()
        request.flash("bad", error.message)
        return HTTPSeeOther(_back(request))
    request.flash("ok", _done(chosen, 1))
    return HTTPSeeOther(_back(request))


def act_on_cause(request):
    """``POST /admin/deliveries/batch``: the dead letters of one cause."""
    channel, cause = text_param(request, "channel", 64), text_param(request, "cause", 64)
    chosen = choice_param(request, "act", ACTS)
    if chosen is None or not channel:
        raise HTTPBadRequest()
    count = request.services.get(DeliveryDesk).act_on_cause(channel, cause, chosen, request.identity)
    request.flash("ok", _done(chosen, count))
    return HTTPSeeOther(DESK)


def switch(request):
    """``POST /admin/deliveries/channel``: pause or resume a channel."""
    channel, chosen = text_param(request, "channel", 64), choice_param(request, "act", (HOLD, RESUME))
    desk = request.services.get(DeliveryDesk)
    if chosen is None:
        raise HTTPBadRequest()
    if chosen == HOLD:
        desk.hold(channel, request.identity)
        request.flash("ok", _("Paused. Messages wait, at most a day."))
    else:
        desk.resume(channel, request.identity)
        request.flash("ok", _("Sending goes on."))
    return HTTPSeeOther(DESK)


def _filter(request):
    return Filter(
        choice_param(request, "state", LISTS, DEAD),
        choice_param(request, "channel", request.registry.portal.channels, ""),
        text_param(request, "cause", 64),
    )


def _url(wanted, **more):
    values = {"state": wanted.state, "channel": wanted.channel, "cause": wanted.cause} | more
    return f"{DESK}?{urlencode({name: value for name, value in values.items() if value})}"


def _back(request):
    """The list in which the button stood; its filter came along in the form."""
    return _url(_filter(request))


def _done(chosen, count):
    return DONE_WORDS[chosen] % {"count": count}


def _capped(count):
    return f"{COUNT_CAP}+" if count >= COUNT_CAP else str(count)


def _channels(portal, states, now):
    ready, lines = ch.configured(portal), []
    for code, channel in portal.channels.items():
        state = states.get(code)
        today = state is not None and state.day == portal.clock.local(now).date()
        lines.append(
            ChannelLine(
                code=code,
                title=channel.title,
                ready=code in ready,
                paused=is_paused(state, now),
                held=bool(state and state.held),
                until=state.paused_until if state else None,
                cause=ch.explained(portal, code, state.cause) if state and state.cause else "",
                error=state.error if state else "",
                used=state.used if today else 0,
                allowed=channel.daily(portal) if code in ready else 0,
            )
        )
    return lines


def _line(request, row, code, person):
    portal = request.registry.portal
    kind, channel = portal.notification_types.get(code), portal.channels.get(row.channel)
    words, tone = STATE_WORDS[row.state]
    return DeliveryLine(
        id=row.id,
        kind=_PARAMETER.sub("…", request.translator()(kind.title if kind else UNKNOWN)),
        person=person,
        address=row.address,
        channel=channel.title if channel else row.channel,
        state=words,
        tone=tone,
        urgent=row.urgent,
        created=row.created,
        at=row.finished or row.next_at,
        finished=row.finished is not None,
        attempts=row.attempts,
        cause=ch.explained(portal, row.channel, row.cause) if row.cause else "",
        error=row.error,
        field=row.field,
        acts=[(name, ACT_WORDS[name]) for name, states in ACTS.items() if row.state in states],
    )


def includeme(config):
    """Routes, views and the menu entry."""
    config.add_route("core.deliveries", DESK)
    config.add_route("core.deliveries.batch", DESK + "/batch")
    config.add_route("core.deliveries.channel", DESK + "/channel")
    config.add_route("core.delivery", DESK + "/{id}/act")
    template = "portal_core:templates/notifications/deliveries.pt"
    config.add_view(show, route_name="core.deliveries", request_method="GET", permission=MANAGE, renderer=template)
    config.add_view(act_on_cause, route_name="core.deliveries.batch", request_method="POST", permission=MANAGE)
    config.add_view(switch, route_name="core.deliveries.channel", request_method="POST", permission=MANAGE)
    config.add_view(act, route_name="core.delivery", request_method="POST", permission=MANAGE)
    note = _("Channels, dead letters and what is on its way to people outside the portal")
    config.add_admin_page("deliveries", _("Deliveries"), DESK, permission=MANAGE, group="operation", order=30, note=note)
