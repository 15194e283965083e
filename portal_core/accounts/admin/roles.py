"""Roles with what they carry and who holds them, direct grants, and what one person may do and why."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest
from wtforms.fields import SelectChoice

from portal_core.accounts import officers
from portal_core.accounts.admin.common import address, everywhere
from portal_core.accounts.admin.forms import NewRoleForm, RoleForm, RoleGrantForm
from portal_core.accounts.guard import ROLES
from portal_core.accounts.identity import ALL, REACHES
from portal_core.accounts.models import Role, User
from portal_core.accounts.rights import RightsService
from portal_core.accounts.roles import GrantLine, Holder, Reason, RoleLine, RoleService
from portal_core.accounts.services import AccountService
from portal_core.accounts.users import HeldRole, UserService
from portal_core.errors import Conflict, Forbidden, Invalid
from portal_core.i18n import _
from portal_core.web.answers import done, reading, refused, turned_away
from portal_core.web.params import choice_param, int_param, path_id, text_param

TEMPLATE = "portal_core:templates/accounts/admin/{}.pt"
REACH_TITLES = {
    "all": _("All data"),
    "tree": _("Own units and those below"),
    "department": _("Own units"),
    "own": _("Only one's own"),
}


@dataclass(frozen=True)
class RolesPage:
    """Context of ``roles.pt``. ``joining`` are people whose rights of administration count for nothing, see ``officers``."""

    lines: list[RoleLine]
    joining: list[str]
    separated: bool


@dataclass(frozen=True)
class NewRolePage:
    """Context of ``role_new.pt``."""

    form: NewRoleForm
    form_page: bool = True


@dataclass(frozen=True)
class Cell:
    """A permission in the matrix: how far it may reach here and how far the role takes it, empty for not at all."""

    name: str
    title: Any
    choices: tuple
    reach: str


@dataclass(frozen=True)
class Block:
    """The permissions of one plugin."""

    title: Any
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class RolePage:
    """Context of ``role.pt``."""

    role: Role
    form: RoleForm
    blocks: list[Block]
    holders: list[Holder]
    next_url: str | None
    form_page: bool = True


@dataclass(frozen=True)
class GrantsPage:
    """Context of ``grants.pt``."""

    lines: list[GrantLine]
    permission: str
    login: str
    permissions: dict
    next_url: str | None


@dataclass(frozen=True)
class RightsPage:
    """Context of ``rights.pt``: what one person may do and why; ``person`` is None until one was looked up."""

    person: User | None
    login: str
    held: list[HeldRole]
    reasons: list[Reason]
    reaches: dict
    form: RoleGrantForm | None
    myself: bool
    lost: bool


def roles(request) -> RolesPage:
    """All roles."""
    services = reading(request)
    rights = services.get(RightsService)
    joining = [user.name for user in rights.people(rights.joining_areas())]
    separated = request.registry.portal.settings[officers.SETTING]
    return RolesPage(services.get(RoleService).lines(), joining, separated)


def new_role(request) -> NewRolePage:
    """The empty form."""
    return NewRolePage(NewRoleForm(request))


def create_role(request):
    """Make the role and go on to what it carries."""
    form = NewRoleForm(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return NewRolePage(form)
    try:
        role = request.services.get(RoleService).create(request.identity, form.code.data, form.title.data)
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return NewRolePage(form)
    return done(request, f"/admin/roles/{role.id}", _("The role has been made. Now say what it may do."))


def role(request) -> RolePage:
    """What the role carries, and who holds it."""
    services = reading(request)
    found = services.get(RoleService).get(path_id(request))
    form = RoleForm(request, data={"title": found.title, "version": str(found.version)})
    return _role_page(request, found, form, services.get(RoleService).reaches(found))


def update_role(request):
    """Set what the role carries."""
    found = reading(request).get(RoleService).get(path_id(request))
    form = RoleForm(request, request.POST)
    names = request.registry.portal.permissions
    wanted = {name: choice_param(request, f"p.{name}", REACHES, "") for name in names}
    wanted = {name: reach for name, reach in wanted.items() if reach}
    if not form.validate():
        request.response.status_int = 422
        return _role_page(request, found, form, wanted)
    service = request.services.get(RoleService)
    try:
        service.update(request.identity, service.get(found.id), form.title.data, wanted, form.version.seen)
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return _role_page(request, found, form, wanted)
    return done(request, f"/admin/roles/{found.id}", _("Saved."))


def grants(request) -> GrantsPage:
    """Direct grants, by permission or person."""
    permissions = request.registry.portal.permissions
    permission = choice_param(request, "permission", permissions, "")
    login = text_param(request, "login", 64)
    lines, key = reading(request).get(RoleService).grants(permission, login, int_param(request, "before", low=1))
    next_url = address("/admin/grants", permission=permission, login=login, before=key) if key else None
    return GrantsPage(lines, permission, login, permissions, next_url)


def revoke(request):
    """Take back one direct grant."""
    try:
        request.services.get(RoleService).revoke(request.identity, path_id(request))
    except Conflict as error:
        return turned_away(request, "/admin/grants", error)
    return done(request, "/admin/grants", _("The right has been taken back."))


def find_rights(request) -> RightsPage:
    """Look somebody up by user name."""
    login = text_param(request, "login", 64)
    found = reading(request).get(AccountService).find(login) if login else None
    return _rights_page(request, found, login)


def rights(request) -> RightsPage:
    """What this person may do and why."""
    return _rights_page(request, reading(request).get(UserService).get(path_id(request)))


def assign(request):
    """Give the person a role."""
    found = reading(request).get(UserService).get(path_id(request))
    form = _grant_form(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _rights_page(request, found, form=form)
    service = request.services.get(UserService)
    try:
        service.assign(request.identity, service.get(found.id), form.role.data, form.scope.data)
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return _rights_page(request, found, form=form)
    return done(request, f"/admin/rights/{found.id}", _("The role has been given."))


def unassign(request):
    """Take a role from the person."""
    user_id, service = path_id(request), request.services.get(UserService)
    code, scope = text_param(request, "role", 64), text_param(request, "scope", 64)
    if not code:
        raise HTTPBadRequest()
    try:
        service.unassign(request.identity, service.get(user_id), code, scope)
    except (Conflict, Forbidden) as error:
        return turned_away(request, f"/admin/rights/{user_id}", error)
    return done(request, f"/admin/rights/{user_id}", _("The role has been taken back."))


def _role_page(request, found, form, reaches):
    holders, key = reading(request).get(RoleService).holders(found, int_param(request, "after", 0))
    next_url = f"/admin/roles/{found.id}?after={key}" if key else None
    return RolePage(found, form, _blocks(request.registry.portal, reaches), holders, next_url)


def _blocks(portal, reaches):
    """The matrix: the core's permissions, then each plugin's."""
    titles = {"core": _("The portal itself"), **{plugin.name: plugin.info.title for plugin in portal.plugins.loaded}}
    cells: dict[str, list[Cell]] = {}
    for name, permission in portal.permissions.items():
        possible = REACHES if permission.reaches else (ALL,)
        choices = tuple((code, REACH_TITLES[code]) for code in possible)
        cells.setdefault(name.split(":")[0], []).append(Cell(name, permission.title, choices, reaches.get(name, "")))
    return [Block(titles.get(owner, owner), tuple(some)) for owner, some in cells.items()]


def _grant_form(request, post=None):
    form = RoleGrantForm(request, post)
    choices = [SelectChoice(role.code, role.title) for role in reading(request).get(RightsService).roles()]
    form.role.choices = [SelectChoice("", request.translator()(_("Please choose"))), *choices]
    return form


def _rights_page(request, found, login="", form=None):
    services = reading(request)
    if found is None:
        return RightsPage(None, login, [], [], REACH_TITLES, None, False, False)
    myself = found.id == request.identity.user_id
    return RightsPage(
        person=found,
        login=found.login,
        held=services.get(UserService).roles(found),
        reasons=services.get(RoleService).reasons(found),
        reaches=REACH_TITLES,
        form=None if myself else form or _grant_form(request),
        myself=myself,
        lost=found.id in services.get(RightsService).joining_areas(),
    )


def includeme(config):
    """Routes and views."""
    may = everywhere(ROLES)
    for name, url in (
        ("core.roles", "/admin/roles"),
        ("core.roles.new", "/admin/roles/new"),
        ("core.role", "/admin/roles/{id}"),
        ("core.grants", "/admin/grants"),
        ("core.grant.revoke", "/admin/grants/{id}/revoke"),
        ("core.rights", "/admin/rights"),
        ("core.user.rights", "/admin/rights/{id}"),
        ("core.user.role.remove", "/admin/rights/{id}/remove"),
    ):
        config.add_route(name, url)
    for view, name, method, template in (
        (roles, "core.roles", "GET", "roles"),
        (new_role, "core.roles.new", "GET", "role_new"),
        (create_role, "core.roles.new", "POST", "role_new"),
        (role, "core.role", "GET", "role"),
        (update_role, "core.role", "POST", "role"),
        (grants, "core.grants", "GET", "grants"),
        (find_rights, "core.rights", "GET", "rights"),
        (rights, "core.user.rights", "GET", "rights"),
        (assign, "core.user.rights", "POST", "rights"),
    ):
        config.add_view(view, route_name=name, request_method=method, renderer=TEMPLATE.format(template), **may)
    config.add_view(revoke, route_name="core.grant.revoke", request_method="POST", **may)
    config.add_view(unassign, route_name="core.user.role.remove", request_method="POST", **may)
