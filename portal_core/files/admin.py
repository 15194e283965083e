"""系统管理 → 文件: what is stored, whether the store is well, and what the daily job found."""

from dataclasses import dataclass
from typing import Any

import structlog
from pyramid.httpexceptions import HTTPSeeOther

from portal_core.audit.services import AuditService
from portal_core.files import overview
from portal_core.files.collector import collect
from portal_core.files.declared import MANAGE
from portal_core.i18n import _

TEMPLATE = "portal_core:templates/admin/files.pt"
URL = "/admin/files"
log = structlog.get_logger("portal.files")


@dataclass(frozen=True)
class FilesPage:
    """Context of ``admin/files.pt``. ``well``: the store answers just now."""

    place: str
    well: bool
    scan: Any
    totals: list
    largest: list
    owners: dict


def show(request):
    """The page."""
    portal = request.registry.portal
    return FilesPage(
        place=portal.settings["portal.file_store"],
        well=_answers(portal.file_store),
        scan=overview.last_scan(request.reader),
        totals=overview.totals(request.reader, portal.file_owners),
        largest=overview.largest(request.reader),
        owners={name: owner.title for name, owner in portal.file_owners.items()},
    )


def compare(request):
    """Do now what the daily job does."""
    portal = request.registry.portal
    collect(request.services.session, portal, portal.clock)
    request.services.get(AuditService).record(request.identity, "core.files_compared", "core.file_store", 0)
    request.flash("ok", request.translator()(_("The store was compared with the list of files.")))
    return HTTPSeeOther(URL)


def _answers(store) -> bool:
    try:
        store.check()
    except Exception:
        # What exactly is wrong may hold addresses and keys; it goes to the log.
        log.exception("file store is in trouble")
        return False
    return True


def includeme(config):
    """Route, views and menu entry."""
    note = _("What takes how much room, whether the store is well")
    config.add_admin_page("files", _("Stored files"), URL, permission=MANAGE, group="operation", order=60, note=note)
    config.add_route("core.admin.files", URL)
    page = {"route_name": "core.admin.files", "permission": MANAGE}
    config.add_view(show, request_method=("GET", "HEAD"), renderer=TEMPLATE, **page)
    config.add_view(compare, request_method="POST", **page)
