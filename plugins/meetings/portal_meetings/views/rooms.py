"""展示: what a room looks like, where it is, what it has, and when it is free this week."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal_core.api import PlaceService, path_id
from portal_meetings.models import PANORAMA, PHOTO, PLAN, Room
from portal_meetings.services.grid import GridService, may_book
from portal_meetings.services.pictures import PictureService
from portal_meetings.services.rooms import RoomService
from portal_meetings.services.rules import closing_text
from portal_meetings.settings import parts
from portal_meetings.views.grid_cells import WEEK, columns, occupied_cells

PHOTO_WIDTH, THUMBNAIL_WIDTH = 960, 240


@dataclass(frozen=True)
class Picture:
    """A picture with its addresses: as large as the page shows it, small, and whole."""

    id: int
    caption: str
    url: str
    small_url: str
    full_url: str


@dataclass(frozen=True)
class FreePart:
    """A half-day of this week in which the room is free."""

    day: dt.date
    part: Any
    url: str


@dataclass(frozen=True)
class RoomPage:
    """Context of ``room.pt``."""

    room: Room
    closes: str
    photos: list[Picture]
    plans: list[Picture]
    panoramas: list[Picture]
    free: list[FreePart]
    may_book: bool
    book_url: str
    plan: Any


def show(request) -> RoomPage:
    """``/meetings/rooms/<id>``"""
    room = request.services.get(RoomService).get(path_id(request), request.identity)
    pictures = request.services.get(PictureService).of_room(room.id)
    of_kind = {
        kind: [_picture(request, picture) for picture in pictures if picture.kind == kind] for kind in (PHOTO, PLAN, PANORAMA)
    }
    bookable = room.active and may_book(request.identity, room)
    return RoomPage(
        room=room,
        closes=closing_text(room),
        photos=of_kind[PHOTO],
        plans=of_kind[PLAN],
        panoramas=of_kind[PANORAMA],
        free=_free_parts(request, room) if room.active else [],
        may_book=bookable,
        book_url=f"/meetings/book?room={room.id}",
        plan=request.services.get(PlaceService).plan_around(room.place_id),
    )


def _picture(request, picture):
    file = picture.file
    return Picture(
        picture.id,
        picture.caption,
        request.file_url(file, PHOTO_WIDTH),
        request.file_url(file, THUMBNAIL_WIDTH),
        request.file_url(file),
    )


def _free_parts(request, room):
    """The half-days from now to Sunday in which nothing is booked."""
    clock = request.registry.portal.clock
    now = clock.local(clock.now())
    today = now.date()
    days = columns(today, WEEK - today.weekday(), parts(request.registry.portal.settings), now)
    schedule = request.services.get(GridService).schedule(request.identity, today, len(days.days))
    taken = {
        column for cell in occupied_cells(schedule.of(room.id), days) for column in range(cell.column, cell.column + cell.span)
    }
    free = []
    for column in range(len(days)):
        if column not in taken and not days.is_past(column):
            day, part = days.days[column // len(days.parts)], days.parts[column % len(days.parts)]
            free.append(FreePart(day, part, f"/meetings/book?room={room.id}&date={day}&part={part.code}"))
    return free


def includeme(config):
    """Route and view, and who may see pictures of rooms: everybody who is logged in (the file views ask for a login)."""
    config.add_file_access("meetings", lambda _request, _file: True)
    config.add_route("meetings.room", "/meetings/rooms/{id}", request_method="GET")
    config.add_view(show, route_name="meetings.room", renderer="portal_meetings:templates/room.pt", permission="authenticated")
