"""How far an export is, and its file."""

from dataclasses import dataclass
from typing import Any

from portal_core.errors import NotFound
from portal_core.i18n import _
from portal_core.jobs.models import DEAD, DONE, QueuedWork
from portal_core.jobs.services import JobService
from portal_core.statistics.asked import Asked
from portal_core.statistics.exports import EXPORT, OWNER, ExportService, is_owner
from portal_core.web.params import path_id


@dataclass(frozen=True)
class ExportPage:
    """Context of ``export.pt``. ``phase``: waiting, running, ready, gone (its day is over) or failed; ``percent`` 0 to 100."""

    url: str
    phase: str
    percent: int
    done: int
    total: int
    file_url: str
    file_name: str
    list_url: str
    title: Any


TITLES = {
    "waiting": _("Waiting for its turn"),
    "running": _("The list is being written"),
    "ready": _("The list is ready"),
    "gone": _("The file was removed after a day"),
    "failed": _("The list could not be exported"),
}


def progress(request) -> ExportPage:
    """``/statistics/exports/<id>``: for the person who ordered it; a script asks for it every second until it is done."""
    work = request.services.get(JobService).get(path_id(request), request.identity)
    if work.name != EXPORT or work.owner_id != request.identity.user_id:
        raise NotFound()
    file = None
    if work.state == DONE:
        file = request.services.get(ExportService).file(work.result["file_id"], request.identity)
    phase = _phase(work, file)
    return ExportPage(
        url=f"/statistics/exports/{work.id}",
        phase=phase,
        percent=100 if phase == "ready" else work.done * 100 // work.total if work.total else 0,
        done=work.done,
        total=work.total,
        file_url=request.file_url(file) if file else "",
        file_name=file.name if file else "",
        list_url=Asked.from_json(work.args).url,
        title=TITLES[phase],
    )


def _phase(work: QueuedWork, file: Any) -> str:
    if work.state == DONE:
        return "ready" if file else "gone"
    return "failed" if work.state == DEAD else work.state


def includeme(config):
    """Route and view; and that exports are for their owners alone."""
    config.add_route("core.statistics.progress", "/statistics/exports/{id}")
    renderer = "portal_core:templates/statistics/export.pt"
    options = {"permission": "authenticated", "request_method": "GET", "renderer": renderer}
    config.add_view(progress, route_name="core.statistics.progress", **options)
    config.add_file_access(OWNER, lambda request, file: is_owner(file, request.identity))
