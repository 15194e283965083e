"""Pages of 系统管理 for places and dictionaries."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from wtforms.fields import SelectChoice

from portal_core.accounts.addresses import client_ip
from portal_core.admin.menu import CONTENT
from portal_core.errors import Conflict, Invalid, ServiceError
from portal_core.files.services import FileService
from portal_core.files.uploads import uploads
from portal_core.i18n import _
from portal_core.places import services as p
from portal_core.places.declared import MANAGE_DICTIONARIES, MANAGE_PLACES
from portal_core.places.dictionaries import DictionaryService, Entry
from portal_core.places.forms import NOWHERE, DictionaryForm, PlaceForm, dictionary_values, place_values
from portal_core.places.models import Place
from portal_core.web.answers import reading, refused
from portal_core.web.params import int_param, path_id

PLACES, DICTIONARIES = "/admin/places", "/admin/dictionaries"


@dataclass(frozen=True)
class PlacesPage:
    """Context of ``admin_places.pt``."""

    places: tuple[Place, ...]
    kinds: dict


@dataclass(frozen=True)
class PlacePage:
    """Context of ``admin_place.pt``. ``around`` is the plan on which the place's zone is drawn, ``plan`` its own."""

    form: PlaceForm
    place: Place | None
    around: p.Plan | None
    plan: p.Plan | None
    form_page: bool = True


@dataclass(frozen=True)
class DictionariesPage:
    """Context of ``dictionaries.pt``: ``(code, title, labels)`` of each."""

    dictionaries: tuple[tuple[str, Any, tuple[Entry, ...]], ...]


@dataclass(frozen=True)
class DictionaryPage:
    """Context of ``dictionary.pt``."""

    code: str
    title: Any
    form: DictionaryForm
    form_page: bool = True


# -- places --------------------------------------------------------------------------------------------------------


def places(request) -> PlacesPage:
    """The whole tree, with what is out of use."""
    return PlacesPage(tuple(request.services.get(p.PlaceService).tree(inactive=True)), p.KINDS)


def new_place(request) -> PlacePage:
    """The empty form; ``?in=`` names the place that holds the new one."""
    return _place_page(request, None, values=place_values(None, int_param(request, "in", low=1)))


def edit_place(request) -> PlacePage:
    """The form of one place."""
    place = request.services.get(p.PlaceService).get(path_id(request), request.identity)
    return _place_page(request, place, values=place_values(place))


