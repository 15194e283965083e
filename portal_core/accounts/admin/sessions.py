"""Who is logged in, and the login log."""

import datetime as dt
from dataclasses import dataclass

from portal_core.accounts.admin.common import address, everywhere
from portal_core.accounts.guard import LOGS, SESSIONS
from portal_core.accounts.loginlog import LoginFilter, LoginLine, LoginLog
from portal_core.accounts.sessionlist import SessionLine, SessionList
from portal_core.accounts.throttle import normal_login
from portal_core.i18n import _
from portal_core.web.answers import done
from portal_core.web.params import choice_param, date_param, int_param, path_id, text_param

RESULTS = {"ok": True, "failed": False}


@dataclass(frozen=True)
class SessionsPage:
    """Context of ``sessions.pt``."""

    lines: list[SessionLine]
    text: str
    first_url: str | None
    next_url: str | None


@dataclass(frozen=True)
class LoginsPage:
    """Context of ``logins.pt``."""

    lines: tuple[LoginLine, ...]
    login: str
    ip: str
    result: str
    since: dt.date | None
    until: dt.date | None
    first_url: str | None
    next_url: str | None


def sessions(request) -> SessionsPage:
    """The sessions that work now."""
    text, before = text_param(request, "q", 40), int_param(request, "before", low=1)
    lines, key = request.services.get(SessionList).page(text, before, request.identity.session_id)
    url = "/admin/sessions"
    return SessionsPage(lines, text, address(url, q=text) if before else None, address(url, q=text, before=key) if key else None)


def end(request):
    """End one session."""
    request.services.get(SessionList).end(request.identity, path_id(request))
    return done(request, "/admin/sessions", _("The session is ended."))


def logins(request) -> LoginsPage:
    """The login log with its filters."""
    login, ip = normal_login(text_param(request, "login", 64)), text_param(request, "ip", 64)
    result = choice_param(request, "result", RESULTS, "")
    since, until = date_param(request, "from"), date_param(request, "to")
    before = int_param(request, "before", low=1)
    clock = request.registry.portal.clock
    wanted = LoginFilter(
        login,
        ip,
        RESULTS.get(result),
        clock.at(since, dt.time()) if since else None,
        clock.at(until + dt.timedelta(days=1), dt.time()) if until else None,
    )
    page = request.services.get(LoginLog).page(wanted, before)
    filters = {"login": login, "ip": ip, "result": result, "from": since, "to": until}
    first_url = address("/admin/logins", **filters) if before else None
    next_url = address("/admin/logins", **filters, before=page.next_id) if page.next_id else None
    return LoginsPage(page.lines, login, ip, result, since, until, first_url, next_url)


def includeme(config):
    """Routes and views."""
    template = "portal_core:templates/accounts/admin/{}.pt"
    config.add_route("core.sessions", "/admin/sessions")
    config.add_route("core.session.end", "/admin/sessions/{id}/end")
    config.add_route("core.logins", "/admin/logins")
    may = everywhere(SESSIONS)
    config.add_view(sessions, route_name="core.sessions", request_method="GET", renderer=template.format("sessions"), **may)
    config.add_view(end, route_name="core.session.end", request_method="POST", **may)
    logs = everywhere(LOGS)
    config.add_view(logins, route_name="core.logins", request_method="GET", renderer=template.format("logins"), **logs)
