"""Pictures of every page, to be looked at:  python -m tests.browser.screenshots OUTDIR [NAME …]

Each page (or each NAME of ``pages.ALL``) at the width of a desk and of a phone, light and dark, and on the phone in large text.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal_core.testing.served import PHONE
from tests.browser import pages

LOOKS = {
    "desk": {},
    "desk-dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "phone-dark": PHONE | {"color_scheme": "dark"},
    "phone-large": PHONE,
}


@pytest.fixture(scope="module")
def found(demo_portal):
    """What the addresses of the pages need."""
    return pages.places(demo_portal)


@pytest.mark.parametrize("look", LOOKS)
def test_save(look, open_as, found, watch):
    """Not a test: saves the pictures of one look. pytest is what starts the portal and the browser."""
    watch.expect(400, 403, 404)
    folder = Path(os.environ["SCREENSHOTS"]) / look
    folder.mkdir(parents=True, exist_ok=True)
    names = os.environ["SCREENSHOT_PAGES"].split()
    wanted = [page for page in pages.ALL if not names or page.name in names]
    opened = {}
    for page in sorted(wanted, key=lambda page: page.login or ""):
        if page.login not in opened:
            opened[page.login] = open_as(page.login, "/login", **LOOKS[look])
            if look.endswith("large"):
                size = {"name": "large", "value": "1", "url": opened[page.login].url}
                opened[page.login].context.add_cookies([size])
        shown = opened[page.login]
        shown.goto(pages.address(page, found))
        # Pictures that are loaded when they come into view, and a full page instead of a fixed bar in its middle.
        shown.screenshot(path=folder / f"{page.name}.png", full_page=True, caret="initial")


def main():
    """Run this file under pytest with the wishes in the environment."""
    out, *names = sys.argv[1:]
    environment = os.environ | {"SCREENSHOTS": str(Path(out).resolve()), "SCREENSHOT_PAGES": " ".join(names)}
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=600", __file__]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
