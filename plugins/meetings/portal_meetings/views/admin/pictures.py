"""The pictures of a room: adding, ordering, choosing the cover, taking off."""

from dataclasses import dataclass
from typing import Any

from portal_core.api import ChosenFiles, Conflict, Invalid, NotFound, check_image, choice_param, reading, refused
from portal_meetings import permissions
from portal_meetings.forms.admin import PICTURE_KINDS, PictureForm
from portal_meetings.i18n import _
from portal_meetings.services.pictures import MAX_MB, PictureService
from portal_meetings.views.admin.common import Tab, done, room_of, tabs_of, url_of

ACTS = ("up", "down", "cover", "remove")
THUMBNAIL = 240


@dataclass(frozen=True)
class Line:
    """A picture of the list."""

    id: int
    kind: Any
    caption: str
    url: str
    is_photo: bool
    is_cover: bool


@dataclass(frozen=True)
class PicturesPage:
    """Context of ``admin/pictures.pt``."""

    room: Any
    tabs: list[Tab]
    lines: list[Line]
    form: PictureForm
    chosen: ChosenFiles | None


def show(request):
    """The pictures and the form for more."""
    return _page(request, PictureForm(request, data={"kind": "photo"}))


def add(request):
    """Pictures are added; when one of them is refused, none is."""
    form = PictureForm(request, request.POST)
    chosen = ChosenFiles(request, "pictures", MAX_MB)
    # First, so that nothing is kept for somebody who does not manage the room.
    service, room = request.services.get(PictureService), room_of(request, request.services)
    try:
        if not form.validate():
            raise Invalid()
        pictures = chosen.uploads()
        if not pictures:
            raise Invalid(fields={"pictures": _("Please choose a picture")})
        for upload in pictures:
            service.add(room, request.identity, upload, form.kind.data, form.caption.data or "")
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        chosen.keep(check_image)
        return _page(request, form, chosen)
    chosen.done()
    return done(request, url_of(room, "/pictures"), _("${count} pictures have been added.", mapping={"count": len(pictures)}))


def change(request):
    """A picture is moved, made the cover, or taken off."""
    room = room_of(request, request.services)
    service = request.services.get(PictureService)
    act, picture_id = choice_param(request, "act", ACTS, "up"), _picture_id(request, service, room)
    if act == "remove":
        service.remove(picture_id, request.identity)
    elif act == "cover":
        service.make_cover(picture_id, request.identity)
    else:
        service.move(picture_id, request.identity, -1 if act == "up" else 1)
    return done(request, url_of(room, "/pictures"), _("Saved."))


def _picture_id(request, service, room):
    """The picture of the address; 404 unless it belongs to the room of the address."""
    text = request.matchdict["picture"]
    for picture in service.of_room(room.id):
        if text == str(picture.id):
            return picture.id
    raise NotFound()


def _page(request, form, chosen=None):
    services = reading(request)
    room = room_of(request, services)
    kinds = dict(PICTURE_KINDS)
    lines = [
        Line(p.id, kinds[p.kind], p.caption, request.file_url(p.file, THUMBNAIL), p.kind == "photo", p.file_id == room.cover_id)
        for p in services.get(PictureService).of_room(room.id)
    ]
    return PicturesPage(room, tabs_of(room, "/pictures"), lines, form, chosen)


def includeme(config):
    """Routes and views."""
    page = {"permission": permissions.MANAGE_ROOM, "renderer": "portal_meetings:templates/admin/pictures.pt"}
    config.add_route("meetings.admin.pictures", "/meetings/admin/rooms/{id}/pictures")
    config.add_view(show, route_name="meetings.admin.pictures", request_method="GET", **page)
    config.add_view(add, route_name="meetings.admin.pictures", request_method="POST", files=("pictures",), **page)
    config.add_route("meetings.admin.picture", "/meetings/admin/rooms/{id}/pictures/{picture}")
    config.add_view(change, route_name="meetings.admin.picture", request_method="POST", permission=permissions.MANAGE_ROOM)
