"""Tables of the tests for this part; see tests.parts."""

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.statistics.asked import Asked
from portal_core.statistics.exports import ExportService
from portal_core.statistics.handling import measure_closed
from tests.tables import Form, Page

MEETINGS = ("leader", "meetings-admin", "admin")
LIST = "/statistics/meetings.bookings/list?measure=meetings"

PAGES = {
    "GET core.statistics": ("/statistics", MEETINGS),
    "GET core.statistics.dataset": ("/statistics/core.cases", ("leader", "admin")),
    "GET core.statistics.list": (LIST, MEETINGS),
    "POST core.statistics.export": ("/statistics/meetings.bookings/export", MEETINGS),
    "GET core.statistics.progress": ("/statistics/exports/{more[stat_export]}", ("leader",)),
}


def furnish(scene):
    """An export that the leader ordered."""
    with scene.services() as services:
        scene.more["stat_export"] = _order(services, scene.people["leader"].id)


def _order(services, user_id):
    today = services.clock.today()
    asked = Asked("meetings.bookings", "meetings", (today.replace(day=1), today))
    return services.get(ExportService).order(asked, services.get(RightsService).identity_of(user_id))


def _export(scene):
    return "/statistics/meetings.bookings/export", {"measure": "hours", "from": "2026-11-01", "to": "2026-11-24"}


FORMS = {"export": Form("leader", _export)}

BROWSER = (
    Page("statistics", "leader", "/statistics"),
    Page("statistics-quarter", "admin", "/statistics/meetings.bookings?period=quarter"),
    Page("statistics-cases", "leader", "/statistics/core.cases?period=quarter"),
    Page("statistics-empty", "leader", "/statistics?from=2024-01-01&to=2024-01-31"),
    Page("statistics-wrong", "leader", "/statistics?from=2026-11-24&to=2026-11-01", 400),
    Page("statistics-list", "leader", "/statistics/meetings.bookings/list?measure=satisfaction"),
    Page("statistics-list-empty", "leader", "/statistics/meetings.bookings/list?from=2024-01-01&to=2024-01-31"),
    Page("statistics-export", "leader", "/statistics/exports/{stat_export}"),
)


def places(services, found):
    """Closed cases are measured, as a worker would have done; the leader has ordered an export."""
    measure_closed(services.session, services.portal, services.clock)
    leader = services.session.scalars(sa.select(User).where(User.login == "leader")).one()
    found["stat_export"] = _order(services, leader.id)
