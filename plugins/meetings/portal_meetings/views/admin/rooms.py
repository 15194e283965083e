"""会议室管理: the list of rooms, a room's facts, and taking it out of use."""

from dataclasses import dataclass, field
from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from wtforms.fields import SelectChoice

from portal_core.api import Conflict, Invalid, PlaceService, reading, refused
from portal_meetings import permissions
from portal_meetings.forms.admin import OutOfUseForm, RoomForm, room_values
from portal_meetings.i18n import _
from portal_meetings.services.closures import Affected
from portal_meetings.services.rooms import RoomService
from portal_meetings.views.admin.common import Tab, as_seen, done, room_of, tabs_of, url_of
from portal_meetings.views.common import translator


@dataclass(frozen=True)
class RoomsPage:
    """Context of ``admin/rooms.pt``."""

    rooms: list
    may_add: bool


@dataclass(frozen=True)
class RoomPage:
    """Context of ``admin/room.pt``; ``room`` is None for a new one.

    ``affected``: meetings that would need another room if this one were taken out of use.
    """

    room: Any
    form: RoomForm
    tabs: list[Tab] = field(default_factory=list)
    parts: list = field(default_factory=list)
    affected: list[Affected] = field(default_factory=list)
    closing: OutOfUseForm | None = None
    form_page: bool = True


def rooms(request):
    """``/meetings/admin/rooms``"""
    managed = request.services.get(RoomService).managed(request.identity)
    return RoomsPage(managed, request.identity.may(permissions.MANAGE_ROOM))


def new(request):
    """The form of a new room."""
    return _new_page(request, _room_form(request, None))


def add(request):
    """A room is made."""
    form = _room_form(request, None, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _new_page(request, form)
    try:
        room = request.services.get(RoomService).save(request.identity, form.value())
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return _new_page(request, form)
    return done(request, url_of(room, "/pictures"), _("The room has been made. Add its pictures now."))


def show(request):
    """A room's facts."""
    room = room_of(request, request.services)
    return _page(request, room, _room_form(request, room))


def save(request):
    """A room's facts are changed."""
    room = room_of(request, reading(request))
    form = _room_form(request, room, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, room, form)
    service = request.services.get(RoomService)
    try:
        service.save(request.identity, form.value(), service.to_manage(room.id, request.identity), form.version.seen)
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return _page(request, room, form)
    return done(request, url_of(room), _("Saved."))


def disable(request):
    """The room is taken out of use; the owners of its meetings are told."""
    room = room_of(request, reading(request))
    form = OutOfUseForm(request, request.POST, prefix="off")
    if not form.validate():
        request.response.status_int = 422
        return _page(request, room, _room_form(request, room), form)
    service = request.services.get(RoomService)
    try:
        own = service.to_manage(room.id, request.identity)
        affected = service.disable(own, request.identity, form.reason.data, form.version.seen)
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return _page(request, room, _room_form(request, room), form)
    return done(
        request,
        url_of(room),
        _("The room is out of use; the owners of ${count} meetings have been told.", mapping={"count": len(affected)}),
    )


def enable(request):
    """The room is taken into use again."""
    service = request.services.get(RoomService)
    room = room_of(request, request.services)
    service.enable(room, request.identity)
    return done(request, url_of(room), _("The room is in use again."))


def _room_form(request, room, post=None):
    form = RoomForm(request, post, data=room_values(room))
    nowhere = SelectChoice(0, translator(request)(_("not on a plan")))
    form.place.choices = [nowhere, *(SelectChoice(*pair) for pair in reading(request).get(PlaceService).choices())]
    if room is None:
        others = reading(request).get(RoomService).managed(request.identity)
        form.parts.choices = [SelectChoice(other.id, other.name) for other in others]
    else:
        del form.parts
    return form


def _new_page(request, form):
    if not request.identity.may(permissions.MANAGE_ROOM):
        # Whoever manages single rooms may not add others.
        raise HTTPForbidden()
    return RoomPage(None, form)


def _page(request, room, form, closing=None):
    service = reading(request).get(RoomService)
    closing = closing or OutOfUseForm(request, data={"version": str(room.version)}, prefix="off")
    affected = as_seen(request, service.affected(room)) if room.active else []
    return RoomPage(room, form, tabs_of(room, ""), service.parts(room), affected, closing)


def includeme(config):
    """Routes and views."""
    managed = {"permission": permissions.MANAGE_ROOM}
    page = {**managed, "renderer": "portal_meetings:templates/admin/room.pt"}
    config.add_route("meetings.admin.rooms", "/meetings/admin/rooms")
    config.add_view(
        rooms,
        route_name="meetings.admin.rooms",
        request_method="GET",
        renderer="portal_meetings:templates/admin/rooms.pt",
        **managed,
    )
    config.add_route("meetings.admin.new_room", "/meetings/admin/rooms/new")
    config.add_view(new, route_name="meetings.admin.new_room", request_method="GET", **page)
    config.add_view(add, route_name="meetings.admin.new_room", request_method="POST", **page)
    config.add_route("meetings.admin.room", "/meetings/admin/rooms/{id}")
    config.add_view(show, route_name="meetings.admin.room", request_method="GET", **page)
    config.add_view(save, route_name="meetings.admin.room", request_method="POST", **page)
    config.add_route("meetings.admin.disable", "/meetings/admin/rooms/{id}/disable")
    config.add_view(disable, route_name="meetings.admin.disable", request_method="POST", **page)
    config.add_route("meetings.admin.enable", "/meetings/admin/rooms/{id}/enable")
    config.add_view(enable, route_name="meetings.admin.enable", request_method="POST", **managed)
