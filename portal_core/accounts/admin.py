"""Pages of 系统管理 for people and rights."""


def includeme(config):
    """Routes, views and menu entries."""
