"""Bytes under their SHA-256 (``ab/cdef…``), in a folder or in an S3-compatible store. Nothing is ever overwritten.

Reading, listing and moving go through fsspec, whatever lies below; writing is the store's own, because a write must be whole or
not there at all. What nobody needs any more is first *retired*: moved to ``trash/``, where a reader still finds it, and only
purged a day later. Somebody may be storing the same bytes at the very moment in which they are found useless.
"""

import datetime as dt
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

FOLDER = "folder"
TRASH = "trash"
UNFINISHED = ".new-"
_KEY = re.compile(r"(?P<head>[0-9a-f]{2})/(?P<tail>[0-9a-f]{62})(?:-(?P<variant>[a-z0-9]{1,12}))?")
# Up to this size an object of a remote store is fetched with one request.
_AT_ONCE = 4 << 20
# After this time a store that does not answer counts as down. A page must not wait longer for a picture.
_CONNECT_TIMEOUT, _TIMEOUT = "5s", "60s"
_RETRY_TIMEOUT = dt.timedelta(seconds=20)


@dataclass(frozen=True)
class Entry:
    """An object in the store. ``variant`` is empty for what was uploaded; ``retired``: it lies in the trash."""

    digest: str
    variant: str
    size: int
    retired: bool = False


class FileStore:
    """Objects below ``root`` of a file system that writes an object whole or not at all (S3 does)."""

    def __init__(self, fs: AbstractFileSystem, root: str):
        self.fs = fs
        self.root = root.rstrip("/")

    def key(self, digest: str, variant: str = "", trash: bool = False) -> str:
        """Where the object lies or would lie. ``variant`` names something made of the bytes (``w240``)."""
        folder = f"{self.root}/{TRASH}" if trash else self.root
        return f"{folder}/{digest[:2]}/{digest[2:]}" + (f"-{variant}" if variant else "")

    def put(self, data: bytes) -> str:
        """Write ``data`` unless it is there; returns its digest (hex). When this returns, the bytes are safe."""
        digest = hashlib.sha256(data).hexdigest()
        self.put_variant(digest, "", data)
        return digest

    def put_variant(self, digest: str, variant: str, data: bytes) -> None:
        """Write something made of the bytes with ``digest``, unless it is there."""
        if self.size(digest, variant) is None:
            self._write(self.key(digest, variant), data)

    def size(self, digest: str, variant: str = "") -> int | None:
        """How many bytes the object has, or None when there is none. A retired object is brought back."""
        try:
            return self.fs.info(self.key(digest, variant))["size"]
        except FileNotFoundError:
            return self._size_restored(digest, variant)

    def open(self, digest: str, variant: str = "") -> BinaryIO:
        """The object for reading, seekable; the caller closes it. Raises FileNotFoundError."""
        size = self.size(digest, variant)
        if size is None:
            raise FileNotFoundError(digest)
        key = self.key(digest, variant)
        return io.BytesIO(self.fs.cat_file(key)) if size <= _AT_ONCE else self.fs.open(key, "rb")

    def read(self, digest: str) -> bytes:
        """The bytes with ``digest``. Raises FileNotFoundError."""
        with self.open(digest) as stream:
            return stream.read()

    def entries(self, trash: bool = False) -> Iterator[Entry]:
        """All objects that are in use, or all retired ones. Whatever else lies there is passed over."""
        folder = f"{self.root}/{TRASH}" if trash else self.root
        for path, info in self._found(folder):
            match = _KEY.fullmatch(path)
            if match:
                yield Entry(match["head"] + match["tail"], match["variant"] or "", info["size"], trash)

    def changed(self, entry: Entry) -> dt.datetime:
        """When the object was written or, in the trash, retired (UTC). Raises FileNotFoundError."""
        info = self.fs.info(self.key(entry.digest, entry.variant, entry.retired))
        moment = info.get("last_modified")
        return moment.astimezone(dt.UTC) if moment else dt.datetime.fromtimestamp(info["mtime"], dt.UTC)

    def retire(self, entry: Entry) -> None:
        """Put an object aside that nobody seems to need."""
        self._move(self.key(entry.digest, entry.variant), self.key(entry.digest, entry.variant, trash=True))

    def restore(self, entry: Entry) -> None:
        """Bring a retired object back."""
        self._move(self.key(entry.digest, entry.variant, trash=True), self.key(entry.digest, entry.variant))

    def purge(self, entry: Entry) -> None:
        """Delete a retired object for good."""
        self.fs.rm_file(self.key(entry.digest, entry.variant, trash=True))

    def tidy(self, before: dt.datetime) -> None:
        """Remove what writes that were broken off before that moment left behind; a remote store does that itself."""

    def check(self) -> None:
        """Raise an exception when the store cannot be written, read or emptied again."""
        key = f"{self.root}/{UNFINISHED}check-{os.getpid()}-{os.urandom(4).hex()}"
        self.fs.pipe_file(key, b"portal")
        try:
            if self.fs.cat_file(key) != b"portal":
                raise OSError("the file store gives back other bytes than it was given")
        finally:
            self.fs.rm_file(key)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _write(self, key: str, data: bytes) -> None:
        self.fs.pipe_file(key, data)

    def _move(self, source: str, target: str) -> None:
        self.fs.cp_file(source, target)
        self.fs.rm_file(source)

    def _size_restored(self, digest: str, variant: str) -> int | None:
        """Bring the object back from the trash; its size, or None when it is not there either."""
        try:
            self._move(self.key(digest, variant, trash=True), self.key(digest, variant))
            return self.fs.info(self.key(digest, variant))["size"]
        except FileNotFoundError:
            return None

    def _found(self, folder: str) -> Iterator[tuple[str, dict]]:
        try:
            found = self.fs.find(folder, detail=True)
        except FileNotFoundError:
            return
        for path, info in found.items():
            yield path.removeprefix(f"{folder}/"), info


