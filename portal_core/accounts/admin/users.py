"""Users: the list, a person's page, new accounts, and what can be done with one."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.renderers import render_to_response
from wtforms.fields import SelectChoice

from portal_core.accounts.admin.common import address, everywhere, unit_choices, units_of
from portal_core.accounts.admin.forms import UserForm
from portal_core.accounts.guard import ROLES, SESSIONS, USERS
from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.accounts.services import AccountService, state_of
from portal_core.accounts.userlist import STATES, UserFilter, UserList, UserPage
from portal_core.accounts.users import HeldRole, UserService
from portal_core.errors import Conflict, Forbidden, Invalid
from portal_core.i18n import _
from portal_core.security.factors import SecondFactorService
from portal_core.web.answers import done, reading, refused, turned_away
from portal_core.web.params import choice_param, int_param, path_id, text_param

LIST, ONE, NEW = (f"portal_core:templates/accounts/admin/{name}.pt" for name in ("users", "user", "user_new"))
PASSWORD = "portal_core:templates/accounts/admin/password.pt"  # noqa: S105 - a template
ACTS = ("reset", "unlock", "deactivate", "reactivate", "sessions", "factor")


@dataclass(frozen=True)
class UsersPage:
    """Context of ``users.pt``."""

    wanted: UserFilter
    page: UserPage
    units: list
    roles: list
    states: tuple
    prev_url: str | None
    next_url: str | None


@dataclass(frozen=True)
class OneUserPage:
    """Context of ``user.pt``. ``waiting`` to-dos are in the way of closing; the ``may_`` say which parts the reader gets."""

    person: User
    state: Any
    tone: str
    form: UserForm
    held: list[HeldRole]
    waiting: int
    may_roles: bool
    may_sessions: bool
    may_touch: bool
    has_factor: bool
    myself: bool


@dataclass(frozen=True)
class NewUserPage:
    """Context of ``user_new.pt``."""

    form: UserForm
    form_page: bool = True


@dataclass(frozen=True)
class PasswordPage:
    """Context of ``password.pt``: the initial password, shown this once."""

    person: User
    password: str
    made: bool


def users(request) -> UsersPage:
    """The list with its filters."""
    services = reading(request)
    units, roles = units_of(request), services.get(RightsService).roles()
    wanted = UserFilter(
        text_param(request, "q", 40),
        int_param(request, "unit", low=1),
        choice_param(request, "role", {role.code for role in roles}, ""),
        choice_param(request, "state", STATES, ""),
    )
    page = services.get(UserList).page(wanted, text_param(request, "after", 64), text_param(request, "before", 64))
    filters = {"q": wanted.text, "unit": wanted.department_id, "role": wanted.role, "state": wanted.state}
    prev_url = address("/admin/users", **filters, before=page.before) if page.before else None
    next_url = address("/admin/users", **filters, after=page.after) if page.after else None
    states = tuple((code, title) for code, (title, _tone) in STATES.items())
    return UsersPage(wanted, page, units, roles, states, prev_url, next_url)


def new_user(request) -> NewUserPage:
    """The empty form."""
    return NewUserPage(_form(request, None))


def create(request):
    """Make the account and show its password, on this answer only: no address and no log ever holds it."""
    form = _form(request, None, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return NewUserPage(form)
    initial = AccountService(reading(request)).prepare(form.login.data)
    try:
        user = request.services.get(UserService).create(request.identity, form.login.data, form.value(), initial)
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return NewUserPage(form)
    return _show_password(request, user, initial.text, made=True)


def user(request) -> OneUserPage:
    """A person's page."""
    return _page(request)


def update(request):
    """Change the person's data."""
    found = reading(request).get(UserService).get(path_id(request))
    form = _form(request, found, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, form=form)
    service = request.services.get(UserService)
    try:
        service.update(request.identity, service.get(found.id), form.value(), form.version.seen)
    except (Invalid, Conflict, Forbidden) as error:
        refused(request, form, error)
        return _page(request, form=form)
    return done(request, _url(found.id), _("Saved."))


