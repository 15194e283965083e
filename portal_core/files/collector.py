"""Keeping store and rows together: files that nobody refers to go, and what is missing is found.

Every step leaves a day. A form that is being filled in, an upload whose transaction is still open and a reader that has just been
given an address are all safe that long.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.files.models import FileScan, KeptUpload, StoredFile
from portal_core.files.store import Entry, FileStore

KEEP = dt.timedelta(hours=24)
# Scans are kept for a month, and each names at most so many lost files.
KEEP_SCANS = dt.timedelta(days=30)
NAMED = 50


@dataclass(frozen=True)
class Findings:
    """``objects`` and their ``size`` in bytes; ``unknown``: objects without a row; ``missing``: digests without object."""

    objects: int
    size: int
    unknown: tuple[Entry, ...]
    missing: tuple[str, ...]


def examine(session: Session, store: FileStore) -> Findings:
    """Compare all objects of the store with all rows. Reads the whole list of both."""
    known = known_digests(session)
    objects = size = 0
    unknown, found = [], set()
    for entry in store.entries():
        objects, size = objects + 1, size + entry.size
        if entry.digest not in known:
            unknown.append(entry)
        elif not entry.variant:
            found.add(entry.digest)
    # A file that is stored while the list is read has a row of after, not of before. Whatever lies in the trash comes back when
    # it is asked for.
    missing = sorted(digest for digest in known - found if store.size(digest) is None)
    return Findings(objects, size, tuple(unknown), tuple(missing))


def known_digests(session: Session) -> set[str]:
    """The digests that some row names."""
    return set(session.scalars(sa.union(sa.select(StoredFile.digest), sa.select(KeptUpload.digest))))


def collect(session: Session, portal, clock) -> None:
    """The daily job: forget uploads kept too long, remove what nobody refers to, and note what was found."""
    store, now = portal.file_store, clock.now()
    session.execute(sa.delete(KeptUpload).where(KeptUpload.created < now - KEEP))
    session.execute(sa.delete(FileScan).where(FileScan.at < now - KEEP_SCANS))
    removed = remove_unreferenced(session, portal.file_owners.values(), now - KEEP)
    store.tidy(now - KEEP)
    purged = _empty_trash(store, known_digests(session), now - KEEP)
    findings = examine(session, store)
    retired = _retire(store, findings.unknown, now - KEEP)
    session.add(_scan(findings, now, removed, retired, purged))


def remove_unreferenced(session: Session, owners: Iterable, before: dt.datetime) -> int:
    """Delete the rows of files stored ``before`` a moment to which their declared owner does not refer; how many there were."""
    removed = 0
    for owner in (owner for owner in owners if owner.referenced):
        # NOT IN is never true beside a NULL, and a reference may well be optional.
        used = owner.referenced().subquery()
        column = next(iter(used.c))
        unused = sa.delete(StoredFile).where(
            StoredFile.owner == owner.owner,
            StoredFile.created < before,
            StoredFile.id.not_in(sa.select(column).where(column.is_not(None))),
        )
        gone = session.scalars(unused.returning(StoredFile.id).execution_options(synchronize_session=False))
        removed += len(gone.all())
    return removed


def _retire(store: FileStore, unknown: Iterable[Entry], before: dt.datetime) -> int:
    old = [entry for entry in unknown if store.changed(entry) < before]
    for entry in old:
        store.retire(entry)
    return len(old)


def _empty_trash(store: FileStore, known: set[str], before: dt.datetime) -> int:
    """Delete what was retired ``before`` a moment; what has got a row meanwhile comes back instead."""
    purged = 0
    for entry in store.entries(trash=True):
        if entry.digest in known:
            store.restore(entry)
        elif store.changed(entry) < before:
            store.purge(entry)
            purged += 1
    return purged


def _scan(findings: Findings, now: dt.datetime, removed: int, retired: int, purged: int) -> FileScan:
    return FileScan(
        at=now,
        objects=findings.objects - retired,
        size=findings.size,
        unknown=len(findings.unknown) - retired,
        missing_count=len(findings.missing),
        missing=list(findings.missing[:NAMED]),
        rows_removed=removed,
        retired=retired,
        purged=purged,
    )
