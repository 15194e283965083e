"""Who may do what in a room: the rights that are granted in its scope, on top of what roles may do everywhere."""

from dataclasses import dataclass
from typing import Any

from wtforms.fields import SelectChoice

from portal_core.api import (
    AccountService,
    Conflict,
    DepartmentService,
    Forbidden,
    Invalid,
    RightsService,
    choice_param,
    int_param,
    reading,
    refused,
)
from portal_meetings import permissions
from portal_meetings.forms.admin import RightForm
from portal_meetings.i18n import _
from portal_meetings.services.rooms import SCOPED_RIGHTS, RoomService
from portal_meetings.views.admin.common import Tab, done, room_of, tabs_of, url_of
from portal_meetings.views.common import translator

SUBJECTS = (
    ("user", _("A person")),
    ("department", _("A unit and those below")),
    ("role", _("A role")),
    ("everyone", _("Everyone")),
)


@dataclass(frozen=True)
class Line:
    """A right that was granted."""

    permission: str
    title: Any
    subject: Any


@dataclass(frozen=True)
class RightsPage:
    """Context of ``admin/rights.pt``."""

    room: Any
    tabs: list[Tab]
    lines: list[Line]
    form: RightForm


def show(request):
    """The rights and the form for one more."""
    return _page(request, _form(request))


def grant(request):
    """A right is granted."""
    form = _form(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, form)
    try:
        room = room_of(request, request.services)
        request.services.get(RoomService).grant(room, request.identity, form.permission.data, **_subject(request, form))
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return _page(request, form)
    return done(request, url_of(room, "/rights"), _("The right has been granted."))


def revoke(request):
    """A right is taken back."""
    room = room_of(request, request.services)
    kind = choice_param(request, "kind", dict(SUBJECTS), "everyone")
    subject = {"everyone": True} if kind == "everyone" else {f"{kind}_id": int_param(request, "subject", 0)}
    permission = choice_param(request, "permission", SCOPED_RIGHTS, "")
    request.services.get(RoomService).revoke(room, request.identity, permission, **subject)
    return done(request, url_of(room, "/rights"), _("The right has been taken back."))


def _subject(request, form):
    """The subject that the form names, as keyword of the rights service; Invalid when it does not exist."""
    match form.subject.data:
        case "everyone":
            return {"everyone": True}
        case "department":
            if form.department.data not in {choice.value for choice in form.department.choices}:
                raise Invalid(fields={"department": _("Please choose from the list")})
            return {"department_id": form.department.data}
        case "role":
            role = request.services.get(RightsService).role(form.role.data or "")
            if role is None:
                raise Invalid(fields={"role": _("Please choose from the list")})
            return {"role_id": role.id}
    user = request.services.get(AccountService).find(form.login.data or "")
    if user is None or not user.active:
        raise Invalid(fields={"login": _("There is no user with this name")})
    return {"user_id": user.id}


def _form(request, post=None):
    services, translate = reading(request), translator(request)
    form = RightForm(request, post, data={"subject": "user"})
    declared = request.registry.portal.permissions
    form.permission.choices = [SelectChoice(name, translate(declared[name].title)) for name in SCOPED_RIGHTS]
    form.subject.choices = [SelectChoice(code, translate(title)) for code, title in SUBJECTS]
    tree = services.get(DepartmentService).tree()
    form.department.choices = [SelectChoice(d.id, d.indented) for d in tree]
    form.role.choices = [SelectChoice(role.code, role.title) for role in services.get(RightsService).roles()]
    return form


def _page(request, form):
    services = reading(request)
    room = room_of(request, services)
    declared = request.registry.portal.permissions
    rights = services.get(RoomService).rights(room)
    lines = [Line(name, declared[name].title, subject) for name, subjects in rights.items() for subject in subjects]
    return RightsPage(room, tabs_of(room, "/rights"), lines, form)


def includeme(config):
    """Routes and views."""
    page = {"permission": permissions.MANAGE_ROOM, "renderer": "portal_meetings:templates/admin/rights.pt"}
    config.add_route("meetings.admin.rights", "/meetings/admin/rooms/{id}/rights")
    config.add_view(show, route_name="meetings.admin.rights", request_method="GET", **page)
    config.add_view(grant, route_name="meetings.admin.rights", request_method="POST", **page)
    config.add_route("meetings.admin.revoke", "/meetings/admin/rooms/{id}/rights/revoke")
    config.add_view(revoke, route_name="meetings.admin.revoke", request_method="POST", permission=permissions.MANAGE_ROOM)
