"""Fixtures for every test of the tree, those of the plugins included: they are the ones that plugin authors use."""

pytest_plugins = (
    "portal_core.testing.databases",
    "portal_core.testing.fixtures",
    "portal_core.testing.served",
    "portal_core.testing.browser",
)
