"""Tables of the tests for places and dictionaries; see ``tests.parts``."""

import sqlalchemy as sa

from portal_core.places.models import DictionaryItem, Place
from portal_core.places.services import PlaceData, PlaceService
from tests.tables import USERS, Form, Page

ADMIN = ("admin",)
WRITTEN = (Place, DictionaryItem)

PAGES = {
    "GET core.places": ("/places", USERS),
    "GET core.place": ("/places/{more[place]}", USERS),
    "GET core.admin.places": ("/admin/places", ADMIN),
    "GET core.admin.new_place": ("/admin/places/new", ADMIN),
    "POST core.admin.new_place": ("/admin/places/new", ADMIN),
    "GET core.admin.place": ("/admin/places/{more[place]}", ADMIN),
    "POST core.admin.place": ("/admin/places/{more[place]}", ADMIN),
    "POST core.admin.place.switch": ("/admin/places/{more[spare_place]}/switch", ADMIN),
    "GET core.admin.dictionaries": ("/admin/dictionaries", ADMIN),
    "GET core.admin.dictionary": ("/admin/dictionaries/meetings.kind", ADMIN),
    "POST core.admin.dictionary": ("/admin/dictionaries/meetings.kind", ADMIN),
}


def furnish(scene):
    """A compound with a building, and a place that nobody needs."""
    with scene.services() as services:
        admin, service = scene.people["admin"].identity, services.get(PlaceService)
        compound = service.save(PlaceData("市级机关大院", "compound"), admin)
        scene.more["place"] = service.save(PlaceData("1 号楼", "building", compound.id), admin).id
        scene.more["compound"] = compound.id
        scene.more["spare_place"] = service.save(PlaceData("旧车库", "area", compound.id), admin).id


def _place(scene):
    fields = {"version": "", "name": "2 号楼", "kind": "building", "parent": str(scene.more["compound"]), "position": "20"}
    return "/admin/places/new", fields | {"zone": "100,100 400,100 400,300"}


def _dictionary(scene):
    page = scene.browsers["admin"].get("/admin/dictionaries/meetings.kind").html
    fields = {}
    for field in page.select("main input[name^=entries]"):
        if field.get("type") != "checkbox" or field.has_attr("checked"):
            fields[field["name"]] = field.get("value", "")
    return "/admin/dictionaries/meetings.kind", fields


FORMS = {
    "place": Form("admin", _place),
    "dictionary": Form("admin", _dictionary),
}
BROWSER = (
    Page("places", "staff", "/places"),
    Page("place", "staff", "/places/{floor_place}"),
    Page("admin-places", "admin", "/admin/places"),
    Page("admin-place", "admin", "/admin/places/{room_place}"),
    Page("admin-dictionaries", "admin", "/admin/dictionaries"),
    Page("admin-dictionary", "admin", "/admin/dictionaries/meetings.kind"),
)


def places(services, found):
    """A floor of the demo with its plan, and a room on it."""
    session = services.session
    found["floor_place"] = session.scalar(sa.select(sa.func.min(Place.id)).where(Place.plan_id.is_not(None)))
    room = sa.select(sa.func.min(Place.id)).where(Place.kind == "room", Place.parent_id == found["floor_place"])
    found["room_place"] = session.scalar(room)
