"""``/admin/``: what the person may manage, and whether something is wrong."""

from dataclasses import dataclass

from portal_core.admin.menu import AdminGroup
from portal_core.health import run_checks


@dataclass(frozen=True)
class AdminPage:
    """The template's context. ``troubles`` are ``(check, text)`` pairs of failing health checks."""

    groups: tuple[AdminGroup, ...]
    troubles: list[tuple[str, str]]


def index(request):
    """The overview. A health check that fails is shown here, never an error of the page."""
    checks = run_checks(request.registry.portal)
    return AdminPage(request.admin_menu, [(name, text) for name, text in checks.items() if text])


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
