"""What is stored, in numbers, for the administrator: by owner and kind, the largest files, and the last comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.files.models import FileScan, StoredFile
from portal_core.files.names import EXTENSIONS

LARGEST = 10


@dataclass(frozen=True)
class Total:
    """Files of one owner and ``kind`` (PNG, PDF); ``size`` in bytes as uploaded, equal content counted each time."""

    owner: str
    title: Any
    kind: str
    files: int
    size: int


def totals(session: Session, owners: Mapping[str, Any]) -> list[Total]:
    """Files by owner and kind, the largest sum first. Owners that nobody declares are shown by their name."""
    size = sa.func.sum(StoredFile.size)
    query = (
        sa.select(StoredFile.owner, StoredFile.content_type, sa.func.count(), size)
        .group_by(StoredFile.owner, StoredFile.content_type)
        .order_by(size.desc())
    )
    return [
        Total(
            owner,
            owners[owner].title if owner in owners else owner,
            EXTENSIONS.get(content_type, content_type).upper(),
            files,
            int(octets),
        )
        for owner, content_type, files, octets in session.execute(query)
    ]


def largest(session: Session) -> list[StoredFile]:
    """The largest files."""
    return list(session.scalars(sa.select(StoredFile).order_by(StoredFile.size.desc(), StoredFile.id).limit(LARGEST)))


def last_scan(session: Session) -> FileScan | None:
    """The last comparison of the store with the rows, or None."""
    return session.scalar(sa.select(FileScan).order_by(FileScan.id.desc()).limit(1))
