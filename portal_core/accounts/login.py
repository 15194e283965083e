"""The login page, its riddles, and the way out."""

from dataclasses import dataclass
from urllib.parse import urlencode

from pyramid.csrf import check_csrf_token
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from portal_core.accounts.addresses import client_ip, local_path
from portal_core.accounts.authentication import Authenticator, Credentials, Outcome
from portal_core.accounts.captchas import KEY, PICTURE, TEXT, Captchas, Riddle
from portal_core.accounts.cookies import CSRF_COOKIE, SESSION_COOKIE, delete_cookie, set_cookie
from portal_core.accounts.forms import LoginForm
from portal_core.accounts.policy import redirect
from portal_core.accounts.queries import live_session
from portal_core.accounts.sessions import SessionService, hash_token
from portal_core.accounts.throttle import Throttle, normal_login
from portal_core.audit.services import AuditService
from portal_core.i18n import _
from portal_core.security.expiry import warning_days
from portal_core.security.steps import COOKIE as STEP_COOKIE
from portal_core.security.steps import LIFETIME

LOGIN_TEMPLATE = "portal_core:templates/accounts/login.pt"
LOGOUT_TEMPLATE = "portal_core:templates/accounts/logout.pt"
# Pages that would lead straight back to the login.
_NO_GOAL = ("/login", "/logout")

_REFUSED = _(
    "User name or password is wrong, or the account cannot be used. After ${count} failures it is locked for ${minutes} minutes."
)
_MESSAGES = {
    Outcome.CAPTCHA_MISSING: _("Please also answer the verification question."),
    Outcome.CAPTCHA_WRONG: _("The verification code was wrong or too old. Please try the new one."),
    Outcome.NETWORK_REFUSED: _("Too many failed logins from your network. Please wait some minutes."),
}
_STATUS = {Outcome.NETWORK_REFUSED: 429}


@dataclass(frozen=True)
class LoginPage:
    """Context of the login page. ``riddle`` is None until one is asked for; ``message`` says why the last try failed."""

    form: LoginForm
    riddle: Riddle | None
    message: str | None = None


def goal_of(target):
    """Where to go after the login: ``target`` when it is a page of this site and not the login itself, else the home page."""
    path = local_path(target)
    return "/" if path.split("?")[0].rstrip("/") in _NO_GOAL else path


def show_login(request):
    """The empty form; ``?captcha=text`` or ``picture`` shows a riddle at once, in that form."""
    goal = goal_of(request.GET.get("next"))
    if request.identity is not None:
        return redirect(request, goal)
    mode = request.GET.get("captcha")
    return _page(request, LoginForm(request, data={"next": goal}), mode if mode in (PICTURE, TEXT) else None)


def log_in(request):
    """Check the credentials; open a session and go on, or show the form again.

    CSRF is checked here and not by Pyramid, because a second tab whose person has meanwhile logged in holds an old token: it
    is sent on without looking at what it posted.
    """
    if request.identity is not None:
        return redirect(request, goal_of(request.POST.get("next")))
    check_csrf_token(request)
    form = LoginForm(request, request.POST)
    if request.POST.get("riddle") in (PICTURE, TEXT):
        # The buttons for another picture or for the other kind of riddle; what was typed stays, except the password.
        return _again(request, form, mode=request.POST["riddle"])
    if not form.validate():
        request.response.status_int = 422
        return _again(request, form)
    return _attempt(request, form)


def _attempt(request, form):
    credentials = Credentials(form.username.data, form.password.data, form.captcha_key.data, form.captcha.data)
    authenticator = Authenticator(request.registry.portal)
    outcome, token = authenticator.login(credentials, client_ip(request), request.user_agent or "")
    if outcome is Outcome.CODE_ASKED:
        response = redirect(request, f"/login/code?{urlencode({'next': goal_of(form.next.data)})}")
        set_cookie(request, response, STEP_COOKIE, token, max_age=int(LIFETIME.total_seconds()))
        return response
    if outcome is not Outcome.OPEN:
        request.response.status_int = _STATUS.get(outcome, 422)
        return _again(request, form, message=_MESSAGES.get(outcome) or _refused(request))
    return admit(request, token, goal_of(form.next.data))


