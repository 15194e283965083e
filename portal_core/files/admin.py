"""Pages of 系统管理 for files."""


def includeme(config):
    """Routes, views and menu entries."""
