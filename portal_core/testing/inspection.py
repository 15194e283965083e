"""What is looked for on every page: findings of axe, scrolling sideways, words left in English, targets too small to be hit."""

import json
import re
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core"
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")
LEAST_TARGET = 24


def axe_findings(page):
    """Violations of WCAG 2.2 A and AA that axe finds on ``page`` as it is now, in Chinese, one line each."""
    if not page.evaluate("'axe' in window"):
        # Not add_script_tag: the page's content security policy refuses it, as it should.
        page.evaluate((AXE / "axe.min.js").read_text(encoding="utf-8"))
    locale = json.loads((AXE / "locales/zh_CN.json").read_text(encoding="utf-8"))
    return _ask(page, "axeFindings", locale, STANDARDS)


def scrolls_sideways(page):
    """How many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def english_words(page, allowed):
    """Latin words that a reader meets on ``page``, without those that ``allowed`` (a set, in lower case) names."""
    words = {word for text in _ask(page, "readTexts") for word in LATIN_WORD.findall(text)}
    return sorted(word for word in words if word.lower() not in allowed)


def small_targets(page):
    """Links, buttons and fields that are too small for a finger (WCAG 2.5.8)."""
    return _ask(page, "smallTargets", LEAST_TARGET)


def _ask(page, question, *arguments):
    return page.evaluate(f"([name, arguments]) => ({SCRIPT})[name](...arguments)", [question, arguments])
