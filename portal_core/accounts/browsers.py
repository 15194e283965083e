"""A short name for a browser, so that people recognise their own logins in a list."""

import re

# The first that matches wins: most browsers also claim to be Chrome and Safari.
_PROGRAMS = (
    ("微信", re.compile(r"MicroMessenger/(\d+)")),
    ("QQ浏览器", re.compile(r"QQBrowser/(\d+)")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+).*Safari")),
)
_SYSTEMS = (
    ("Android", re.compile("Android")),
    ("iPhone", re.compile("iPhone")),
    ("iPad", re.compile("iPad")),
    ("HarmonyOS", re.compile("HarmonyOS|OpenHarmony")),
    ("Windows", re.compile("Windows")),
    ("macOS", re.compile("Mac OS X")),
    ("Linux", re.compile("Linux")),
)


def browser_name(agent: str) -> str:
    """``Chrome 126 · Windows`` from a User-Agent header; what is not recognised is left out, the header cut when nothing is."""
    program = next((f"{name} {found[1]}" for name, pattern in _PROGRAMS if (found := pattern.search(agent))), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(agent)), "")
    return " · ".join(part for part in (program, system) if part) or agent[:40]
