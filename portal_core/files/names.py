"""File names from outside: harmless to show, to store and to send back in a header."""

import unicodedata

from portal_core.files.images import EXTENSIONS as IMAGE_EXTENSIONS

EXTENSIONS = {**IMAGE_EXTENSIONS, "application/pdf": "pdf"}
NAME_MAX = 120


def clean_name(raw: str, content_type: str) -> str:
    """A name for people, made of ``raw`` (as the browser sent it) and the extension that belongs to ``content_type``.

    Folders, control characters and marks that change the reading direction (``photo\u202egpj.exe``) are taken out.
    """
    base = unicodedata.normalize("NFC", raw.replace("\\", "/")).rpartition("/")[2]
    visible = "".join(" " if c.isspace() else c for c in base if unicodedata.category(c)[0] != "C" or c in "\t\n")
    stem = " ".join(visible.split())
    if "." in stem:
        stem = stem.rpartition(".")[0]
    stem = stem[:NAME_MAX].strip(" .")
    return f"{stem or 'file'}.{EXTENSIONS[content_type]}"
