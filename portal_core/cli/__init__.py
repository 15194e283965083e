"""The command ``portal``: administration from a shell, with the same portal that the web application uses."""

import warnings


def main():
    """Entry point of the command; see ``portal_core.cli.program``."""
    # Pyramid says this to whoever imports it; an administrator can do nothing about it.
    warnings.filterwarnings("ignore", "pkg_resources is deprecated as an API", UserWarning)

    from portal_core.cli.program import run

    run()
