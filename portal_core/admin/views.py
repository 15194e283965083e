"""``/admin/``: what runs here and whether it is well, and the way to the pages that plugins add for administrators."""

import datetime as dt
from dataclasses import dataclass

from portal_core.admin.menu import AdminGroup
from portal_core.health import plugin_states, run_checks
from portal_core.jobs.runner import last_runs


@dataclass(frozen=True)
class Module:
    """A plugin as a line of the table."""

    title: str
    name: str
    version: str
    well: bool


@dataclass(frozen=True)
class JobLine:
    """A job as a line of the table. ``ran`` is the start of its last run or None; ``error`` is why that failed or empty."""

    title: str
    ran: dt.datetime | None
    error: str
    retry_at: dt.datetime | None


@dataclass(frozen=True)
class AdminPage:
    """The template's context. ``troubles`` are ``(check, text)`` pairs of failing health checks."""

    groups: tuple[AdminGroup, ...]
    modules: list[Module]
    jobs: list[JobLine]
    troubles: list[tuple[str, str]]


def index(request):
    """The overview. A health check that fails is shown here, never an error of the page."""
    portal = request.registry.portal
    checks = run_checks(portal)
    return AdminPage(
        groups=request.admin_menu,
        modules=_modules(portal, checks),
        jobs=_jobs(portal, request.reader),
        troubles=[(name, text) for name, text in checks.items() if text],
    )


def _modules(portal, checks):
    titles = {plugin.name: plugin.info.title for plugin in portal.plugins.loaded}
    return [
        Module(titles[state["name"]], state["name"], state["version"], state["health"] == "ok")
        for state in plugin_states(portal, checks)
    ]


def _jobs(portal, session):
    runs = last_runs(session)
    lines = []
    for job in portal.jobs.values():
        run = runs.get(job.name)
        lines.append(JobLine(job.title, run.started if run else None, run.error if run else "", run.retry_at if run else None))
    return lines


def includeme(config):
    """The route."""
    config.add_route("core.admin", "/admin/")
    config.add_view(
        index,
        route_name="core.admin",
        request_method="GET",
        permission="core:admin:view",
        renderer="portal_core:templates/admin/index.pt",
    )
