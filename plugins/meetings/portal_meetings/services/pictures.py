"""展示: the pictures of a room: photos (平面照), floor plans and panoramas (3D立体照)."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.api import AuditService, FileService, Identity, Invalid, NotFound, Services
from portal_meetings.i18n import _
from portal_meetings.models import PANORAMA, PHOTO, PLAN, Room, RoomPicture
from portal_meetings.services.closures import managed_room

KINDS = (PHOTO, PLAN, PANORAMA)
CAPTION_MAX = 80
PICTURES_MAX = 24
MAX_MB = 20


def files_of_rooms() -> sa.Select:
    """The files of all pictures, those that were taken off a page included: the audit trail names them."""
    return sa.select(RoomPicture.file_id)


class PictureService:
    """Pictures are taken off a room's page, not deleted."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def of_room(self, room_id: int) -> list[RoomPicture]:
        """The pictures shown of a room with their files, in their order."""
        query = (
            sa.select(RoomPicture).options(joinedload(RoomPicture.file)).where(RoomPicture.room_id == room_id, RoomPicture.active)
        )
        return list(self.session.scalars(query.order_by(RoomPicture.position, RoomPicture.id)))

    def add(self, room: Room, identity: Identity, upload, kind: str, caption: str = "") -> RoomPicture:
        """Show another picture; the first photo becomes the room's cover. ``upload`` is the core's ``Upload``.

        Raises NotFound and Invalid (``kind``, ``caption``, and what the file service says at the upload's field).
        """
        managed_room(self.session, room.id, identity)
        caption = caption.strip()
        if kind not in KINDS:
            raise Invalid(_("Please correct the marked fields"), {"kind": _("Please choose from the list")})
        if len(caption) > CAPTION_MAX:
            raise Invalid(
                _("Please correct the marked fields"), {"caption": _("At most ${max} characters", mapping={"max": CAPTION_MAX})}
            )
        shown = self.of_room(room.id)
        if len(shown) >= PICTURES_MAX:
            raise Invalid(_("A room has at most ${max} pictures.", mapping={"max": PICTURES_MAX}))
        file = self.services.get(FileService).save_image(upload, "meetings", identity, MAX_MB, panorama=kind == PANORAMA)
        position = max((p.position for p in shown), default=0) + 1
        picture = RoomPicture(room_id=room.id, file_id=file.id, kind=kind, caption=caption, position=position)
        self.session.add(picture)
        if kind == PHOTO and room.cover_id is None:
            room.cover_id = file.id
        self.session.flush()
        self._audit(identity, "meetings.picture_added", picture)
        return picture

    def remove(self, picture_id: int, identity: Identity) -> RoomPicture:
        """Take a picture off the page; the next photo becomes the cover if it was that. Raises NotFound."""
        picture, room = self._managed(picture_id, identity)
        picture.active = False
        self.session.flush()
        if room.cover_id == picture.file_id:
            room.cover_id = next((p.file_id for p in self.of_room(room.id) if p.kind == PHOTO), None)
        self._audit(identity, "meetings.picture_removed", picture)
        self.session.flush()
        return picture

    def make_cover(self, picture_id: int, identity: Identity) -> None:
        """Show this photo first, in the grid too. Raises NotFound, and Invalid when it is no photo."""
        picture, room = self._managed(picture_id, identity)
        if picture.kind != PHOTO:
            raise Invalid(_("Only a photo can be the cover."))
        room.cover_id = picture.file_id
        self.session.flush()

    def move(self, picture_id: int, identity: Identity, step: int) -> None:
        """Move a picture one place up (``step`` -1) or down (1) among those shown. Raises NotFound."""
        picture, _room = self._managed(picture_id, identity)
        shown = self.of_room(picture.room_id)
        index = next(i for i, p in enumerate(shown) if p.id == picture.id)
        target = min(max(index + step, 0), len(shown) - 1)
        shown.insert(target, shown.pop(index))
        for position, shown_picture in enumerate(shown):
            shown_picture.position = position
        self.session.flush()

    def _managed(self, picture_id, identity):
        picture = self.session.get(RoomPicture, picture_id)
        if picture is None or not picture.active:
            raise NotFound()
        return picture, managed_room(self.session, picture.room_id, identity)

    def _audit(self, identity, action, picture):
        detail = {"picture": picture.id, "file": picture.file_id, "kind": picture.kind}
        self.services.get(AuditService).record(identity, action, "meetings.room", picture.room_id, detail=detail)
