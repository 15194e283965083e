"""Importing accounts from an xlsx file: upload, report, confirmation, initial passwords."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.response import Response

from portal_core.accounts import sheets
from portal_core.accounts.admin.common import everywhere, units_of
from portal_core.accounts.admin.forms import ImportForm
from portal_core.accounts.guard import USERS
from portal_core.accounts.importcheck import PROBLEMS
from portal_core.accounts.models import UserImport
from portal_core.accounts.rights import RightsService
from portal_core.accounts.userimports import DONE, PREVIEW, UserImportService, heads
from portal_core.errors import Conflict, Forbidden, Invalid
from portal_core.files.uploads import uploads
from portal_core.i18n import _
from portal_core.web.answers import done, reading, refused, turned_away
from portal_core.web.params import choice_param, path_id
from portal_core.web.text import clean_line

UPLOAD = "portal_core:templates/accounts/admin/import.pt"
REPORT = "portal_core:templates/accounts/admin/import_report.pt"
# What one page shows of a long report; the rest is counted.
SHOWN_PROBLEMS, SHOWN_ROWS = 200, 20


@dataclass(frozen=True)
class ImportPage:
    """Context of ``import.pt``. ``columns`` are pairs of head and whether it is required."""

    form: ImportForm
    columns: tuple
    max_rows: int
    max_size: int


@dataclass(frozen=True)
class ProblemLine:
    """A problem as a line of the report."""

    number: int
    column: Any
    text: Any


@dataclass(frozen=True)
class ReportPage:
    """Context of ``import_report.pt``. ``good`` rows can be made, ``faulty`` ones cannot."""

    kept: UserImport
    problems: tuple[ProblemLine, ...]
    more_problems: int
    rows: list[dict]
    good: int
    faulty: int
    finished: bool


def start(request) -> ImportPage:
    """What the file must look like, and the form."""
    return _page(ImportForm(request))


def template(request):
    """The empty file."""
    names = {unit.id: unit.name for unit in units_of(request)}
    units = ["/".join(names.get(int(part), "") for part in unit.path.split("/") if part) for unit in units_of(request)]
    roles = [(role.title, role.code) for role in reading(request).get(RightsService).roles()]
    return _xlsx(sheets.template(request.translator(), units, roles), "users.xlsx")


def upload(request):
    """Read and check the file; nothing but the preview is written."""
    form = ImportForm(request, request.POST)
    try:
        chosen = uploads(request, "file", 1)
        if not chosen:
            raise Invalid(fields={"file": _("Please choose a file.")})
        data = chosen[0].read(sheets.MAX_BYTES // 2**20)
        # Reading takes seconds for thousands of rows; no transaction has begun.
        rows = sheets.read(data, heads(request.translator()))
        kept = request.services.get(UserImportService).preview(request.identity, clean_line(chosen[0].name), rows)
    except (Invalid, Forbidden) as error:
        refused(request, form, error)
        return _page(form)
    return HTTPSeeOther(_url(kept.id))


def report(request) -> ReportPage:
    """What was found in the file, or what became of it."""
    return _report(request, reading(request).get(UserImportService).get(request.identity, path_id(request)))


def decide(request):
    """Import the good rows, or forget the file."""
    act = choice_param(request, "act", ("confirm", "discard"))
    if act is None:
        raise HTTPBadRequest()
    service = request.services.get(UserImportService)
    kept = service.get(request.identity, path_id(request))
    if act == "discard":
        service.discard(request.identity, kept)
        return done(request, "/admin/users/import", _("Nothing was imported."))
    try:
        count = service.confirm(request.identity, kept)
    except (Conflict, Forbidden) as error:
        return turned_away(request, _url(kept.id), error)
    return done(request, _url(kept.id), _("${count} accounts were made.", mapping={"count": count}))


def passwords(request):
    """The initial passwords as a file, once."""
    service = request.services.get(UserImportService)
    kept = service.get(request.identity, path_id(request))
    try:
        rows = service.hand_out(request.identity, kept)
    except Conflict as error:
        return turned_away(request, _url(kept.id), error)
    return _xlsx(sheets.password_sheet(request.translator(), rows), f"passwords-{kept.id}.xlsx")


def _url(import_id):
    return f"/admin/users/imports/{import_id}"


def _page(form):
    columns = tuple((title, name in sheets.REQUIRED) for name, title in sheets.COLUMNS.items())
    return ImportPage(form, columns, sheets.MAX_ROWS, sheets.MAX_BYTES // 2**20)


def _report(request, kept):
    _ = request.translator()
    problems = tuple(
        ProblemLine(number, _(sheets.COLUMNS[column]), _(PROBLEMS[code], mapping=params))
        for number, column, code, params in kept.problems[:SHOWN_PROBLEMS]
    )
    faulty = len({number for number, *_rest in kept.problems})
    return ReportPage(
        kept=kept,
        problems=problems,
        more_problems=max(0, len(kept.problems) - SHOWN_PROBLEMS),
        rows=kept.rows[:SHOWN_ROWS],
        good=len(kept.rows) if kept.state == PREVIEW else len(kept.user_ids),
        faulty=faulty,
        finished=kept.state == DONE,
    )


def _xlsx(data, name):
    response = Response(data, content_type=sheets.XLSX, charset=None)
    response.content_disposition = f'attachment; filename="{name}"'
    response.cache_control = "no-store"
    return response


def includeme(config):
    """Routes and views."""
    config.add_route("core.users.import", "/admin/users/import")
    config.add_route("core.users.template", "/admin/users/import/template.xlsx")
    config.add_route("core.import", "/admin/users/imports/{id}")
    config.add_route("core.import.passwords", "/admin/users/imports/{id}/passwords")
    may = everywhere(USERS)
    config.add_view(start, route_name="core.users.import", request_method="GET", renderer=UPLOAD, **may)
    config.add_view(upload, route_name="core.users.import", request_method="POST", renderer=UPLOAD, files=("file",), **may)
    config.add_view(template, route_name="core.users.template", request_method="GET", **may)
    config.add_view(report, route_name="core.import", request_method="GET", renderer=REPORT, **may)
    config.add_view(decide, route_name="core.import", request_method="POST", **may)
    config.add_view(passwords, route_name="core.import.passwords", request_method="POST", **may)
