"""What everybody reads: announcements, help pages and frequent questions."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from pyramid.httpexceptions import HTTPSeeOther

from portal_core.content.announcements import OWNER, PAGE, AnnouncementService, Listed
from portal_core.content.help import HelpService, Topic
from portal_core.content.markdown import render
from portal_core.content.models import Announcement, HelpPage
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.web.params import int_param, path_id

LIST = "/announcements"
# An announcement is marked as new for so long.
NEW = dt.timedelta(days=3)
log = structlog.get_logger("portal.content")


@dataclass(frozen=True)
class AnnouncementsPage:
    """Context of ``announcements.pt``."""

    found: tuple[Listed, ...]
    new_since: dt.datetime
    first_url: str | None
    next_url: str | None


@dataclass(frozen=True)
class AnnouncementPage:
    """Context of ``announcement.pt``. ``body`` is markup. ``to_confirm``: the reader has still to say that they read it."""

    announcement: Announcement
    body: str
    files: tuple[tuple[str, str], ...]
    to_confirm: bool


@dataclass(frozen=True)
class HelpIndex:
    """Context of ``help.pt``."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class HelpText:
    """Context of ``help_page.pt``. ``body`` is markup."""

    page: HelpPage
    body: str


def announcements(request) -> AnnouncementsPage:
    """``/announcements?before=``: what the reader is meant to see, page by page."""
    before = int_param(request, "before", low=1)
    found = request.services.get(AnnouncementService).shown(request.identity, PAGE + 1, before)
    following = min(listed.announcement.id for listed in found[:PAGE]) if len(found) > PAGE else None
    return AnnouncementsPage(
        found=tuple(found[:PAGE]),
        new_since=request.registry.portal.clock.now() - NEW,
        first_url=LIST if before else None,
        next_url=f"{LIST}?before={following}" if following else None,
    )


def announcement(request) -> AnnouncementPage:
    """``/announcements/<id>``; opening it counts as reading, unless a confirmation is asked for."""
    service = request.services.get(AnnouncementService)
    found = service.get(path_id(request), request.identity)
    unread = not service.has_read(found, request.identity)
    if unread and not found.must_read and request.method == "GET":
        portal, reader = request.registry.portal, request.identity
        # After the response: nobody waits for it, and on SQLite it would wait for this request's own reading.
        request.add_finished_callback(lambda _request: note_read(portal, found.id, reader))
    files = tuple((file.name, request.file_url(file)) for file in found.files)
    return AnnouncementPage(found, render(found.body), files, unread and found.must_read)


def note_read(portal, announcement_id, reader):
    """Remember that ``reader`` has opened it. A busy database may lose this; the next visit tries again."""
    try:
        with portal.database.writing() as session:
            service = Services(session, portal).get(AnnouncementService)
            service.mark_read(service.get(announcement_id, reader), reader)
    except sa.exc.OperationalError:
        log.info("reading of an announcement not noted", announcement=announcement_id)


def confirm(request):
    """``POST /announcements/<id>/confirm``: 我已阅读."""
    service = request.services.get(AnnouncementService)
    service.mark_read(service.get(path_id(request), request.identity), request.identity)
    request.flash("ok", _("Thank you, it is noted that you have read it."))
    return HTTPSeeOther(LIST)


def help_index(request) -> HelpIndex:
    """``/help``: all topics."""
    return HelpIndex(tuple(request.services.get(HelpService).topics()))


def help_page(request) -> HelpText:
    """``/help/<id>``."""
    page = request.services.get(HelpService).get(path_id(request), request.identity)
    return HelpText(page, render(page.body))


def admits(request, file):
    """May the request's person open this attachment of an announcement?"""
    return request.services.get(AnnouncementService).file_readers(file, request.identity)


def includeme(config):
    """Routes, views and who may open attachments."""
    for name, path in (
        ("core.announcements", LIST),
        ("core.announcement", LIST + "/{id}"),
        ("core.announcement.confirm", LIST + "/{id}/confirm"),
        ("core.help", "/help"),
        ("core.help_page", "/help/{id}"),
    ):
        config.add_route(name, path)
    templates = "portal_core:templates/content/"
    config.add_request_method(lambda _request: render, "markdown", property=True)
    for view, route, template in (
        (announcements, "core.announcements", "announcements.pt"),
        (announcement, "core.announcement", "announcement.pt"),
        (help_index, "core.help", "help.pt"),
        (help_page, "core.help_page", "help_page.pt"),
    ):
        config.add_view(view, route_name=route, request_method="GET", renderer=templates + template)
    config.add_view(confirm, route_name="core.announcement.confirm", request_method="POST")
    config.add_file_access(OWNER, admits)
