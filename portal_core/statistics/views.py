"""Pages of the statistics."""


def includeme(config):
    """Routes, views and the menu entry."""
