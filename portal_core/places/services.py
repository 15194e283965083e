"""Places: one tree for all plugins, with floor plans on which the places inside are drawn as zones."""

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, Invalid, NotFound, Stale
from portal_core.files.models import StoredFile
from portal_core.i18n import _
from portal_core.places.models import Place
from portal_core.services import Services

MANAGE = "core:place:manage"
OWNER = "core.place"
KINDS = {
    "compound": _("Compound"),
    "building": _("Building"),
    "floor": _("Floor"),
    "room": _("Room"),
    "area": _("Area"),
}
NAME_MAX = 60
DEPTH_MAX = 8
CORNERS_MIN, CORNERS_MAX = 3, 60
# Zones are drawn in per mille of the plan, so that a sharper picture of the same plan fits the same zones.
WHOLE = 1000
_CORNER = re.compile(r"([0-9]{1,4})\s*[,，]\s*([0-9]{1,4})")


@dataclass(frozen=True)
class PlaceData:
    """What a form says. ``zone``: corners on the parent's plan, see ``Place.zone``."""

    name: str
    kind: str
    parent_id: int | None = None
    position: int = 100
    zone: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Zone:
    """A place on a plan. ``points`` is the polygon as SVG writes it, ``x`` and ``y`` the middle where its name stands."""

    place: Place
    points: str
    x: int
    y: int


@dataclass(frozen=True)
class Plan:
    """A floor plan with the zones of the places inside."""

    place: Place
    file: StoredFile
    zones: tuple[Zone, ...]


def parse_zone(text: str) -> tuple[tuple[int, int], ...]:
    """Corners from text like ``100,200 300,200 300,400``. Raises Invalid for the field ``zone``."""
    words = text.split()
    found = [_CORNER.fullmatch(word) for word in words]
    corners = tuple((int(match[1]), int(match[2])) for match in found if match)
    if not words:
        return ()
    if len(corners) < len(words) or not CORNERS_MIN <= len(corners) <= CORNERS_MAX or max(map(max, corners)) > WHOLE:
        raise Invalid(
            fields={
                "zone": _(
                    "Write ${min} to ${max} corners like 100,200 300,200 300,400; numbers go from 0 to 1000.",
                    mapping={"min": CORNERS_MIN, "max": CORNERS_MAX},
                )
            }
        )
    return corners


def zone_text(place: Place) -> str:
    """The corners of ``place`` as ``parse_zone`` reads them."""
    return " ".join(f"{x},{y}" for x, y in place.zone)


