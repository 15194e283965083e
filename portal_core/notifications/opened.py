"""Whoever opens a case has read what the messages about it tell."""

import sqlalchemy as sa
import structlog
from pyramid.events import NewResponse

from portal_core.inbox.models import Case
from portal_core.notifications.queries import has_unread_of_case
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

CASE_ROUTE = "case"
log = structlog.get_logger("portal.notifications")


def case_was_shown(event):
    """After the response, so that nobody waits for it: the reader's messages about the case count as read."""
    request = event.request
    route = getattr(request, "matched_route", None)
    shown = route is not None and route.name == CASE_ROUTE and request.method == "GET" and event.response.status_int == 200
    # The page's bell has counted already; most people who open a case have read everything.
    if shown and request.identity is not None and request.chrome.unread:
        portal, number, reader = request.registry.portal, request.matchdict["number"], request.identity
        request.add_finished_callback(lambda _request: _mark(portal, number, reader))


def _mark(portal, number, reader):
    with portal.database.reading() as session:
        if not has_unread_of_case(session, number, reader.user_id):
            return
    try:
        with portal.database.writing() as session:
            case_id = session.scalar(sa.select(Case.id).where(Case.number == number))
            Services(session, portal).get(NotificationService).mark_case_read(case_id, reader)
    except sa.exc.OperationalError:
        # A busy database may lose this; the message stays unread and the next visit tries again.
        log.info("messages about a case not marked as read", case=number)


def includeme(config):
    """Listen to responses."""
    config.add_subscriber(case_was_shown, NewResponse)
