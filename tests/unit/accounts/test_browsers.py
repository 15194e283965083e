"""Names of browsers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_core.accounts.browsers import browser_name

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome 126 · Windows"),
        (CHROME + " Edg/125.0", "Edge 125 · Windows"),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/86.0 Mobile MicroMessenger/8.0.1", "微信 8 · Android"),
        (IPHONE, "Safari 17 · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 · Linux"),
        ("curl/8", "curl/8"),
        ("", ""),
    ],
)
def test_known_browsers(agent, name):
    assert browser_name(agent) == name


@given(st.text())
def test_anything_has_a_short_name(agent):
    assert len(browser_name(agent)) <= max(40, len(agent))
