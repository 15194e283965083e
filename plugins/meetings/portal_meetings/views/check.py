"""Is the room free? A line below the time fields, asked for while somebody fills the form; the form works without it."""

from dataclasses import dataclass

from webob.multidict import MultiDict

from portal_core.api import NotFound, int_param, text_param
from portal_meetings import permissions
from portal_meetings.forms.slot import SlotForm
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.conflicts import Conflicts
from portal_meetings.services.rooms import RoomService


@dataclass(frozen=True)
class CheckResult:
    """Context of ``check.pt``. ``known``: room and times are complete; ``taken``: what is in the way."""

    known: bool
    past: bool
    taken: list


def check(request) -> CheckResult:
    """``/meetings/check?room=&date=&start=&end=&multiday=&end_date=&number=``; half a form is answered with nothing."""
    room_id, number = int_param(request, "room", low=1), text_param(request, "number", 32)
    span = SlotForm(request, MultiDict(request.GET)).span(request.registry.portal.clock)
    if room_id is None or span is None:
        return CheckResult(False, False, [])
    services, identity = request.services, request.identity
    try:
        room = services.get(RoomService).get(room_id, identity)
        own = services.get(BookingService).get(number, identity).case_id if number else 0
    except NotFound:
        return CheckResult(False, False, [])
    taken = services.get(Conflicts).in_the_way(identity, room, span, own)
    return CheckResult(True, span.start < services.clock.now(), taken)


def includeme(config):
    """Route and view."""
    config.add_route("meetings.check", "/meetings/check", request_method="GET")
    config.add_view(
        check, route_name="meetings.check", renderer="portal_meetings:templates/check.pt", permission=permissions.CREATE
    )
