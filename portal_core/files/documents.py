"""Documents from outside: which kinds are taken, decided by their content alone.

They are kept as they are and only ever sent as downloads. Office files are looked into, because any archive begins like one, and
those with programs inside (macros) are refused.
"""

import io
import zipfile

from portal_core.errors import Invalid
from portal_core.i18n import _

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXTENSIONS = {PDF: "pdf", DOCX: "docx", XLSX: "xlsx"}
# The part that every file of the kind has (ECMA-376, Office Open XML).
_MAIN_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_MAX_PARTS = 5000


def kind_of(data: bytes) -> str:
    """The content type of a PDF, Word or Excel file; empty for everything else.

    Raises Invalid (message only) for an Office file with macros.
    """
    if data.startswith(b"%PDF-"):
        return PDF
    if not data.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except Exception:
        # A broken archive raises several kinds of exceptions; all of them mean the same here.
        return ""
    if "[Content_Types].xml" not in names or len(names) > _MAX_PARTS:
        return ""
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid(_("The document contains macros. Please save it without them."))
    return next((kind for part, kind in _MAIN_PARTS.items() if part in names), "")
