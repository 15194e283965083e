"""Pages of 系统管理 for the security list."""

from portal_core.errors import StartError
from portal_core.security.crypto import SETTING as KEYS
from portal_core.security.factors import OFF
from portal_core.settings import line_of


def includeme(config):
    """The second factor's pages and the networks of administrators. Raises StartError for a second factor without a key."""
    settings = config.registry.portal.settings
    if settings["portal.second_factor"] != OFF and not settings[KEYS]:
        where = line_of(settings.source, "portal.second_factor")
        raise StartError(f"{where}: portal.second_factor needs {KEYS}; `portal security new-key k1` prints one")
    config.include("portal_core.security.networks")
    config.include("portal_core.security.views")
