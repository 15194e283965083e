"""What machines ask: is it well, what runs here, how fast. Open without login, so nothing here is secret."""

import os
import time

import sqlalchemy as sa
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

log = structlog.get_logger("portal.health")

# One registry per process, not per application: several portals in one process (tests) share the counters.
METRICS = CollectorRegistry()
SECONDS = Histogram(
    "portal_request_seconds",
    "Time to answer, by route and status class; its count is the number of requests.",
    ("route", "method", "status"),
    registry=METRICS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def database_answers(session):
    """Health check of the core: the database answers a trivial question."""
    session.execute(sa.select(1))


def run_checks(portal, thorough=False):
    """The health checks by name, with those that take long if ``thorough``: None when well, else a short text.

    A check that raises is reported as failed; the error itself goes to the log, because it may hold addresses.
    """
    wanted = {name: check for name, check in portal.health_checks.items() if thorough or not check.thorough}
    return {name: _outcome(portal, check) for name, check in wanted.items()}


def _outcome(portal, check):
    try:
        with portal.database.reading() as session:
            return check.check(session, portal) if check.with_portal else check.check(session)
    except Exception:
        log.exception("health check failed", check=check.name)
        return "failed"


def health_view(request):
    """``/-/health``: 200 when every vital check passes, else 503; the others are only told."""
    portal = request.registry.portal
    checks = run_checks(portal)
    well = not any(text for name, text in checks.items() if portal.health_checks[name].vital)
    request.response.status_int = 200 if well else 503
    return {"status": "ok" if well else "failing", "checks": {name: text or "ok" for name, text in checks.items()}}


def plugins_view(request):
    """``/-/plugins.json``: every enabled plugin with version, hook API and health."""
    portal = request.registry.portal
    return {"plugins": plugin_states(portal, run_checks(portal))}


def plugin_states(portal, checks):
    """One dictionary per plugin; ``checks`` is what ``run_checks`` found. A plugin is well when none of its checks complains."""
    return [
        {
            "name": plugin.name,
            "version": plugin.info.version,
            "hook_api": plugin.info.hook_api,
            "health": "failing" if any(text for name, text in checks.items() if name.startswith(plugin.name + ".")) else "ok",
        }
        for plugin in portal.plugins.loaded
    ]


def metrics_view(request):
    """``/-/metrics`` for Prometheus. With several processes set ``PROMETHEUS_MULTIPROC_DIR``, else each shows its own numbers."""
    registry = METRICS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def metrics_tween(handler, registry):
    """Counts and times every attempt to answer a request."""

    def tween(request):
        start = time.perf_counter()
        status = "5xx"
        try:
            response = handler(request)
            status = f"{response.status_int // 100}xx"
            return response
        finally:
            route = getattr(request, "matched_route", None)
            # The route's pattern, never the path: addresses that somebody invents must not each become a series.
            pattern = route.pattern if route else "none"
            method = request.method if request.method in METHODS else "other"
            SECONDS.labels(pattern, method, status).observe(time.perf_counter() - start)

    return tween


def includeme(config):
    """The three addresses and the tween."""
    config.add_tween("portal_core.health.metrics_tween", over="portal_core.logs.log_tween")
    for name, path, view, renderer in (
        ("health", "/-/health", health_view, "json"),
        ("plugins", "/-/plugins.json", plugins_view, "json"),
        ("metrics", "/-/metrics", metrics_view, None),
    ):
        config.add_route(f"core.{name}", path)
        config.add_view(view, route_name=f"core.{name}", renderer=renderer, http_cache=0, permission=NO_PERMISSION_REQUIRED)
