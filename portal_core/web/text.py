"""Cleaning text that people type or paste, before it is validated and stored."""

import re

# Control characters, and the marks that turn the direction of what follows and so can make a name look like another.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BLANKS = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"\r\n?")


def clean_line(text: str) -> str:
    """``text`` as one line: no control characters, every run of blanks one blank, none at the ends."""
    return _BLANKS.sub(" ", _UNWANTED.sub("", text)).strip()


def clean_text(text: str) -> str:
    """``text`` of several lines: no control characters, line ends as ``\\n``, no blanks at the ends."""
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", text)).strip()
