"""Pages of 系统管理 for announcements, help and questions."""


def includeme(config):
    """Routes, views and menu entries."""
