"""The page 消息: what the portal told a person."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog
from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther

from portal_core.i18n import _
from portal_core.notifications import queries
from portal_core.notifications.account import groups_of
from portal_core.notifications.models import Notification
from portal_core.notifications.services import NotificationService
from portal_core.notifications.texts import texts
from portal_core.services import Services
from portal_core.web.params import choice_param, int_param, path_id

LIST = "/notifications"
UNREAD = "unread"
log = structlog.get_logger("portal.notifications")


@dataclass(frozen=True)
class Message:
    """One message in the reader's language; ``icon`` and ``tone`` make its chip."""

    url: str
    title: str
    body: str
    at: dt.datetime
    unread: bool
    icon: str
    tone: str


@dataclass(frozen=True)
class Tab:
    """All messages, those not read, or those of one module."""

    title: Any
    url: str
    current: bool


@dataclass(frozen=True)
class MessagesPage:
    """Context of ``notifications.pt``. ``newest`` is the id up to which 全部已读 works, None when nothing is unread."""

    tabs: list[Tab]
    messages: tuple[Message, ...]
    newest: int | None
    first_url: str | None
    next_url: str | None


def show(request) -> MessagesPage:
    """``/notifications?show=&before=``: newest first, page by page; ``show`` is ``unread`` or a module."""
    before, groups = int_param(request, "before", low=1), groups_of(request.registry.portal)
    shown = choice_param(request, "show", (UNREAD, *(code for code, _title in groups)), "")
    unread, group = shown == UNREAD, "" if shown == UNREAD else shown
    found, following = queries.page(request.db, request.identity, before=before, unread_only=unread, group=group)
    tabs = (("", _("All")), (UNREAD, _("Unread")), *groups)
    return MessagesPage(
        tabs=[Tab(title, _list(code), code == shown) for code, title in tabs],
        messages=tuple(_message(request, message) for message in found),
        newest=found[0].id if found and not before and not group and request.chrome.unread else None,
        first_url=_list(shown) if before else None,
        next_url=_list(shown, before=following) if following else None,
    )


def _list(shown, **more):
    query = urlencode(({"show": shown} if shown else {}) | more)
    return f"{LIST}?{query}" if query else LIST


def _message(request, message: Notification) -> Message:
    """``message`` in words."""
    flows, owner = request.registry.portal.flows.values(), message.code.split(".")[0]
    # The core tells of cases of every kind: the icon of one of its own flows would say something wrong.
    flow = next((flow for flow in flows if flow.kind.split(".")[0] == owner != "core"), None)
    title, body = texts(request.registry.portal, request.translator(), message)
    return Message(
        url=f"{LIST}/{message.id}/open",
        title=title,
        body=body,
        at=message.created,
        unread=message.read_at is None,
        icon=flow.icon if flow else "bell",
        tone=flow.tone if flow else "mute",
    )


def open_message(request):
    """``/notifications/<id>/open``: leads to what the message is about, and marks it read in a short transaction of its own."""
    message = request.services.get(NotificationService).get(path_id(request), request.identity)
    if message.read_at is None and request.method == "GET":
        _mark_read(request.registry.portal, message.id, request.identity)
    return HTTPSeeOther(message.url or LIST)


def _mark_read(portal, message_id, reader):
    try:
        with portal.database.writing() as session:
            Services(session, portal).get(NotificationService).mark_read(message_id, reader)
    except sa.exc.OperationalError:
        # A busy database must not keep the person from the case; the message stays unread and can be opened again.
        log.info("message not marked as read", message=message_id)


def read_all(request):
    """``POST /notifications/read-all``: everything up to the newest message that the page showed."""
    upto = int_param(request, "upto", low=1)
    if upto is None:
        raise HTTPBadRequest()
    request.services.get(NotificationService).mark_all_read(request.identity, upto)
    return HTTPSeeOther(LIST)


def includeme(config):
    """Routes and views."""
    config.include("portal_core.notifications.account")
    config.include("portal_core.notifications.opened")
    config.add_route("notifications", LIST)
    config.add_route("notifications.open", LIST + "/{id}/open")
    config.add_route("notifications.read_all", LIST + "/read-all")
    template = "portal_core:templates/notifications/notifications.pt"
    config.add_view(show, route_name="notifications", renderer=template, request_method="GET")
    config.add_view(open_message, route_name="notifications.open", request_method="GET")
    config.add_view(read_all, route_name="notifications.read_all", request_method="POST")