def admit(request, token, goal):
    """The answer to a login that succeeded: the session's cookie, and the way to ``goal``, a path of this site."""
    _warn_of_expiry(request, token)
    response = redirect(request, goal)
    set_cookie(request, response, SESSION_COOKIE, token)
    delete_cookie(response, CSRF_COOKIE)
    return response


def _warn_of_expiry(request, token):
    """Tell people whose password expires soon, on the first page after the login."""
    portal = request.registry.portal
    now = portal.clock.now()
    live = live_session(request.reader, portal.settings, hash_token(token), now)
    left = warning_days(live.person.password_changed, now, portal.settings) if live else None
    if left is not None:
        request.flash("warn", _("Your password must be changed within ${count} days.", mapping={"count": left}))


def _refused(request):
    settings = request.registry.portal.settings
    return _REFUSED % {"count": settings["portal.login_lock_after"], "minutes": settings["portal.login_lock_minutes"]}


def _again(request, form, mode=None, message=None):
    """The form with what was typed, and a riddle if one is wanted or needed for the next try."""
    portal = request.registry.portal
    login = normal_login(form.username.data or "")
    if mode is None and Throttle(portal).asks_captcha(login, client_ip(request)):
        mode = TEXT if form.captcha_mode.data == TEXT else PICTURE
    # An answer belongs to the riddle that is now used up.
    form.captcha.data = ""
    form.next.data = goal_of(form.next.data)
    return _page(request, form, mode, message)


def _page(request, form, mode, message=None):
    """The login page, with a new riddle of the kind ``mode`` if that is not None."""
    if mode is None:
        return LoginPage(form, None, message)
    # The star at the field; whether an answer is needed is decided when the form is sent.
    form.captcha.flags.required = True
    return LoginPage(form, Captchas(request.registry.portal).new(mode), message)


def captcha_picture(request):
    """The picture of a riddle as PNG; every fetch draws new letters."""
    key = request.GET.get("key", "")
    if not KEY.fullmatch(key):
        return HTTPNotFound()
    response = Response(Captchas(request.registry.portal).picture(key), content_type="image/png")
    response.cache_control = "no-store"
    return response


def ask_logout(request):
    """A page with the button, for those who type the address: a link must not be able to log people out."""
    return {} if request.identity is not None else redirect(request, "/login")


def log_out(request):
    """End the session on the server and forget the cookie. Without a session there is nothing to protect and nothing to do."""
    if request.identity is not None:
        check_csrf_token(request)
        request.services.get(SessionService).end(request.identity.session_id, request.identity.user_id)
        request.services.get(AuditService).record(request.identity, "core.logout", "core.user", request.identity.user_id)
    response = redirect(request, "/login")
    delete_cookie(response, SESSION_COOKIE)
    return response


def includeme(config):
    """Routes and views that work without a login."""
    config.add_route("login", "/login")
    config.add_route("login.captcha", "/login/captcha")
    config.add_route("logout", "/logout")
    free = {"permission": NO_PERMISSION_REQUIRED}
    config.add_view(show_login, route_name="login", request_method="GET", renderer=LOGIN_TEMPLATE, **free)
    config.add_view(log_in, route_name="login", request_method="POST", renderer=LOGIN_TEMPLATE, require_csrf=False, **free)
    config.add_view(captcha_picture, route_name="login.captcha", request_method="GET", **free)
    config.add_view(ask_logout, route_name="logout", request_method="GET", renderer=LOGOUT_TEMPLATE, **free)
    config.add_view(log_out, route_name="logout", request_method="POST", require_csrf=False, **free)
