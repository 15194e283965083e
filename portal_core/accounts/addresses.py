"""Where a request comes from, and where it may be sent on to: both are said by the client and so not believed as they are."""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_PATH = 500
# Addresses inside headers are ASCII; blanks and control characters do not belong there, and browsers read \\ as /.
_UNFIT = re.compile(r"[^\x21-\x7e]|\\")


def client_ip(request) -> str:
    """The client's address as text.

    ``X-Forwarded-For`` is believed only as far as our own proxies wrote it (setting ``portal.trusted_proxies``): the entry that
    many places from the right. WebOb's ``client_addr`` would take the leftmost, which anybody can invent.
    """
    direct = request.environ.get("REMOTE_ADDR", "")
    proxies = request.registry.portal.settings["portal.trusted_proxies"]
    if proxies <= 0:
        return direct[:64]
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    return (hops[-proxies] if len(hops) >= proxies else direct)[:64]


def network_of(ip: str) -> str:
    """What throttling counts as one place: an IPv4 address, or the /64 network of an IPv6 address (one host has very many)."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip[:64]
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def local_path(target, default: str = "/") -> str:
    """``target`` when it is a path of this site (query allowed), else ``default``: no login page may send people elsewhere.

    Browsers read ``//host``, ``/\\host`` and paths with tabs or line breaks inside as addresses of other hosts.
    """
    if not isinstance(target, str) or len(target) > MAX_PATH or _UNFIT.search(target):
        return default
    if not target.startswith("/") or target.startswith("//"):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def referring_path(request, default: str = "/") -> str:
    """The path of the page the request was sent from when that is a page of this site, else ``default``."""
    return path_on_this_host(request, request.referer, default)


def path_on_this_host(request, url, default: str = "/") -> str:
    """Path and query of ``url`` when its host is this site's, else ``default``."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return default
    # ``host_url`` and browsers leave out the port that the scheme implies.
    if parts.netloc != urlsplit(request.host_url).netloc:
        return default
    return local_path(parts.path + ("?" + parts.query if parts.query else ""), default)
