"""会议室管理 and 服务项目: the pages of those who look after rooms and services."""

MODULES = ("rooms", "pictures", "rights", "closures", "items")


def includeme(config):
    """Add all pages of the administration."""
    for name in MODULES:
        config.include(f"portal_meetings.views.admin.{name}")
