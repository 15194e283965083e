"""The plugin's pages."""

MODULES = ("grid", "booking", "check", "find", "mine", "popup", "rooms", "pending", "ratings", "admin")


def includeme(config):
    """Add all pages."""
    for name in MODULES:
        config.include(f"portal_meetings.views.{name}")
