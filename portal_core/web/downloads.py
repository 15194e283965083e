"""Browser installers for people whose browser is too old: served from here, because their network may have no other way."""

from dataclasses import dataclass

from pyramid.response import FileResponse
from pyramid.security import NO_PERMISSION_REQUIRED

from portal_core.errors import NotFound
from portal_core.i18n import _


@dataclass(frozen=True)
class Offer:
    """One installer that the site has put into ``portal.download_dir``."""

    title: str
    url: str


# File names are ours, not the makers', so that a newer version needs no new release of the portal.
INSTALLERS = {
    "chrome-win64.exe": _("Windows 10 / 11 (64 bit): download Chrome"),
    "chrome109-win64.exe": _("Windows 7 / 8 (64 bit): download Chrome 109"),
    "firefox115-win32.exe": _("Windows 7 / 8 (32 bit): download Firefox 115 ESR"),
}


def offers(request) -> list[Offer]:
    """The installers that this site offers, newest system first; the upgrade page always names the telephone number too."""
    folder = request.registry.portal.settings.path("portal.download_dir")
    return [Offer(title, f"/download/{name}") for name, title in INSTALLERS.items() if (folder / name).is_file()]


def download_view(request):
    """``/download/<file>``: only the names above exist, so no address can leave the folder."""
    name = request.matchdict["name"]
    path = request.registry.portal.settings.path("portal.download_dir") / name
    if name not in INSTALLERS or not path.is_file():
        raise NotFound()
    response = FileResponse(str(path), request=request, content_type="application/octet-stream", cache_max_age=3600)
    response.content_disposition = f'attachment; filename="{name}"'
    return response


def includeme(config):
    """The route."""
    config.add_route("core.download", "/download/{name}")
    config.add_view(download_view, route_name="core.download", permission=NO_PERMISSION_REQUIRED)