def act(request):
    """One of ``ACTS``."""
    user_id, act = path_id(request), choice_param(request, "act", ACTS)
    if act is None:
        raise HTTPBadRequest()
    found = reading(request).get(UserService).get(user_id)
    # Slow, and so before the writing transaction begins.
    initial = AccountService(reading(request)).prepare(found.login) if act in ("reset", "reactivate") else None
    try:
        message = _perform(request, act, user_id, initial)
    except (Conflict, Forbidden) as error:
        return _act_refused(request, act, found, error)
    if initial is not None:
        return _show_password(request, found, initial.text, made=False)
    return done(request, _url(user_id), message)


def _perform(request, act, user_id, initial):
    service, actor = request.services.get(UserService), request.identity
    user = service.get(user_id)
    match act:
        case "reset":
            return service.reset_password(actor, user, initial)
        case "reactivate":
            return service.reactivate(actor, user, initial)
        case "unlock":
            service.unlock(actor, user)
            return _("The account is unlocked.")
        case "deactivate":
            service.deactivate(actor, user)
            return _("The account is deactivated and its sessions are ended.")
        case "factor":
            service.remove_second_factor(actor, user)
            return _("The second factor is removed.")
    service.end_sessions(actor, user)
    return _("The sessions are ended.")


def _act_refused(request, act, user, error):
    if act == "deactivate" and isinstance(error, Conflict):
        services = reading(request)
        if services.get(UserService).waiting(user):
            return turned_away(request, f"/admin/handover?user={user.id}", error)
    return turned_away(request, _url(user.id), error)


def _show_password(request, user, password, made):
    response = render_to_response(PASSWORD, PasswordPage(user, password, made), request=request)
    response.cache_control = "no-store"
    return response


def _url(user_id):
    return f"/admin/users/{user_id}"


def _form(request, user, post=None):
    values = {}
    if user is not None:
        further = [unit.id for unit in reading(request).get(UserService).further(user)]
        values = {name: getattr(user, name) for name in ("name", "phone", "email")}
        values |= {"department": user.department_id, "further": further, "version": str(user.version)}
    form = UserForm(request, post, data=values)
    if user is not None:
        del form.login
    units = units_of(request)
    form.department.choices = [SelectChoice("", request.translator()(_("Please choose"))), *unit_choices(units)]
    form.further.choices = [SelectChoice(unit.id, unit.name) for unit in units]
    return form


def _page(request, form=None):
    services, identity = reading(request), request.identity
    service = services.get(UserService)
    user = service.get(path_id(request))
    state, tone = STATES[state_of(user, services.clock.now())]
    return OneUserPage(
        person=user,
        state=state,
        tone=tone,
        form=form or _form(request, user),
        held=service.roles(user),
        waiting=service.waiting(user),
        may_roles=identity.may(ROLES),
        may_sessions=identity.may(SESSIONS),
        may_touch=service.guard.may_touch(identity, user.id),
        has_factor=services.get(SecondFactorService).enrolled(user.id),
        myself=user.id == identity.user_id,
    )


def includeme(config):
    """Routes and views."""
    config.add_route("core.users", "/admin/users")
    config.add_route("core.users.new", "/admin/users/new")
    config.add_route("core.user", "/admin/users/{id}")
    config.add_route("core.user.act", "/admin/users/{id}/act")
    may = everywhere(USERS)
    config.add_view(users, route_name="core.users", request_method="GET", renderer=LIST, **may)
    config.add_view(new_user, route_name="core.users.new", request_method="GET", renderer=NEW, **may)
    config.add_view(create, route_name="core.users.new", request_method="POST", renderer=NEW, **may)
    config.add_view(user, route_name="core.user", request_method="GET", renderer=ONE, **may)
    config.add_view(update, route_name="core.user", request_method="POST", renderer=ONE, **may)
    config.add_view(act, route_name="core.user.act", request_method="POST", **may)
