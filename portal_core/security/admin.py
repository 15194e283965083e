"""Pages of 系统管理 for the security list."""


def includeme(config):
    """The second factor's pages and the networks of administrators."""
    config.include("portal_core.security.networks")
    config.include("portal_core.security.views")
