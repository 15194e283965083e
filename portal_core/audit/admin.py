"""Pages of 系统管理 for the audit trail."""


def includeme(config):
    """Routes, views and menu entries."""
