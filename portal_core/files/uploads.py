"""Files of a posted form, as WebOb parsed them, turned into values that services understand.

WebOb leaves a file's bytes in a temporary file on disk; they are read only here, one file at a time and never more than allowed.
The view must declare the field (``files=("pictures",)``, see ``portal_core.web.posted``).
"""

from dataclasses import dataclass
from typing import BinaryIO

from portal_core.errors import Invalid
from portal_core.i18n import _

MAX_FILES = 20


@dataclass(frozen=True)
class Upload:
    """One file that a person chose. ``field`` is the form field, ``name`` the name the browser sent, as it came."""

    field: str
    name: str
    stream: BinaryIO

    def read(self, max_mb: int) -> bytes:
        """The bytes. Raises Invalid, at the field, when there are none or more than ``max_mb`` megabytes."""
        limit = max_mb * 1024 * 1024
        self.stream.seek(0)
        data = self.stream.read(limit + 1)
        if not data:
            raise self.refused(_("The file is empty."))
        if len(data) > limit:
            raise self.refused(_("The file is larger than ${max} MB.", mapping={"max": max_mb}))
        return data

    def refused(self, message) -> Invalid:
        """The error that says ``message`` at this upload's field."""
        return Invalid(fields={self.field: message})


def uploads(request, field: str, max_files: int = MAX_FILES) -> list[Upload]:
    """The files chosen in the form field ``field`` in order; empty when none was chosen.

    Raises Invalid, at the field, for text where a file is expected and for more than ``max_files``.
    """
    chosen = []
    for value in request.POST.getall(field):
        if hasattr(value, "file"):
            chosen.append(Upload(field, value.filename, value.file))
        elif value:
            # A file input without a choice sends an empty value; text means the form was not sent as multipart.
            raise Invalid(fields={field: _("Please choose a file.")})
    if len(chosen) > max_files:
        raise Invalid(fields={field: _("At most ${max} files at once.", mapping={"max": max_files})})
    return chosen
