"""The demo's compound: buildings, floors with drawn plans, and the rooms as zones on them."""

import io
from itertools import groupby

from PIL import Image, ImageDraw

from portal_core.api import FileService, Identity, PlaceData, PlaceService, Services

SIZE = (1200, 600)
# A floor is drawn as rooms on both sides of a corridor; corners in per mille of the picture.
CORRIDOR = (450, 560)
ROOMS_A_SIDE = 4
COMPOUND = "市级机关大院"
INK, PAPER, GROUND = (90, 102, 122), (255, 255, 255), (243, 245, 249)


def add_places(session, context, rooms) -> None:
    """Give every room its place; places that exist already are found by name."""
    services = Services(session, context.portal)
    author = Identity(context.users["admin"].id, "admin", "", permissions=frozenset(("core:place:manage",)))
    tree = _Tree(services, author)
    compound = tree.find_or_add(None, COMPOUND, "compound")
    in_order = sorted(rooms.values(), key=lambda room: (room.building, room.floor, room.position))
    for (building, floor), group in groupby(in_order, key=lambda room: (room.building, room.floor)):
        house = tree.find_or_add(compound, building, "building")
        level = tree.find_or_add(house, floor, "floor", plan=True)
        for number, room in enumerate(group):
            if room.place_id is None:
                room.place_id = tree.find_or_add(level, room.name, "room", zone=_zone(number)).id
    session.flush()


class _Tree:
    def __init__(self, services, author):
        self.places, self.files, self.author = services.get(PlaceService), services.get(FileService), author

    def find_or_add(self, parent, name, kind, plan=False, zone=()):
        known = {(place.parent_id, place.name): place for place in self.places.tree()}
        parent_id = parent.id if parent else None
        if (parent_id, name) in known:
            return known[parent_id, name]
        picture = self.files.save_bytes(_drawing(), f"{name}.png", "core.place") if plan else None
        return self.places.save(PlaceData(name, kind, parent_id, 100, zone), self.author, plan=picture)


def _zone(number):
    """The corners of the room with this number: first those above the corridor, then those below."""
    side, column = divmod(number, ROOMS_A_SIDE)
    width = 960 // ROOMS_A_SIDE
    left = 20 + column * width
    top, bottom = (40, CORRIDOR[0]) if side == 0 else (CORRIDOR[1], 960)
    return ((left, top), (left + width, top), (left + width, bottom), (left, bottom))


def _drawing():
    """The empty floor: walls, doors and the corridor. PNG bytes."""
    image = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(image)
    for number in range(2 * ROOMS_A_SIDE):
        corners = [(x * SIZE[0] / 1000, y * SIZE[1] / 1000) for x, y in _zone(number)]
        draw.rectangle((*corners[0], *corners[2]), fill=PAPER, outline=INK, width=4)
        middle, wall = (corners[0][0] + corners[1][0]) / 2, corners[2 if number < ROOMS_A_SIDE else 0][1]
        draw.line((middle - 22, wall, middle + 22, wall), fill=PAPER, width=8)
        draw.arc((middle - 22, wall - 44, middle + 66, wall + 44), 180, 270 if number < ROOMS_A_SIDE else 180, fill=INK, width=2)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
