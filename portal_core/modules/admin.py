"""Pages of 系统管理 for switching modules on and off."""


def includeme(config):
    """Routes, views and menu entries."""