def save_place(request):
    """Make or change a place."""
    is_new, seen = "id" not in request.matchdict, reading(request)
    shown = None if is_new else seen.get(p.PlaceService).get(path_id(request), request.identity)
    form = _place_form(request, seen, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _place_page(request, shown, form)
    service = request.services.get(p.PlaceService)
    try:
        value = form.value()
        chosen = uploads(request, "plan", 1)
        plan = request.services.get(FileService).save_image(chosen[0], p.OWNER, request.identity) if chosen else None
        own = None if is_new else service.get(shown.id, request.identity)
        place = service.save(value, request.identity, own, form.version.seen, plan, client_ip(request))
    except ServiceError as error:
        refused(request, form, error)
        return _place_page(request, shown, form)
    request.flash("ok", _("Saved."))
    return HTTPSeeOther(f"{PLACES}/{place.id}" if plan else PLACES)


def switch_place(request):
    """Take a place out of use or back into it."""
    service = request.services.get(p.PlaceService)
    place = service.get(path_id(request), request.identity)
    try:
        service.switch(place, not place.active, request.identity, client_ip(request))
    except Conflict as error:
        request.roll_back()
        request.flash("bad", error.message)
        return HTTPSeeOther(PLACES)
    request.flash("ok", _("Saved."))
    return HTTPSeeOther(PLACES)


def _place_form(request, services, post=None, values=None):
    form = PlaceForm(request, post, data=values or {})
    nowhere = SelectChoice(NOWHERE, request.translator()(_("nowhere: it is the top")))
    form.parent.choices = [nowhere, *(SelectChoice(*pair) for pair in services.get(p.PlaceService).choices())]
    return form


def _place_page(request, place, form=None, values=None):
    services = reading(request)
    service = services.get(p.PlaceService)
    form = form or _place_form(request, services, values=values)
    around = _plan_of(service, form.parent.data)
    return PlacePage(form, place, around, _plan_of(service, place.id) if place else None)


def _plan_of(service, place_id):
    """The plan of the place, or None: also for an id that somebody invented."""
    try:
        return service.plan(service.get(place_id)) if place_id else None
    except p.NotFound:
        return None


# -- dictionaries --------------------------------------------------------------------------------------------------


def dictionaries(request) -> DictionariesPage:
    """All dictionaries with what they offer."""
    service = request.services.get(DictionaryService)
    declared = request.registry.portal.dictionaries
    return DictionariesPage(tuple((code, d.title, tuple(service.entries(code))) for code, d in declared.items()))


def edit_dictionary(request) -> DictionaryPage:
    """The entries of one."""
    code = request.matchdict["code"]
    entries = request.services.get(DictionaryService).entries(code)
    values = dictionary_values(entries, request.translator(_domain(code)))
    return _dictionary_page(request, DictionaryForm(request, data=values))


def save_dictionary(request):
    """Change the entries of one."""
    service, form = request.services.get(DictionaryService), DictionaryForm(request, request.POST)
    present = service.entries(request.matchdict["code"])
    if not form.validate():
        request.response.status_int = 422
        return _dictionary_page(request, form)
    try:
        changed = service.save(request.matchdict["code"], form.value(present), request.identity, client_ip(request))
    except Invalid as error:
        refused(request, form, error)
        return _dictionary_page(request, form)
    request.flash("ok", _("${count} entries were changed", mapping={"count": changed}))
    return HTTPSeeOther(f"{DICTIONARIES}/{request.matchdict['code']}")


def _dictionary_page(request, form):
    code = request.matchdict["code"]
    return DictionaryPage(code, request.registry.portal.dictionaries[code].title, form)


def _domain(code):
    """The translation domain of the plugin that declares the dictionary."""
    return f"portal_{code.split('.')[0]}"


def includeme(config):
    """Routes, views and menu entries."""
    config.include("portal_core.places.views")
    for name, path in (
        ("core.admin.places", PLACES),
        ("core.admin.new_place", PLACES + "/new"),
        ("core.admin.place", PLACES + "/{id}"),
        ("core.admin.place.switch", PLACES + "/{id}/switch"),
        ("core.admin.dictionaries", DICTIONARIES),
        ("core.admin.dictionary", DICTIONARIES + "/{code:[a-z0-9_.]{1,64}}"),
    ):
        config.add_route(name, path)
    templates = "portal_core:templates/places/"
    may = {"permission": MANAGE_PLACES}
    one = {"renderer": templates + "admin_place.pt", **may}
    many = templates + "admin_places.pt"
    config.add_view(places, route_name="core.admin.places", request_method="GET", renderer=many, **may)
    config.add_view(new_place, route_name="core.admin.new_place", request_method="GET", **one)
    config.add_view(edit_place, route_name="core.admin.place", request_method="GET", **one)
    for route in ("core.admin.new_place", "core.admin.place"):
        config.add_view(save_place, route_name=route, request_method="POST", files=("plan",), **one)
    config.add_view(switch_place, route_name="core.admin.place.switch", request_method="POST", **may)
    may = {"permission": MANAGE_DICTIONARIES}
    one, many = {"renderer": templates + "dictionary.pt", **may}, templates + "dictionaries.pt"
    config.add_view(dictionaries, route_name="core.admin.dictionaries", request_method="GET", renderer=many, **may)
    config.add_view(edit_dictionary, route_name="core.admin.dictionary", request_method="GET", **one)
    config.add_view(save_dictionary, route_name="core.admin.dictionary", request_method="POST", **one)
    note = _("Buildings, floors and rooms with their plans, for all modules")
    config.add_admin_page("places", _("Places"), PLACES, permission=MANAGE_PLACES, group=CONTENT, order=30, note=note)
    note = _("Words to choose from, such as kinds of meetings")
    config.add_admin_page(
        "dictionaries", _("Dictionaries"), DICTIONARIES, permission=MANAGE_DICTIONARIES, group=CONTENT, order=40, note=note
    )
