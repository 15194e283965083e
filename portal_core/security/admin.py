"""Pages of 系统管理 for the security list."""


def includeme(config):
    """Routes, views and menu entries."""
