"""The audit log in 系统管理: a list with filters, a line with what changed, and the list as a workbook."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from portal_core.admin.menu import AUDIT
from portal_core.audit import queries
from portal_core.audit.checks import CHAINS, VIEW_LOG, breaks
from portal_core.audit.export import ENTRIES_MAX, workbook
from portal_core.audit.models import AuditEntry, AuditSeal, ChainCheck
from portal_core.audit.queries import Filters
from portal_core.audit.services import AuditService
from portal_core.i18n import _
from portal_core.web.params import choice_param, date_param, int_param, path_id, text_param

URL = "/admin/audit"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Line:
    """A line of the log in words; codes that nobody has words for stay codes."""

    entry: AuditEntry
    who: str
    login: str
    action: Any
    object: Any


@dataclass(frozen=True)
class AuditPage:
    """Context of ``audit/list.pt``. ``given``: the parameters as they came, for the fields; ``broken``: what the checks found."""

    lines: list[Line]
    given: dict[str, str]
    actions: list[tuple[str, Any]]
    objects: list[tuple[str, Any]]
    first_url: str | None
    next_url: str | None
    export_url: str
    broken: list[tuple[Any, ChainCheck]]


@dataclass(frozen=True)
class EntryPage:
    """Context of ``audit/entry.pt``. ``changes``: field, old, new; ``more``: what else the line holds, name and text."""

    line: Line
    changes: list[tuple[Any, str, str]]
    more: list[tuple[str, str]]
    seal: AuditSeal | None


def show(request) -> AuditPage:
    """The newest lines that fit the filters of the address."""
    given, filters = _given(request), _filters(request)
    entries, more = queries.page(request.reader, filters, int_param(request, "before", low=1))
    words = request.registry.portal.audit_words
    narrowed = {name: value for name, value in given.items() if value}
    return AuditPage(
        lines=_lines(request, entries),
        given=given,
        actions=_sorted(request, words.actions),
        objects=_sorted(request, words.objects),
        first_url=_address(URL, narrowed) if "before" in request.GET else None,
        next_url=_address(URL, {**narrowed, "before": more}) if more else None,
        export_url=_address(f"{URL}/export", narrowed),
        broken=[(CHAINS[state.chain], state) for state in breaks(request.reader)],
    )


def show_entry(request) -> EntryPage:
    """One line with everything it holds."""
    entry = queries.entry(request.reader, path_id(request))
    if entry is None:
        raise HTTPNotFound()
    titles = request.registry.portal.audit_words.fields
    detail = dict(entry.detail)
    changed = [
        (titles.get(f"{entry.object_type}.{name}", name), old, new) for name, old, new in detail.pop("changes", None) or ()
    ]
    more = [(name, value if isinstance(value, str) else str(value)) for name, value in detail.items()]
    return EntryPage(_lines(request, [entry])[0], changed, more, queries.seal_of(request.reader, entry.id))


def export(request):
    """The lines that fit as a workbook, newest first, at most ``ENTRIES_MAX``. That somebody took them is a line itself."""
    filters, given = _filters(request), {name: value for name, value in _given(request).items() if value}
    entries, _more = queries.page(request.reader, filters, size=ENTRIES_MAX)
    request.services.get(AuditService).record_now(
        request.identity, "core.audit_exported", "core.audit", detail={**given, "entries": len(entries)}
    )
    body = workbook(_lines(request, entries), request.translator(), request.registry.portal.clock, request.identity)
    response = Response(body, content_type=XLSX)
    response.content_disposition = 'attachment; filename="audit.xlsx"'
    response.cache_control = "no-store"
    return response


def _given(request):
    names = ("person", "action", "object_type", "object_id", "since", "until", "failed")
    return {name: text_param(request, name) for name in names}


def _filters(request) -> Filters:
    """The filters of the address; days are the users' days, the last one included."""
    clock = request.registry.portal.clock
    since, until = date_param(request, "since"), date_param(request, "until")
    given = {name: text_param(request, name) for name in ("person", "action", "object_type", "object_id")}
    filters = Filters(**given, failed=choice_param(request, "failed", ("1",)) == "1")
    if since:
        filters = replace(filters, since=clock.at(since, dt.time()))
    return replace(filters, until=clock.at(until + dt.timedelta(days=1), dt.time())) if until else filters


def _lines(request, entries):
    words, say = request.registry.portal.audit_words, request.translator()
    nobody = say(_("The system"))
    return [
        Line(
            entry,
            entry.actor.name if entry.actor else nobody,
            entry.actor.login if entry.actor else "",
            words.actions.get(entry.action, entry.action),
            words.objects.get(entry.object_type, entry.object_type),
        )
        for entry in entries
    ]


def _sorted(request, titles):
    say = request.translator()
    return sorted(((code, say(title)) for code, title in titles.items()), key=lambda pair: pair[0])


def _address(path, query):
    return f"{path}?{urlencode(query)}" if query else path


def includeme(config):
    """Routes, views and the menu entry."""
    mine = {"permission": VIEW_LOG, "request_method": "GET"}
    config.add_route("core.audit", URL)
    config.add_route("core.audit.export", f"{URL}/export")
    config.add_route("core.audit.entry", f"{URL}/{{id}}")
    config.add_view(show, route_name="core.audit", renderer="portal_core:templates/audit/list.pt", **mine)
    config.add_view(export, route_name="core.audit.export", **mine)
    config.add_view(show_entry, route_name="core.audit.entry", renderer="portal_core:templates/audit/entry.pt", **mine)
    config.add_admin_page(
        "audit",
        _("Audit log"),
        URL,
        permission=VIEW_LOG,
        group=AUDIT,
        order=20,
        note=_("Who did what to which object, and which fields changed"),
    )
