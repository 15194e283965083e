"""Bytes on disk under their SHA-256: ``ab/cdef…``. Nothing is ever overwritten or deleted."""

import hashlib
import os
import tempfile
from pathlib import Path


class FileStore:
    """A folder of files. The folder may be shared by several web hosts: every write is atomic and writing twice is harmless."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, digest: str, variant: str = "") -> Path:
        """Where the bytes with ``digest`` lie or would lie; ``variant`` names something made of them (``w240``)."""
        return self.folder / digest[:2] / (digest[2:] + (f"-{variant}" if variant else ""))

    def put(self, data: bytes) -> str:
        """Write ``data`` unless it is there; returns its digest (hex). When this returns, the bytes survive a power cut."""
        digest = hashlib.sha256(data).hexdigest()
        self._write(self.path(digest), data)
        return digest

    def put_variant(self, digest: str, variant: str, data: bytes) -> Path:
        """Write something made of the bytes with ``digest``; returns where it lies."""
        path = self.path(digest, variant)
        self._write(path, data)
        return path

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        self._sync_folder(path.parent)

    def _sync_folder(self, folder: Path) -> None:
        # The new name is safe only when its folder is written too.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
