"""Is the room free? A line below the time fields, asked for while somebody fills the form; the form works without it."""

from dataclasses import dataclass

from webob.multidict import MultiDict

from portal_core.api import NotFound, int_param, text_param
from portal_meetings import permissions
from portal_meetings.forms.slot import SlotForm
from portal_meetings.services.approvers import path_ahead
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.conflicts import Conflicts
from portal_meetings.services.rooms import RoomService


@dataclass(frozen=True)
class CheckResult:
    """Context of ``check.pt``.

    ``known``: room and times are complete; ``taken``: what is in the way; ``path``: who reviews a booking of the room.
    """

    known: bool
    past: bool
    taken: list
    path: tuple = ()


def check(request) -> CheckResult:
    """``/meetings/check?room=&date=&start=&end=&multiday=&end_date=&number=``; without a room nothing is known."""
    room_id, number = int_param(request, "room", low=1), text_param(request, "number", 32)
    span = SlotForm(request, MultiDict(request.GET)).span(request.registry.portal.clock)
    services, identity = request.services, request.identity
    if room_id is None:
        return CheckResult(False, False, [])
    try:
        room = services.get(RoomService).get(room_id, identity)
        own = services.get(BookingService).get(number, identity).case_id if number else 0
    except NotFound:
        return CheckResult(False, False, [])
    # A booking that is changed says on its own page by whom.
    path = () if number else path_ahead(services, identity, room.id)
    if span is None:
        return CheckResult(False, False, [], path)
    taken = services.get(Conflicts).in_the_way(identity, room, span, own)
    return CheckResult(True, span.start < services.clock.now(), taken, path)


def includeme(config):
    """Route and view."""
    config.add_route("meetings.check", "/meetings/check", request_method="GET")
    config.add_view(
        check, route_name="meetings.check", renderer="portal_meetings:templates/check.pt", permission=permissions.CREATE
    )
