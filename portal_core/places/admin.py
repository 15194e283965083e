"""Pages of 系统管理 for places and dictionaries."""


def includeme(config):
    """Routes, views and menu entries."""
