"""Debian's Chromium for the browser tests, as a reader in China uses it; no browser is ever downloaded.

A test that sees an error in the console fails, whatever else it asserts: a violated content security policy, a missing file
and a script that raises all show there.
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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """What pytest-playwright starts."""
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """A desk in Shanghai: Chinese first, 1440 pixels wide."""
    return browser_context_args | {
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1440, "height": 900},
    }


@pytest.fixture
def console_errors():
    """What the browser reported as errors so far. A test that provokes an answer of 4xx on purpose clears it."""
    return []


@pytest.fixture
def page(page, console_errors):
    """pytest-playwright's page, which must end without console errors."""
    page.on("console", lambda message: console_errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: console_errors.append(str(error)))
    yield page
    assert not console_errors, "the browser reported: " + "; ".join(console_errors)
