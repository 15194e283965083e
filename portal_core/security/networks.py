"""System management only from the networks of ``portal.admin_networks``: for all others its pages do not exist."""

import ipaddress
import re

import structlog
from pyramid.httpexceptions import HTTPNotFound

from portal_core.accounts.addresses import client_ip

# The core's pages and those that plugins have for administrators (``/meetings/admin/…``).
ADMIN_PATH = re.compile(r"/(?:[a-z0-9_-]+/)?admin(?:/|$)")
log = structlog.get_logger("portal.security")


def from_admin_network(request) -> bool:
    """May this client open system management, as far as its address goes?"""
    networks = request.registry.portal.settings["portal.admin_networks"]
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(client_ip(request))
    except ValueError:
        return False
    # A server that listens on IPv6 sees ::ffff:10.2.3.4 for 10.2.3.4.
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def network_tween(handler, registry):
    """Answers 404 for pages of system management to clients from elsewhere, whoever they are."""

    def tween(request):
        if ADMIN_PATH.match(request.path_info) and not request.from_admin_network:
            log.warning("system management refused", path=request.path_info, ip=client_ip(request))
            raise HTTPNotFound()
        return handler(request)

    return tween


def includeme(config):
    """The tween, below the error pages, and ``request.from_admin_network`` for menus."""
    config.add_request_method(from_admin_network, "from_admin_network", reify=True)
    config.add_tween("portal_core.security.networks.network_tween", under="portal_core.web.errors.input_tween")
