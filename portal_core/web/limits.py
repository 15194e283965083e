"""Request bodies have a limit, whatever the server in front allows."""

from pyramid.httpexceptions import HTTPRequestEntityTooLarge
from pyramid.tweens import EXCVIEW


def limits_tween(handler, registry):
    """Refuses bodies larger than ``portal.max_body_mb`` before anything of them is parsed."""
    limit = registry.portal.settings["portal.max_body_mb"] * 1024 * 1024

    def tween(request):
        if (request.content_length or 0) > limit:
            raise HTTPRequestEntityTooLarge()
        return handler(request)

    return tween


def includeme(config):
    """Install the tween just below the exception views, so that the refusal is a page like any other."""
    config.add_tween("portal_core.web.limits.limits_tween", under=EXCVIEW)
