"""The first page after the login (首页), and the page of all services (服务)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import structlog
from pyramid.renderers import render

from portal_core.content.announcements import AnnouncementService, Listed
from portal_core.content.models import Announcement
from portal_core.declarations import ServiceTile
from portal_core.i18n import _
from portal_core.inbox.delegation_views import standing
from portal_core.inbox.delegations import DelegationLine
from portal_core.inbox.queries import tab_page
from portal_core.inbox.rows import Row, Rows

TODOS_SHOWN = 5
# As many as the card shows, and how many are looked through for those that have to be confirmed.
ANNOUNCEMENTS_SHOWN, ANNOUNCEMENTS_READ = 4, 20
# From which hour of the users' day each greeting holds.
GREETINGS = (
    (18, _("Good evening")),
    (13, _("Good afternoon")),
    (11, _("Good day")),
    (5, _("Good morning")),
    (0, _("Good evening")),
)
HELP = ServiceTile(_("Help"), "/help", "headset", _("Handbook and frequent questions"), "room", 900)
log = structlog.get_logger("portal.home")


@dataclass(frozen=True)
class Card:
    """A card of the right column; ``body`` is markup that the plugin's template made."""

    title: Any
    body: str
    more_url: str
    more_title: Any


@dataclass(frozen=True)
class HomePage:
    """Context of ``home.pt``. ``waiting`` are phrases ("5 件待办", "2 场会议"), in the reader's language."""

    greeting: Any
    day: dt.date
    waiting: tuple[str, ...]
    tiles: tuple[ServiceTile, ...]
    todos: tuple[Row, ...]
    cards: tuple[Card, ...]
    announcements: tuple[Listed, ...]
    to_confirm: tuple[Announcement, ...]
    delegations: tuple[DelegationLine, ...]


@dataclass(frozen=True)
class ServicesPage:
    """Context of ``services.pt``."""

    tiles: tuple[ServiceTile, ...]


def home(request) -> HomePage:
    """``/``: greeting, services, the five newest to-dos, and what plugins have for today."""
    portal = request.registry.portal
    now = portal.clock.local(portal.clock.now())
    announcements = tuple(request.services.get(AnnouncementService).shown(request.identity, ANNOUNCEMENTS_READ))
    found, _following = tab_page(request.db, "todo", request.identity, portal.task_permissions, TODOS_SHOWN)
    return HomePage(
        greeting=next(text for hour, text in GREETINGS if now.hour >= hour),
        day=now.date(),
        waiting=_phrases(request, now.date()),
        tiles=_tiles(request),
        todos=Rows(request.services, request.translator(), request.identity).of("todo", found),
        cards=_cards(request),
        announcements=announcements[:ANNOUNCEMENTS_SHOWN],
        to_confirm=tuple(each.announcement for each in announcements if each.announcement.must_read and not each.read),
        delegations=tuple(standing(request)),
    )


def services(request) -> ServicesPage:
    """``/services``: all tiles; the phone's second tab."""
    return ServicesPage(_tiles(request))


def _phrases(request, day):
    """What waits today, to-dos first; plugins without anything to say return an empty text."""
    translate, count = request.translator(), request.chrome.todo
    found = [translate(_("${count} to-dos", mapping={"count": count if count < 100 else "99+"}))] if count else []
    for _owner, phrase in request.registry.portal.plugins.collect("portal_greeting", request=request, day=day):
        found.append(translate(phrase))
    return tuple(filter(None, found))


def _tiles(request):
    found = request.registry.portal.plugins.collect("portal_service_tiles", request=request)
    tiles = [HELP, *(tile for _owner, some in found for tile in some)]
    return tuple(sorted(tiles, key=lambda tile: tile.order))


def _cards(request):
    found = request.registry.portal.plugins.collect("portal_dashboard_cards", request=request)
    declared = sorted((card for _owner, cards in found for card in cards), key=lambda card: card.order)
    return tuple(filter(None, (_card(request, card) for card in declared)))


def _card(request, declared):
    """The card with its body, or None: a plugin that fails here costs its own card, never the page."""
    try:
        body = render(declared.template, declared.context, request=request)
    except Exception:
        log.exception("dashboard card failed", template=declared.template)
        return None
    return Card(declared.title, body, declared.more_url, declared.more_title)


def includeme(config):
    """Routes and views."""
    config.add_route("home", "/")
    config.add_route("services", "/services")
    config.add_view(home, route_name="home", renderer="portal_core:templates/home.pt", request_method="GET")
    config.add_view(services, route_name="services", renderer="portal_core:templates/services.pt", request_method="GET")
