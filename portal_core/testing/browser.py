"""Debian's Chromium for the browser tests, as a reader in China uses it; no browser is ever downloaded.

Every context that a test opens is watched. A test fails, whatever else it asserts, when the browser reports an error (a violated
content security policy, a missing file and a script that raises all show there) or asks any other host for anything.
"""

import os

import pytest

CHROMIUM = os.environ.get("PORTAL_TEST_CHROMIUM", "/usr/bin/chromium")

# Chromium talks to its maker in the background unless told not to, and needs --no-sandbox to run as root (as on CI machines).
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)

# Nothing on one machine takes this long, in milliseconds; Playwright's own thirty seconds would only delay the bad news.
TIMEOUT = 10_000

# A screen on a desk, unless a test asks for another (``portal_core.testing.served.PHONE``).
DESK = {"viewport": {"width": 1440, "height": 900}}


class Watch:
    """Collects what a browser context did wrong. ``address`` is the only one that it may ask for anything."""

    def __init__(self, address):
        self.address = address
        self.problems = []
        self.expected = set()

    def attach(self, context):
        """Watch all present and future pages of ``context``."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("request", self._request)

    def expect(self, *statuses):
        """Let the test provoke these answers on purpose: Chromium reports every answer of 4xx as an error in the console."""
        self.expected.update(f"status of {status} " for status in statuses)

    def _console(self, message):
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.problems.append(f"{message.text} ({message.location.get('url', '')})")

    def _request(self, request):
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.problems.append(f"asked another host: {request.url}")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """What pytest-playwright starts."""
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, served_address):
    """A reader in Shanghai, Chinese first, at the served portal."""
    return browser_context_args | {
        "base_url": served_address,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
    }


@pytest.fixture
def watch(served_address):
    """What the browser did wrong so far; ``watch.expect(422)`` announces an answer that the test wants to see."""
    made = Watch(served_address)
    yield made
    assert not made.problems, "the browser reported: " + "; ".join(made.problems)


@pytest.fixture
def new_context(new_context, watch):
    """pytest-playwright's maker of contexts (cookies of their own), each of them watched; ``page`` and ``context`` use it."""

    def make(**options):
        context = new_context(**DESK | options)
        context.set_default_timeout(TIMEOUT)
        watch.attach(context)
        return context

    return make
