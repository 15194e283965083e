"""The search has no page of 系统管理; its page for everybody is included here with the other features."""


def includeme(config):
    """Routes and views."""
    config.include("portal_core.search.views")
    config.include("portal_core.accounts.directory")
