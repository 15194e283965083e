"""Units: the tree, and the page of one."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPBadRequest
from wtforms.fields import SelectChoice

from portal_core.accounts.admin.common import everywhere, unit_choices
from portal_core.accounts.admin.forms import UnitForm
from portal_core.accounts.departmentadmin import DepartmentAdmin, UnitData, UnitLine
from portal_core.accounts.guard import DEPARTMENTS
from portal_core.accounts.models import Department
from portal_core.errors import Conflict, Forbidden, Invalid
from portal_core.i18n import _
from portal_core.web.answers import done, reading, refused, turned_away
from portal_core.web.params import choice_param, int_param, path_id

LIST, ONE = "portal_core:templates/accounts/admin/departments.pt", "portal_core:templates/accounts/admin/department.pt"
URL = "/admin/departments"


@dataclass(frozen=True)
class UnitsPage:
    """Context of ``departments.pt``. ``closed``: the units out of use are shown too."""

    lines: list[UnitLine]
    closed: bool


@dataclass(frozen=True)
class UnitPage:
    """Context of ``department.pt``; ``unit`` is None for a new one."""

    unit: Department | None
    form: UnitForm
    form_page: bool = True


def units(request) -> UnitsPage:
    """The tree."""
    closed = choice_param(request, "show", ("all",)) is not None
    return UnitsPage(request.services.get(DepartmentAdmin).lines(closed), closed)


def new(request) -> UnitPage:
    """The form for a unit, below the one that the address names."""
    return UnitPage(None, _form(request, None, {"parent": int_param(request, "below", low=1), "position": 100}))


def create(request):
    """Make the unit."""
    form = _form(request, None, None, request.POST)
    return _save(request, None, form)


def unit(request) -> UnitPage:
    """The page of one unit."""
    found = reading(request).get(DepartmentAdmin).get(path_id(request))
    return UnitPage(found, _form(request, found))


def update(request):
    """Rename, move, order, name the head."""
    found = reading(request).get(DepartmentAdmin).get(path_id(request))
    return _save(request, found, _form(request, found, None, request.POST))


def _save(request, found, form):
    if not form.validate():
        request.response.status_int = 422
        return UnitPage(found, form)
    data = UnitData(form.name.data, form.short_name.data, form.position.data, form.leader.data)
    service = request.services.get(DepartmentAdmin)
    try:
        if found is None:
            service.create(request.identity, data, form.parent.data)
        else:
            service.update(request.identity, service.get(found.id), data, form.parent.data, form.version.seen)
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return UnitPage(found, form)
    return done(request, URL, _("Saved."))


def act(request):
    """Take a unit out of use, or into use again."""
    act = choice_param(request, "act", ("deactivate", "reactivate"))
    if act is None:
        raise HTTPBadRequest()
    service = request.services.get(DepartmentAdmin)
    found = service.get(path_id(request))
    try:
        getattr(service, act)(request.identity, found)
    except (Invalid, Conflict) as error:
        return turned_away(request, f"{URL}/{found.id}", error)
    return done(request, URL, _("The unit is out of use.") if act == "deactivate" else _("The unit is in use again."))


def _form(request, found, values=None, post=None):
    service = reading(request).get(DepartmentAdmin)
    if found is not None:
        values = {name: getattr(found, name) for name in ("name", "short_name", "position")}
        values |= {"parent": found.parent_id, "leader": service.leader_login(found), "version": str(found.version)}
    form = UnitForm(request, post, data=values)
    top = SelectChoice("", request.translator()(_("None, it stands at the top")))
    form.parent.choices = [top, *unit_choices(service.parents(found))]
    return form


def includeme(config):
    """Routes and views."""
    config.add_route("core.departments", URL)
    config.add_route("core.departments.new", URL + "/new")
    config.add_route("core.department", URL + "/{id}")
    config.add_route("core.department.act", URL + "/{id}/act")
    may = everywhere(DEPARTMENTS)
    config.add_view(units, route_name="core.departments", request_method="GET", renderer=LIST, **may)
    config.add_view(new, route_name="core.departments.new", request_method="GET", renderer=ONE, **may)
    config.add_view(create, route_name="core.departments.new", request_method="POST", renderer=ONE, **may)
    config.add_view(unit, route_name="core.department", request_method="GET", renderer=ONE, **may)
    config.add_view(update, route_name="core.department", request_method="POST", renderer=ONE, **may)
    config.add_view(act, route_name="core.department.act", request_method="POST", **may)
