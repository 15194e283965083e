"""Pages of 系统管理 for background work: periodic jobs, the queue, and what may be done with dead work."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from portal_core.accounts.addresses import client_ip
from portal_core.admin.menu import OPERATION
from portal_core.declarations import Job
from portal_core.i18n import _
from portal_core.jobs.ledger import COUNT_CAP, LedgerService
from portal_core.jobs.models import DEAD, DONE, RUNNING, STATES, WAITING, JobRun, QueuedWork
from portal_core.jobs.runner import last_runs
from portal_core.jobs.services import MANAGE
from portal_core.web.params import choice_param, int_param, path_id

URL = "/admin/jobs"
LABELS = {DEAD: _("Dead"), WAITING: _("Waiting"), RUNNING: _("Running"), DONE: _("Done")}
TONES = {DEAD: "bad", WAITING: "warn", RUNNING: "info", DONE: "ok"}


@dataclass(frozen=True)
class PeriodicLine:
    """A periodic job and its last run, None before the first one. ``every`` is text."""

    title: Any
    name: str
    every: Any
    run: JobRun | None


@dataclass(frozen=True)
class Tab:
    """The work in one state; ``more``: the count is capped."""

    title: Any
    url: str
    count: int
    more: bool
    current: bool


@dataclass(frozen=True)
class WorkLine:
    """A piece of work as a row. ``title`` is the job's, or its name when no module declares it (any more)."""

    work: QueuedWork
    title: Any
    label: Any
    tone: str


@dataclass(frozen=True)
class JobsPage:
    """Context of ``jobs.pt``."""

    periodic: tuple[PeriodicLine, ...]
    tabs: tuple[Tab, ...]
    lines: tuple[WorkLine, ...]
    first_url: str | None
    next_url: str | None


@dataclass(frozen=True)
class WorkPage:
    """Context of ``work.pt``. ``args`` and ``result`` are JSON text."""

    line: WorkLine
    args: str
    result: str
    attempts: int | None
    back_url: str


def jobs(request) -> JobsPage:
    """``/admin/jobs?state=&before=``: periodic jobs, and the queue by state, newest first."""
    state = choice_param(request, "state", STATES, DEAD)
    before = int_param(request, "before", low=1)
    ledger = request.services.get(LedgerService)
    found, following = ledger.page(state, before)
    counts = ledger.counts()
    return JobsPage(
        periodic=_periodic(request),
        tabs=tuple(
            Tab(title, f"{URL}?state={key}", counts[key], counts[key] == COUNT_CAP, key == state) for key, title in LABELS.items()
        ),
        lines=tuple(_line(request, work) for work in found),
        first_url=f"{URL}?state={state}" if before else None,
        next_url=f"{URL}?state={state}&before={following}" if following else None,
    )


def show(request) -> WorkPage:
    """One piece of work."""
    work = request.services.get(LedgerService).find(path_id(request))
    job = request.registry.portal.jobs.get(work.name)
    attempts = job.attempts if job else None
    return WorkPage(_line(request, work), _json(work.args), _json(work.result), attempts, f"{URL}?state={work.state}")


def again(request):
    """Have dead work done once more."""
    request.services.get(LedgerService).again(path_id(request), request.identity, client_ip(request))
    request.flash("ok", _("The work is in the queue again."))
    return HTTPSeeOther(f"{URL}?state={WAITING}")


def drop(request):
    """Give dead work up."""
    request.services.get(LedgerService).drop(path_id(request), request.identity, client_ip(request))
    request.flash("ok", _("The work has been dropped."))
    return HTTPSeeOther(f"{URL}?state={DEAD}")


def _periodic(request):
    runs = last_runs(request.services.session)
    found = [job for job in request.registry.portal.jobs.values() if isinstance(job, Job)]
    return tuple(PeriodicLine(job.title, job.name, _length(job.every), runs.get(job.name)) for job in found)


def _length(every: dt.timedelta):
    """An interval in the largest unit that it is a whole number of."""
    seconds = int(every.total_seconds())
    for unit, length in ((_("${count} days"), 86400), (_("${count} hours"), 3600), (_("${count} minutes"), 60)):
        if seconds % length == 0:
            return unit % {"count": seconds // length}
    return _("${count} seconds", mapping={"count": seconds})


def _line(request, work):
    job = request.registry.portal.declared["jobs"].get(work.name)
    return WorkLine(work, job.title if job else work.name, LABELS[work.state], TONES[work.state])


def _json(value):
    return json.dumps(value, ensure_ascii=False, indent=1) if value else ""


def includeme(config):
    """Routes, views and the menu entry."""
    for name, path, view, method, template in (
        ("core.admin.jobs", URL, jobs, "GET", "jobs.pt"),
        ("core.admin.work", URL + "/{id}", show, "GET", "work.pt"),
        ("core.admin.work.again", URL + "/{id}/again", again, "POST", None),
        ("core.admin.work.drop", URL + "/{id}/drop", drop, "POST", None),
    ):
        config.add_route(name, path)
        look = {"renderer": f"portal_core:templates/jobs/{template}"} if template else {}
        config.add_view(view, route_name=name, request_method=method, permission=MANAGE, **look)
    note = _("Periodic jobs and the queue; dead work is run again or dropped here")
    config.add_admin_page("jobs", _("Background work"), URL, permission=MANAGE, group=OPERATION, order=40, note=note)
