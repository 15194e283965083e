"""File names from outside: harmless to show, to store and to send back in a header."""

import unicodedata

from portal_core.files.documents import EXTENSIONS as DOCUMENT_EXTENSIONS
from portal_core.files.images import EXTENSIONS as IMAGE_EXTENSIONS
from portal_core.web.text import clean_line

EXTENSIONS = {**IMAGE_EXTENSIONS, **DOCUMENT_EXTENSIONS}
NAME_MAX = 120
# No file on Windows may have these in its name.
_RESERVED = '<>:"|?*'


def clean_name(raw: str, content_type: str) -> str:
    """A name for people, made of ``raw`` (as the browser sent it) and the extension that belongs to ``content_type``.

    Folders, reserved and control characters, and marks that turn the reading direction (``photo\u202egpj.exe``) are taken out.
    """
    return f"{_stem(raw)}.{EXTENSIONS[content_type]}"


def shown_name(raw: str) -> str:
    """``raw`` as it may be shown before the kind of its content is known: with the extension that it came with."""
    extension = clean_line(raw.rpartition(".")[2])
    return f"{_stem(raw)}.{extension}" if extension.isascii() and extension.isalnum() and len(extension) < 9 else _stem(raw)


def _stem(raw: str) -> str:
    base = unicodedata.normalize("NFC", raw.replace("\\", "/")).rpartition("/")[2]
    stem = clean_line("".join(c for c in base if c not in _RESERVED and unicodedata.category(c) != "Cf"))
    if "." in stem:
        stem = stem.rpartition(".")[0]
    return stem[:NAME_MAX].strip(" .") or "file"
