"""One's own account: password, sessions, appearance."""

from dataclasses import dataclass
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from portal_core.accounts.addresses import client_ip, local_path, referring_path
from portal_core.accounts.forms import PasswordForm
from portal_core.accounts.identity import Identity
from portal_core.accounts.policy import AUTHENTICATED, FACTOR_PAGE, PASSWORD_PAGE, redirect
from portal_core.accounts.profile import ProfileService
from portal_core.accounts.services import AccountService
from portal_core.accounts.sessions import OpenSession, SessionService
from portal_core.accounts.throttle import Throttle
from portal_core.audit.services import AuditService
from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.security.factors import SecondFactorService
from portal_core.web.params import choice_param, path_id

YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class PasswordPage:
    """Context of the password page. ``forced``: the initial password must be changed before anything else."""

    form: PasswordForm
    forced: bool
    form_page: bool = True


@dataclass(frozen=True)
class Link:
    """A page of one's own settings."""

    title: Any
    url: str
    note: Any
    icon: str


@dataclass(frozen=True)
class MyPage:
    """Context of the personal page."""

    person: Identity
    email: str
    further_units: list[str]
    links: tuple[Link, ...]
    sessions: list[OpenSession]


LINKS = (
    Link(_("Password"), PASSWORD_PAGE, _("Change it when somebody may have seen it"), "key"),
    Link(_("Second factor"), FACTOR_PAGE, _("A code from your phone beside the password"), "shield-lock"),
    Link(_("Delegation"), "/account/delegations", _("Who handles your to-dos while you are away"), "switch-horizontal"),
    Link(_("Frequent phrases"), "/account/phrases", _("Opinions that you write again and again"), "message"),
    Link(_("Message settings"), "/account/notifications", _("What is sent to you where, and when it is quiet"), "bell"),
)


def me(request):
    """Who I am here, and where I am logged in."""
    person = request.identity
    profile = request.services.get(ProfileService)
    sessions = request.services.get(SessionService).open_sessions(person.user_id, person.session_id)
    # While second factors are not in use, their page does not exist.
    off = not request.services.get(SecondFactorService).on
    links = tuple(link for link in LINKS if not (off and link.url == FACTOR_PAGE))
    return MyPage(person, profile.email(person), profile.further_units(person), links, sessions)


def end_session(request):
    """End one of one's sessions; ending the present one is logging out."""
    person, session_id = request.identity, path_id(request)
    request.services.get(SessionService).end(session_id, person.user_id)
    if session_id == person.session_id:
        return redirect(request, "/login")
    request.flash("ok", _("That login was ended."))
    return redirect(request, "/me")


def end_other_sessions(request):
    """End all of one's sessions but the present one."""
    person = request.identity
    ended = request.services.get(SessionService).end_all(person.user_id, keep=person.session_id)
    request.flash("ok", _("Other logins ended: ${count}", mapping={"count": ended}))
    return redirect(request, "/me")


def show_password(request):
    """The form for a new password."""
    return PasswordPage(PasswordForm(request), request.identity.must_change_password)


def change_password(request):
    """Change one's own password. Wrong current ones count as failed logins: a borrowed browser is no way to guess it."""
    person, form = request.identity, PasswordForm(request, request.POST)
    valid = form.validate()
    if valid and form.new.data != form.repeat.data:
        form.repeat.errors = [request.translator()(_("The two new passwords differ."))]
        valid = False
    if not valid or not _changed(request, form):
        request.response.status_int = 422
        return PasswordPage(form, person.must_change_password)
    request.services.get(AuditService).record(person, "core.password_changed", "core.user", person.user_id, ip=client_ip(request))
    request.flash("ok", _("Your password was changed. Your other logins have ended."))
    return redirect(request, "/")


def _changed(request, form):
    """Change the password under the throttle's eyes; False with messages in ``form`` when it was refused."""
    person, throttle = request.identity, Throttle(request.registry.portal)
    attempt = throttle.begin(person.login, client_ip(request))
    if attempt.locked:
        throttle.excuse(attempt)
        form.current.errors = [request.translator()(_("Too many failures. Please wait, then try again."))]
        return False
    try:
        request.services.get(AccountService).change_password(person.user_id, form.current.data, form.new.data, person.session_id)
    except Invalid as error:
        request.roll_back()
        form.add_errors(error)
        if "current" in error.fields:
            throttle.fail(attempt)
            return False
        # The current one was right. A transaction of its own, because this request will be answered with an error.
        with request.registry.portal.database.writing() as session:
            throttle.succeed(attempt, session)
        return False
    throttle.succeed(attempt, request.db)
    return True


def set_appearance(request):
    """Remember colours (``mode``) and size of text (``large``) in this browser, and go back to where the choice was made."""
    mode = choice_param(request, "mode", ("light", "dark", "auto"))
    large = choice_param(request, "large", ("0", "1"))
    response = redirect(request, local_path(request.POST.get("next"), referring_path(request)))
    secure = request.registry.portal.settings["portal.secure_cookies"]
    for name, value in (("mode", mode), ("large", large)):
        if value is not None:
            response.set_cookie(name, value, max_age=YEAR, path="/", httponly=True, samesite="Lax", secure=secure)
    return response


def includeme(config):
    """Routes and views of the login and of one's own account."""
    config.include("portal_core.accounts.login")
    config.include("portal_core.accounts.profile")
    config.add_route("me", "/me")
    config.add_route("account.password", PASSWORD_PAGE)
    config.add_route("account.appearance", "/account/appearance")
    config.add_route("account.sessions.end_others", "/account/sessions/end-others")
    config.add_route("account.session.end", "/account/sessions/{id}/end")
    mine = {"permission": AUTHENTICATED}
    page = {"renderer": "portal_core:templates/accounts/password.pt", "initial_password_allowed": True, **mine}
    config.add_view(show_password, route_name="account.password", request_method="GET", **page)
    config.add_view(change_password, route_name="account.password", request_method="POST", **page)
    config.add_view(me, route_name="me", request_method="GET", renderer="portal_core:templates/accounts/me.pt", **mine)
    config.add_view(end_other_sessions, route_name="account.sessions.end_others", request_method="POST", **mine)
    config.add_view(end_session, route_name="account.session.end", request_method="POST", **mine)
    config.add_view(set_appearance, route_name="account.appearance", request_method="POST", permission=NO_PERMISSION_REQUIRED)
