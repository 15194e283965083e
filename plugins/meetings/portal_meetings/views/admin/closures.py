"""停用: closing a room for a while; the page names the meetings that lie inside."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal_core.api import Conflict, Invalid, NotFound, reading, refused
from portal_meetings import permissions
from portal_meetings.forms.admin import ClosureForm
from portal_meetings.i18n import _
from portal_meetings.services.closures import Affected, ClosureService
from portal_meetings.views.admin.common import Tab, as_seen, done, room_of, tabs_of, url_of


@dataclass(frozen=True)
class Line:
    """A closure with the meetings inside it."""

    id: int
    when: str
    reason: str
    affected: list[Affected]


@dataclass(frozen=True)
class ClosuresPage:
    """Context of ``admin/closures.pt``."""

    room: Any
    tabs: list[Tab]
    lines: list[Line]
    form: ClosureForm


def show(request):
    """The closures to come and the form for one more."""
    tomorrow = request.registry.portal.clock.today() + dt.timedelta(days=1)
    values = {"start_date": tomorrow, "start": dt.time(8), "end_date": tomorrow, "end": dt.time(18)}
    return _page(request, ClosureForm(request, data=values))


def close(request):
    """The room is closed; owners of meetings inside are told."""
    form = ClosureForm(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, form)
    clock = request.registry.portal.clock
    start, end = clock.at(form.start_date.data, form.start.data), clock.at(form.end_date.data, form.end.data)
    try:
        room = room_of(request, request.services)
        affected = request.services.get(ClosureService).close(room.id, start, end, form.reason.data, request.identity)
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return _page(request, form)
    return done(
        request,
        url_of(room, "/closures"),
        _("The room is closed; the owners of ${count} meetings have been told.", mapping={"count": len(affected)}),
    )


def cancel(request):
    """A closure is called off."""
    room = room_of(request, request.services)
    service = request.services.get(ClosureService)
    text = request.matchdict["closure"]
    closure = next((c for c in service.upcoming(room.id) if text == str(c.id)), None)
    if closure is None:
        raise NotFound()
    service.cancel(closure.id, request.identity)
    return done(request, url_of(room, "/closures"), _("The closure has been called off."))


def _page(request, form):
    services = reading(request)
    room = room_of(request, services)
    service = services.get(ClosureService)
    closures = service.upcoming(room.id)
    inside = service.meetings_inside(room, closures)
    lines = [Line(c.id, request.fmt.span(c.starts_at, c.ends_at), c.reason, as_seen(request, inside[c.id])) for c in closures]
    return ClosuresPage(room, tabs_of(room, "/closures"), lines, form)


def includeme(config):
    """Routes and views."""
    page = {"permission": permissions.MANAGE_ROOM, "renderer": "portal_meetings:templates/admin/closures.pt"}
    config.add_route("meetings.admin.closures", "/meetings/admin/rooms/{id}/closures")
    config.add_view(show, route_name="meetings.admin.closures", request_method="GET", **page)
    config.add_view(close, route_name="meetings.admin.closures", request_method="POST", **page)
    config.add_route("meetings.admin.closure", "/meetings/admin/rooms/{id}/closures/{closure}/cancel")
    config.add_view(cancel, route_name="meetings.admin.closure", request_method="POST", permission=permissions.MANAGE_ROOM)
