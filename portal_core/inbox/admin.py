"""Pages of 系统管理 for the inbox."""


def includeme(config):
    """Routes, views and menu entries."""
    config.include("portal_core.inbox.plans.views")
