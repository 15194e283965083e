"""Pages of 系统管理 for evaluations."""


def includeme(config):
    """Routes, views and menu entries."""
