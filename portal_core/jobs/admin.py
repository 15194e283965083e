"""Pages of 系统管理 for background work."""


def includeme(config):
    """Routes, views and menu entries."""
