"""Pages of 系统管理 for the working calendar."""


def includeme(config):
    """Routes, views and menu entries."""
