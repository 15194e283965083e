"""Storing and finding files. The store holds bytes by digest; a row says who sent what, and which part of the portal owns it.

The bytes are in the store before the row is written, so no committed row lacks them; a transaction that is rolled back leaves
bytes without a row, which ``portal_core.files.collector`` removes after a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import structlog

from portal_core.accounts.identity import Identity
from portal_core.errors import Invalid, NotFound
from portal_core.files.documents import EXTENSIONS as DOCUMENTS
from portal_core.files.documents import kind_of
from portal_core.files.images import EXTENSIONS, Picture, normalise, shrink
from portal_core.files.models import StoredFile
from portal_core.files.names import clean_name
from portal_core.files.store import FileStore
from portal_core.files.uploads import Upload
from portal_core.i18n import _
from portal_core.services import Services

log = structlog.get_logger("portal.files")

# Widths in pixels at which pictures can be asked for: a free choice would let anybody fill the disk.
THUMBNAIL_WIDTHS = (240, 480, 960)


@dataclass(frozen=True)
class Served:
    """An object of the store that is to be sent: its ``size`` in bytes, and how to open it."""

    store: FileStore
    digest: str
    variant: str
    size: int

    def open(self) -> BinaryIO:
        """The bytes, seekable; the caller closes it."""
        return self.store.open(self.digest, self.variant)


class FileService:
    """Files of all plugins. ``owner`` is the plugin's name; its ``file_access`` decides who may see the file."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.store = services.portal.file_store

    def save_images(
        self, uploads: Sequence[Upload], owner: str, identity: Identity, max_mb: int = 10, panorama: bool = False
    ) -> list[StoredFile]:
        """Store pictures (JPEG, PNG, WebP), decoded and encoded anew, without metadata; ``panorama`` allows 8192 x 4096 pixels.

        A large picture takes half a second. All are decoded before the first row is written, and a view calls this before
        its own first statement, so that no lock is held meanwhile. Raises Invalid with the message at the uploads' field.
        """
        pictures = [(upload.name, self._picture(upload, max_mb, panorama)) for upload in uploads]
        return [self._save_picture(picture, name, owner, identity) for name, picture in pictures]

    def save_image(self, upload: Upload, owner: str, identity: Identity, max_mb: int = 10, panorama: bool = False) -> StoredFile:
        """Store one picture, as ``save_images`` does."""
        return self.save_images([upload], owner, identity, max_mb, panorama)[0]

    def save_document(self, upload: Upload, owner: str, identity: Identity, max_mb: int = 10) -> StoredFile:
        """Store a PDF, Word or Excel file as it is (people get it as a download only) or a picture as ``save_image`` does.

        Raises Invalid with the message at the upload's field.
        """
        data = upload.read(max_mb)
        try:
            kind = kind_of(data)
        except Invalid as error:
            raise upload.refused(error.message) from None
        if kind:
            return self._save(data, kind, upload.name, owner, identity)
        try:
            picture = normalise(data)
        except Invalid:
            raise upload.refused(
                _("The content is neither a PDF, Word or Excel file nor a picture (JPEG, PNG or WebP).")
            ) from None
        return self._save_picture(picture, upload.name, owner, identity)

    def save_made(self, data: bytes, name: str, content_type: str, owner: str, identity: Identity | None = None) -> StoredFile:
        """Store a document that the program made itself (an export). ``content_type``: a key of ``documents.EXTENSIONS``."""
        if content_type not in DOCUMENTS:
            raise ValueError(f"{content_type!r} is no kind of document")
        return self._save(data, content_type, name, owner, identity)

    def save_bytes(
        self, data: bytes, name: str, owner: str, identity: Identity | None = None, panorama: bool = False
    ) -> StoredFile:
        """Store a picture that the program made itself (demo data), by the same rules. Raises Invalid."""
        return self._save_picture(normalise(data, panorama), name, owner, identity)

    def get(self, file_id: int) -> StoredFile:
        """The row ``file_id``. Raises NotFound."""
        file = self.session.get(StoredFile, file_id)
        if file is None:
            raise NotFound()
        return file

    def open(self, file: StoredFile) -> BinaryIO:
        """The bytes of ``file`` for reading; the caller closes it. Raises NotFound when the store lacks them."""
        return self.served(file).open()

    def served(self, file: StoredFile) -> Served:
        """The object of ``file``. Raises NotFound when the store lacks it (a backup without its store)."""
        size = self.store.size(file.digest)
        if size is None:
            log.error("stored bytes are missing", file=file.id, digest=file.digest)
            raise NotFound()
        return Served(self.store, file.digest, "", size)

    def thumbnail(self, file: StoredFile, width: int) -> Served:
        """A copy of the picture ``file`` that is ``width`` pixels wide; made when it is first asked for.

        A picture that is narrower already is its own copy. Raises NotFound for other widths than ``THUMBNAIL_WIDTHS`` and
        for files that are no pictures.
        """
        if width not in THUMBNAIL_WIDTHS or file.content_type not in EXTENSIONS:
            raise NotFound()
        if file.width <= width:
            return self.served(file)
        variant = f"w{width}"
        size = self.store.size(file.digest, variant)
        if size is None:
            with self.open(file) as stream:
                data = shrink(stream.read(), width)
            self.store.put_variant(file.digest, variant, data)
            size = len(data)
        return Served(self.store, file.digest, variant, size)

    def _picture(self, upload: Upload, max_mb: int, panorama: bool) -> Picture:
        try:
            return normalise(upload.read(max_mb), panorama)
        except Invalid as error:
            # A picture's own error has a message only; who knows the field is the upload.
            raise error if error.fields else upload.refused(error.message) from None

    def _save_picture(self, picture: Picture, name: str, owner: str, identity: Identity | None) -> StoredFile:
        return self._save(picture.data, picture.content_type, name, owner, identity, picture.width, picture.height)

    def _save(
        self, data: bytes, content_type: str, name: str, owner: str, identity: Identity | None, width: int = 0, height: int = 0
    ) -> StoredFile:
        file = StoredFile(
            digest=self.store.put(data),
            owner=owner,
            name=clean_name(name, content_type),
            content_type=content_type,
            size=len(data),
            width=width,
            height=height,
            uploaded_by_id=identity.user_id or None if identity else None,
            created=self.services.clock.now(),
        )
        self.session.add(file)
        self.session.flush()
        return file
