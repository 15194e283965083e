"""Pages of 系统管理 for messages and deliveries."""


def includeme(config):
    """Routes, views and menu entries."""
