"""Pages of the questionnaires."""


def includeme(config):
    """Routes and views."""