class PlaceService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    # -- reading ---------------------------------------------------------------------------------------------------

    def tree(self, inactive: bool = False) -> list[Place]:
        """All places, each after the one that holds it, siblings by position and age. One statement."""
        query = sa.select(Place) if inactive else sa.select(Place).where(Place.active)
        children: dict[int | None, list[Place]] = {}
        for place in sorted(self.session.scalars(query), key=lambda place: (place.position, place.id)):
            children.setdefault(place.parent_id, []).append(place)
        ordered: list[Place] = []
        pending = list(reversed(children.get(None, [])))
        while pending:
            ordered.append(pending.pop())
            pending += reversed(children.get(ordered[-1].id, []))
        return ordered

    def choices(self) -> list[tuple[int, str]]:
        """All places to choose from: id, and name indented by depth."""
        return [(place.id, "\u3000" * place.depth + place.name) for place in self.tree()]

    def get(self, place_id: int, reader: Identity | None = None) -> Place:
        """A place with its plan. Raises NotFound; one that is switched off is only for those who manage places."""
        place = self.session.scalar(sa.select(Place).options(joinedload(Place.plan)).where(Place.id == place_id))
        if place is None or not (place.active or (reader and reader.may(MANAGE))):
            raise NotFound()
        return place

    def above(self, place: Place) -> list[Place]:
        """What holds ``place``, from the root down, itself last."""
        ids = [int(part) for part in place.path.split("/") if part]
        found = {item.id: item for item in self.session.scalars(sa.select(Place).where(Place.id.in_(ids)))}
        return [found[number] for number in ids]

    def inside(self, place: Place, inactive: bool = False) -> list[Place]:
        """What lies directly in ``place``."""
        query = sa.select(Place).where(Place.parent_id == place.id).order_by(Place.position, Place.id)
        return list(self.session.scalars(query if inactive else query.where(Place.active)))

    def plan(self, place: Place) -> Plan | None:
        """The plan of ``place`` with the zones of what lies in it; None when it has no plan. Its file must be loaded."""
        if place.plan is None:
            return None
        return Plan(place, place.plan, tuple(_zone(child) for child in self.inside(place) if child.zone))

    def plan_around(self, place_id: int | None) -> Plan | None:
        """The plan on which the place is drawn: that of the place that holds it. None when there is none."""
        child = self.session.get(Place, place_id) if place_id else None
        if child is None or child.parent_id is None or not child.zone:
            return None
        holder = self.session.scalar(sa.select(Place).options(joinedload(Place.plan)).where(Place.id == child.parent_id))
        return self.plan(holder) if holder and holder.active else None

    # -- writing ---------------------------------------------------------------------------------------------------

    def save(
        self,
        data: PlaceData,
        author: Identity,
        place: Place | None = None,
        version: int | None = None,
        plan: StoredFile | None = None,
        ip: str = "",
    ) -> Place:
        """Make a place or change ``place``; ``plan`` replaces its floor plan. Moving one takes along what lies in it.

        Raises Invalid for the fields and Stale when somebody else changed it since ``version``.
        """
        parent = self._parent(data, place)
        self._check(data, place, parent)
        if place is None:
            place = Place(active=True, version=0, path="")
            self.session.add(place)
        elif place.version != version:
            raise Stale(_("This has changed meanwhile; please look again."))
        before = {} if not place.id else self._facts(place)
        place.name, place.kind, place.position, place.zone = data.name, data.kind, data.position, [list(c) for c in data.zone]
        place.parent_id = parent.id if parent else None
        place.version += 1
        if plan is not None:
            place.plan_id = plan.id
        self.session.flush()
        self._set_path(place, parent)
        self._record(author, "core.place_saved", place, before, ip)
        return place

    def switch(self, place: Place, active: bool, author: Identity, ip: str = "") -> None:
        """Take a place out of use or back into it. Raises Conflict while something in use lies in it, or its holder is off."""
        if active is place.active:
            return
        if not active and self.inside(place):
            raise Conflict(_("Something in use lies in this place; switch that off first."))
        if active and place.parent_id and not self.session.get_one(Place, place.parent_id).active:
            raise Conflict(_("The place that holds this one is out of use."))
        place.active = active
        place.version += 1
        self.session.flush()
        self._record(author, "core.place_on" if active else "core.place_off", place, {}, ip)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _parent(self, data, place):
        if data.parent_id is None:
            return None
        parent = self.session.get(Place, data.parent_id)
        if parent is None or not parent.active:
            raise Invalid(fields={"parent": _("Please choose a place from the list.")})
        if place is not None and place.path and parent.path.startswith(place.path):
            raise Invalid(fields={"parent": _("A place cannot lie in itself.")})
        return parent

    def _check(self, data, place, parent):
        problems: dict[str, Any] = {}
        if not data.name or len(data.name) > NAME_MAX:
            problems["name"] = _("A place needs a name of at most ${max} characters.", mapping={"max": NAME_MAX})
        if data.kind not in KINDS:
            problems["kind"] = _("Not a valid choice.")
        if parent is not None and parent.depth + 1 + self._height(place) >= DEPTH_MAX:
            problems["parent"] = _("Places lie at most ${max} levels deep.", mapping={"max": DEPTH_MAX})
        same = sa.select(Place.id).where(
            Place.parent_id == (parent.id if parent else None), Place.name == data.name, Place.active
        )
        if place is not None and place.id:
            same = same.where(Place.id != place.id)
        if self.session.scalar(same.limit(1)) is not None:
            problems.setdefault("name", _("There is a place with this name here already."))
        if problems:
            raise Invalid(fields=problems)

    def _height(self, place):
        """How many levels lie below ``place``."""
        if place is None or not place.path:
            return 0
        paths = self.session.scalars(sa.select(Place.path).where(Place.path.startswith(place.path)))
        return max(path.count("/") for path in paths) - place.path.count("/")

    def _set_path(self, place, parent):
        old, new = place.path, f"{parent.path if parent else '/'}{place.id}/"
        if old == new:
            return
        place.path = new
        if old:
            below = sa.update(Place).where(Place.path.startswith(old), Place.id != place.id)
            rest = sa.func.substr(Place.path, len(old) + 1)
            moved = below.values(path=sa.literal(new).concat(rest))
            # Places below that are loaded already must not go on with their old paths.
            self.session.execute(moved.execution_options(synchronize_session="fetch"))
        self.session.flush()

    @staticmethod
    def _facts(place):
        names = ("name", "kind", "parent_id", "position", "plan_id", "zone")
        return {name: getattr(place, name) for name in names}

    def _record(self, author, action, place, before, ip):
        after = self._facts(place) if before else {}
        changes = [[name, str(before[name]), str(after[name])] for name in before if before[name] != after[name]]
        detail = {"name": place.name, "changes": changes}
        self.services.get(AuditService).record(author, action, "core.place", place.id, detail=detail, ip=ip)


def _zone(place: Place) -> Zone:
    xs, ys = [corner[0] for corner in place.zone], [corner[1] for corner in place.zone]
    points = " ".join(f"{x},{y}" for x, y in place.zone)
    return Zone(place, points, (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2)
