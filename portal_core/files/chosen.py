"""The files of a posted form: those chosen just now and those kept from the last time the same form was refused.

    chosen = ChosenFiles(request, "pictures", max_mb=20)
    try:
        for upload in chosen.uploads(): …
    except Invalid as error:
        request.roll_back()
        chosen.keep(normalise)
        return page(chosen.kept)       # drawn by ``templates/files/kept.pt``
    chosen.done()

A token stands in the form as ``<field>_kept``, a tick at ``<field>_drop`` takes the file off. All of it works without JavaScript.
"""

from collections.abc import Callable

import structlog

from portal_core.errors import Invalid
from portal_core.files.kept import Kept, KeptUploadService
from portal_core.files.uploads import MAX_FILES, Upload, uploads
from portal_core.i18n import _
from portal_core.services import Services

log = structlog.get_logger("portal.files")
_TOKEN_MAX = 64


class ChosenFiles:
    """See the module. ``max_mb`` is for each file, ``max_files`` for the field. ``kept`` is what the form shows again."""

    def __init__(self, request, field: str, max_mb: int, max_files: int = MAX_FILES):
        self.request, self.field, self.max_mb, self.max_files = request, field, max_mb, max_files
        self.kept: list[Kept] = []
        dropped = set(self._tokens("drop"))
        self._sent = self._tokens("kept")
        self._used = [token for token in self._sent if token not in dropped]

    def uploads(self) -> list[Upload]:
        """All files of the field, those kept first. Raises Invalid at the field: see ``uploads`` and ``KeptUploadService``."""
        fresh = uploads(self.request, self.field, self.max_files)
        service = self.request.services.get(KeptUploadService)
        found = [upload for _kept, upload in service.uploads(self._used, self.field, self.request.identity)]
        if len(found) + len(fresh) > self.max_files:
            raise Invalid(fields={self.field: _("At most ${max} files at once.", mapping={"max": self.max_files})})
        return found + fresh

    def keep(self, check: Callable[[bytes], object]) -> None:
        """The form was refused: keep what is right in itself, which is what ``check(data)`` raises no Invalid for.

        In a transaction of its own, because the request's was rolled back; what fails here costs the files, not the page.
        """
        identity = self.request.identity
        try:
            with self.request.registry.portal.database.writing() as session:
                service = Services(session, self.request.registry.portal).get(KeptUploadService)
                self.kept = self._still_kept(service, identity)
                for upload in uploads(self.request, self.field)[: self.max_files - len(self.kept)]:
                    if self._is_right(upload, check):
                        self.kept.append(service.keep(upload, self.max_mb, identity))
        except (Invalid, OSError):
            log.warning("chosen files could not be kept", field=self.field, exc_info=True)

    def done(self) -> None:
        """The form was taken: what was kept for it is no longer needed."""
        if self._sent:
            self.request.services.get(KeptUploadService).forget(self._sent, self.request.identity)

    def _still_kept(self, service, identity):
        kept = []
        for token in self._used:
            try:
                kept += [item for item, _upload in service.uploads([token], self.field, identity)]
            except Invalid:
                continue  # It has expired; the message at the field says so already.
        return kept

    def _is_right(self, upload, check):
        try:
            check(upload.read(self.max_mb))
        except Invalid:
            return False
        return True

    def _tokens(self, ending):
        values = self.request.POST.getall(f"{self.field}_{ending}")
        return list(dict.fromkeys(v for v in values if isinstance(v, str) and 0 < len(v) <= _TOKEN_MAX))[:MAX_FILES]