class FolderStore(FileStore):
    """Objects in a folder, which several web hosts may share: every write is atomic and writing twice is harmless."""

    def __init__(self, folder: Path):
        super().__init__(LocalFileSystem(skip_instance_cache=True), folder.as_posix())
        self.folder = folder

    def open(self, digest: str, variant: str = "") -> BinaryIO:
        """See ``FileStore.open``; a local file needs no buffer of ours."""
        if self.size(digest, variant) is None:
            raise FileNotFoundError(digest)
        return open(self.key(digest, variant), "rb")

    def tidy(self, before: dt.datetime) -> None:
        """Remove the temporary files of writers that were killed."""
        for file in self.folder.rglob(f"{UNFINISHED}*"):
            if file.stat().st_mtime < before.timestamp():
                file.unlink(missing_ok=True)

    def check(self) -> None:
        """See ``FileStore.check``. The folder is made when it is missing, as the first write would do."""
        self.folder.mkdir(parents=True, exist_ok=True)
        super().check()

    def _write(self, key: str, data: bytes) -> None:
        path = Path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
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

    def _move(self, source: str, target: str) -> None:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        os.utime(target)

    def _sync_folder(self, folder: Path) -> None:
        # The new name is safe only when its folder is written too.
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def open_store(settings) -> FileStore:
    """The store that ``portal.file_store`` names: a folder in the data folder, or ``s3://bucket/prefix``."""
    place = settings["portal.file_store"]
    if place == FOLDER:
        return FolderStore(settings.path("portal.data_dir") / "files")
    # Only a portal that keeps its files there pays for loading the client.
    from obstore.fsspec import FsspecStore

    config = {
        "endpoint": settings["portal.file_store_endpoint"],
        "region": settings["portal.file_store_region"],
        "access_key_id": settings["portal.file_store_key"],
        "secret_access_key": settings["portal.file_store_secret"],
    }
    fs: AbstractFileSystem = FsspecStore(  # type: ignore[call-overload]
        "s3",
        config={name: value for name, value in config.items() if value},
        client_options={"allow_http": True, "connect_timeout": _CONNECT_TIMEOUT, "timeout": _TIMEOUT},
        retry_config={"max_retries": 3, "retry_timeout": _RETRY_TIMEOUT},
    )
    return FileStore(fs, place.removeprefix("s3://"))


def as_place(text: str) -> str:
    """``folder`` or ``s3://bucket`` with an optional prefix; the parser of ``portal.file_store``."""
    place = text.strip().rstrip("/")
    if place != FOLDER and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*", place):
        raise ValueError(f"{text!r} is neither 'folder' nor 's3://bucket/prefix'")
    return place
