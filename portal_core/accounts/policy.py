"""Who asks, and whether they may: Pyramid's security policy over server-side sessions.

Every view needs a login unless it says ``permission=NO_PERMISSION_REQUIRED``, so a forgotten permission closes a page instead
of opening it. A person with an initial password gets no further than the page that changes it, whatever the method.
"""

import datetime as dt
from dataclasses import replace
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.interfaces import ISecurityPolicy
from pyramid.renderers import render_to_response
from pyramid.request import RequestLocalCache
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED, Allowed, Denied
from pyramid.viewderivers import INGRESS
from zope.interface import implementer

from portal_core.accounts.addresses import path_on_this_host
from portal_core.accounts.cookies import SESSION_COOKIE
from portal_core.accounts.models import SessionRow
from portal_core.accounts.officers import restrained
from portal_core.accounts.queries import administers, identity_of_session, live_session
from portal_core.accounts.sessions import TOKEN, hash_token
from portal_core.accounts.standins import stand_ins
from portal_core.security.expiry import has_expired
from portal_core.security.factors import SecondFactorService, needs
from portal_core.services import Services

AUTHENTICATED = "authenticated"
PASSWORD_PAGE = "/account/password"  # noqa: S105 - a path, not a password
FACTOR_PAGE = "/account/second-factor"
LOGIN_PAGE = "/login"
SEEN_EVERY = dt.timedelta(minutes=1)

log = structlog.get_logger("portal.accounts")


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """See the module. Permissions are names; whether they hold for the object at hand is the service's question."""

    def __init__(self):
        self._identities = RequestLocalCache(load_identity)

    def identity(self, request):
        """The ``Identity`` behind the request, or None; loaded once."""
        return self._identities.get_or_create(request)

    def authenticated_userid(self, request):
        """The user's id, or None."""
        identity = self.identity(request)
        return identity.user_id if identity else None

    def permits(self, request, context, permission):
        """``authenticated`` asks for a login, any other name for that permission in at least one scope."""
        identity = self.identity(request)
        if identity is None:
            return Denied("no live session")
        if permission == AUTHENTICATED or identity.may_somewhere(permission):
            return Allowed("user %s holds %s", identity.user_id, permission)
        return Denied("user %s lacks %s", identity.user_id, permission)

    def remember(self, request, userid, **kw):
        """No headers: ``accounts.login`` sets the cookie, because only it knows the token."""
        return []

    def forget(self, request, **kw):
        """No headers, as ``remember``."""
        return []


def load_login_session(request):
    """The live session of the request's cookie, or None. A cookie that cannot be one of ours costs no statement."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if not TOKEN.fullmatch(token):
        return None
    portal = request.registry.portal
    now = portal.clock.now()
    live = live_session(request.reader, portal.settings, hash_token(token), now)
    if live is None:
        portal.runtime.glance()
        return None
    portal.runtime.notice(request.reader, live.person.generation)
    if now - live.seen >= admin_idle(portal.settings) and administers(live.person):
        # People who can do much are logged out sooner.
        return None
    if now - live.seen >= SEEN_EVERY:
        # After the response: a transaction of its own would wait for this request's own one on SQLite.
        request.add_finished_callback(lambda _request: note_seen(portal, live.id, now))
    return live


def admin_idle(settings) -> dt.timedelta:
    """How long an administrator's session lives without a request."""
    return dt.timedelta(minutes=settings["portal.session_idle_admin_minutes"])


def load_identity(request):
    """The identity of the request's live session, or None."""
    live = request.login_session
    if not live:
        return None
    identity = restrained(identity_of_session(live), request.registry.portal.settings)
    identity = demanded(request, identity, live)
    if not live.person.stands_in:
        return identity
    now = request.registry.portal.clock.now()
    return replace(identity, stand_ins=stand_ins(request.reader, identity.user_id, now))


def demanded(request, identity, live):
    """``identity`` with what the person must do before anything else: change an old password, set up the second factor."""
    portal = request.registry.portal
    if has_expired(live.person.password_changed, portal.clock.now(), portal.settings):
        identity = replace(identity, must_change_password=True, password_expired=not identity.must_change_password)
    if needs(identity, portal.settings):
        enrolled = Services(request.reader, portal).get(SecondFactorService).enrolled(identity.user_id)
        identity = replace(identity, must_enrol=not enrolled)
    return identity


def note_seen(portal, session_id, now):
    """Remember that the session was used. A busy database may lose this: the next request tries again."""
    update = sa.update(SessionRow).where(SessionRow.id == session_id, SessionRow.seen < now).values(seen=now)
    try:
        with portal.database.writing() as session:
            session.execute(update)
    except sa.exc.OperationalError:
        log.info("session activity not noted", session=session_id)


def redirect(request, location):
    """Send the browser to ``location`` with GET. htmx would put the target's page into a fragment, so it is told by header."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": location})
    return HTTPSeeOther(location)


def login_url(request):
    """The login page that leads back to where the person was: the page itself, or the page around a fragment."""
    if request.headers.get("HX-Request") == "true":
        back = path_on_this_host(request, request.headers.get("HX-Current-URL"))
    else:
        back = request.path_qs
    return LOGIN_PAGE if back == "/" else f"{LOGIN_PAGE}?{urlencode({'next': back})}"


def ask_for_login(request):
    """Answer a request that needs a login and has none: reading goes to the login page, a form is not silently lost."""
    if request.method in ("GET", "HEAD") or request.headers.get("HX-Request") == "true":
        return redirect(request, login_url(request))
    response = render_to_response("portal_core:templates/accounts/login_again.pt", {}, request=request)
    response.status_int = 401
    return response


def initial_password_deriver(view, info):
    """Wraps every view that needs a login: while an initial or an expired password stands, it answers with the way to change it.

    The same for a second factor that must be set up. A view says ``initial_password_allowed=True`` or ``enrolment_allowed=True``
    when it must work before that.
    """
    if (
        info.exception_only
        or info.options.get("permission") == NO_PERMISSION_REQUIRED
        or info.options.get("initial_password_allowed")
    ):
        return view

    def guarded(context, request):
        identity = request.identity
        if identity is not None and identity.must_change_password:
            return redirect(request, PASSWORD_PAGE)
        if identity is not None and identity.must_enrol and not info.options.get("enrolment_allowed"):
            return redirect(request, FACTOR_PAGE)
        return view(context, request)

    return guarded


initial_password_deriver.options = ("initial_password_allowed", "enrolment_allowed")


def includeme(config):
    """Install the policy, the closed default, CSRF protection, flashes and the forced change of initial passwords."""
    config.include("portal_core.web.csrf")
    config.include("portal_core.accounts.flash")
    config.add_request_method(load_login_session, "login_session", reify=True)
    config.set_security_policy(SecurityPolicy())
    config.set_default_permission(AUTHENTICATED)
    config.add_view_deriver(initial_password_deriver, "initial_password", under=INGRESS, over="secured_view")
    config.add_exception_view(ask_for_login, context=HTTPForbidden, is_authenticated=False)
