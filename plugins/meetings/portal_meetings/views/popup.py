"""A booking as anybody may see it: opened from the grid. Of a confidential one only that the room is taken."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal_core.api import NotFound, SensitiveService, path_id
from portal_meetings.services import states
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.grid import GridService, may_book
from portal_meetings.services.visibility import is_hidden
from portal_meetings.settings import STEP_MINUTES
from portal_meetings.views.common import state_label
from portal_meetings.views.grid_cells import free_gaps

SHORTEST_GAP = dt.timedelta(minutes=30)


@dataclass(frozen=True)
class FreeTime:
    """A free stretch of the day, as ``14:30`` and ``24:00``, with the address of the form that books it."""

    start: str
    end: str
    url: str


@dataclass(frozen=True)
class PopupPage:
    """Context of ``booking.pt``. ``case_url``, ``change_url`` and ``cancel_url`` are None for people without the right."""

    hidden: bool
    title: str
    unit: str
    room_id: int
    room: str
    when: str
    people: int
    contact: str
    phone: str
    reveal_url: str | None
    state: Any
    tone: str
    case_url: str | None
    change_url: str | None
    cancel_url: str | None
    gaps: list[FreeTime]


def show(request) -> PopupPage:
    """``/meetings/bookings/<id>``. What never took the room is shown only to those who may read its case."""
    service, identity, clock = request.services.get(BookingService), request.identity, request.registry.portal.clock
    booking = service.get(path_id(request), identity, full=False)
    detail = service.may_see_detail(booking, identity)
    hidden = not detail and is_hidden(identity, booking)
    if not detail and booking.state not in states.KEEPING:
        raise NotFound()
    if detail and booking.confidential:
        booking = service.get(booking.case_id, identity)
    revealed = not hidden and not detail and _reveals(request, booking)
    own = booking.owner_id == identity.user_id and booking.starts_at > clock.now()
    number, day = booking.case.number, clock.local(booking.starts_at).date()
    return PopupPage(
        hidden=hidden,
        title="" if hidden else booking.title,
        unit="" if hidden else booking.unit_name,
        room_id=booking.room_id,
        room=booking.room.name,
        when=request.fmt.span(booking.starts_at, booking.ends_at),
        people=booking.people,
        contact="" if hidden else booking.contact,
        phone="" if hidden else _phone(request, booking, revealed),
        reveal_url=None if hidden or detail or revealed else _reveal_url(request, booking),
        state=state_label(request, booking.state),
        tone=request.registry.portal.flows[states.KIND].state(booking.state).tone,
        case_url=f"/cases/{number}" if detail else None,
        change_url=f"/meetings/change/{number}" if own and booking.state in states.CHANGEABLE else None,
        cancel_url=f"/meetings/cancel/{number}" if own and booking.state in states.CANCELLABLE else None,
        gaps=_gaps(request, booking.room_id, day),
    )


def _reveals(request, booking):
    """Did a person who has nothing to do with the meeting ask for the number of its contact, and may have it?"""
    if request.GET.get("show") != "phone":
        return False
    return request.services.get(SensitiveService).reveal(request.identity, "meetings.booking", booking.case.number, "phone")


def _phone(request, booking, revealed):
    """The number of the contact, masked for people who have nothing to do with the meeting."""
    related = revealed or request.services.get(BookingService).may_see_detail(booking, request.identity)
    return request.services.get(SensitiveService).number(booking.phone, related)


def _reveal_url(request, booking):
    asks = request.services.get(SensitiveService).may_reveal(request.identity)
    return f"/meetings/bookings/{booking.case_id}?show=phone" if asks else None


def _gaps(request, room_id, day):
    """What is still free in the room on that day, for people who may book it."""
    clock = request.registry.portal.clock
    now = clock.local(clock.now())
    if day < now.date():
        return []
    schedule = request.services.get(GridService).schedule(request.identity, day, 1)
    room = next((room for room in schedule.rooms if room.id == room_id), None)
    if room is None or not may_book(request.identity, room):
        return []
    opens, closes = room.opening(day, now.tzinfo)
    busy = [_with_margins(schedule, room_id, item) for item in schedule.of(room_id)]
    gaps = free_gaps(busy, opens, closes, _next_quarter(now), SHORTEST_GAP)
    return [_free_time(room_id, day, gap) for gap in gaps]


def _with_margins(schedule, room_id, item):
    """When no meeting can be because of ``item``, in steps of the form."""
    before, after = (-(-minutes // STEP_MINUTES) * STEP_MINUTES for minutes in schedule.margins(room_id, item))
    return item.start - dt.timedelta(minutes=before), item.end + dt.timedelta(minutes=after)


def _free_time(room_id, day, gap):
    start, end = f"{gap.start:%H:%M}", f"{gap.end:%H:%M}" if gap.end.date() == day else "24:00"
    return FreeTime(start, end, f"/meetings/book?room={room_id}&date={day}&start={start}&end={end}")


def _next_quarter(now):
    begun = now.replace(minute=now.minute // STEP_MINUTES * STEP_MINUTES, second=0, microsecond=0)
    return begun + dt.timedelta(minutes=STEP_MINUTES)


def includeme(config):
    """Route and view."""
    config.add_route("meetings.booking", "/meetings/bookings/{id}", request_method="GET")
    config.add_view(
        show, route_name="meetings.booking", renderer="portal_meetings:templates/booking.pt", permission="authenticated"
    )
