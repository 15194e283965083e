"""Addresses of a module that is switched off do not exist, for anybody."""

from pyramid.events import ContextFound
from pyramid.httpexceptions import HTTPNotFound


def refuse_switched_off(event):
    """Answer 404 for a route of a plugin that is switched off: its name begins with the plugin's."""
    request = event.request
    owner = request.matched_route.name.split(".")[0] if request.matched_route else ""
    if owner not in request.registry.portal.plugins.names:
        return
    # Whoever asks: finding that out reads what is switched off as well.
    _person = request.identity
    if owner in request.registry.portal.plugins.off:
        raise HTTPNotFound()


def includeme(config):
    """The subscriber."""
    config.add_subscriber(refuse_switched_off, ContextFound)
