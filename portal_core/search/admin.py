"""Pages of 系统管理 for search."""


def includeme(config):
    """Routes, views and menu entries."""
