"""Looking at places: the tree, and a place with its plan, whose zones are links."""

from dataclasses import dataclass

from portal_core.places.models import Place
from portal_core.places.services import KINDS, OWNER, PlaceService, Plan
from portal_core.web.params import path_id

LIST = "/places"


@dataclass(frozen=True)
class PlacesPage:
    """Context of ``places.pt``: the whole tree."""

    places: tuple[Place, ...]
    kinds: dict


@dataclass(frozen=True)
class PlacePage:
    """Context of ``place.pt``. ``above`` leads from the root to the place; ``plan`` is None without one."""

    place: Place
    above: tuple[Place, ...]
    inside: tuple[Place, ...]
    plan: Plan | None
    kinds: dict


def places(request) -> PlacesPage:
    """``/places``"""
    return PlacesPage(tuple(request.services.get(PlaceService).tree()), KINDS)


def place(request) -> PlacePage:
    """``/places/<id>``"""
    service = request.services.get(PlaceService)
    found = service.get(path_id(request), request.identity)
    return PlacePage(found, tuple(service.above(found)), tuple(service.inside(found)), service.plan(found), KINDS)


def includeme(config):
    """Routes and views; plans are shown to everybody who is logged in."""
    config.add_route("core.places", LIST)
    config.add_route("core.place", LIST + "/{id}")
    templates = "portal_core:templates/places/"
    config.add_view(places, route_name="core.places", request_method="GET", renderer=templates + "places.pt")
    config.add_view(place, route_name="core.place", request_method="GET", renderer=templates + "place.pt")
    config.add_file_access(OWNER, lambda _request, _file: True)
