"""Pages of 系统管理 for statistics."""


def includeme(config):
    """Routes, views and menu entries."""
