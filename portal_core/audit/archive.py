"""Copies of the audit log in files, which can be checked without the database.

Rows are never removed: a way for the program to do so would be a way for whoever has its password (decision 22).
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.audit import seals
from portal_core.audit.models import AuditSeal
from portal_core.audit.services import AuditService
from portal_core.services import Services

# Position of the id in a line, see ``seals.content``.
_ID = [column.name for column in seals.COLUMNS].index("id")
_SEAL_FIELDS = ("id", "at", "first_id", "last_id", "entries", "digest", "previous", "hash")


@dataclass(frozen=True)
class Archive:
    """What was written: the two files, the seals they hold and the number of lines."""

    lines: Path
    seals: Path
    first_seal: int
    last_seal: int
    entries: int


def write(services: Services, before: dt.datetime, folder: Path) -> Archive | None:
    """Copy every run of lines that was sealed before ``before`` into ``folder``; None when there is none.

    One file holds a line each as JSON, the other the columns' names and the seals. Existing files are not replaced: raises
    FileExistsError.
    """
    chosen = list(services.session.scalars(sa.select(AuditSeal).where(AuditSeal.at < before).order_by(AuditSeal.id)))
    if not chosen:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    name = f"audit-{chosen[0].id:06}-{chosen[-1].id:06}"
    archive = Archive(
        folder / f"{name}.jsonl",
        folder / f"{name}.seals.json",
        chosen[0].id,
        chosen[-1].id,
        sum(item.entries for item in chosen),
    )
    with archive.lines.open("xb") as target:
        for item in chosen:
            lines = seals.lines(services.session, item.first_id, item.last_id)
            target.writelines(seals.canonical(line) + b"\n" for line in lines)
    head = {"columns": [column.name for column in seals.COLUMNS], "seals": [_as_dict(item) for item in chosen]}
    with archive.seals.open("x", encoding="utf8") as target:
        json.dump(head, target, ensure_ascii=False, indent=1)
    detail = {"file": archive.lines.name, "entries": archive.entries}
    services.get(AuditService).record(SYSTEM, "core.audit_archived", "core.audit", detail=detail)
    return archive


def verify(path: Path) -> seals.Verified:
    """Check the lines in ``path`` (``….jsonl``) against the seals beside it, as ``seals.verify`` checks the database."""
    head = json.loads(path.with_suffix(".seals.json").read_text("utf8"))
    lines = _lines(path)
    previous, number, entries, waiting = None, 0, 0, None
    for fields in head["seals"]:
        item = AuditSeal(**{**fields, "at": dt.datetime.fromisoformat(fields["at"])})
        if (previous is not None and (item.previous, item.id) != (previous, number + 1)) or item.hash != seals.seal_hash(item):
            return seals.Verified(number, previous or "", entries, _broken(item, "the seal was changed"))
        # One line too many is taken, to see whether lines were put in after the last one of the seal.
        found, waiting = _take(lines, waiting, item.last_id)
        if seals.digest(found) != (item.digest, item.entries):
            return seals.Verified(number, previous or "", entries, _broken(item, "an entry was changed, removed or put in"))
        previous, number, entries = item.hash, item.id, entries + item.entries
    if waiting is not None or next(lines, None) is not None:
        return seals.Verified(number, previous or "", entries, seals.Break(number, 0, 0, "entries without a seal"))
    return seals.Verified(number, previous or "", entries, None)


def _take(lines: Iterator[list], waiting: list | None, last_id: int) -> tuple[list[list], list | None]:
    """The lines up to ``last_id``, beginning with ``waiting``, and the one after them."""
    taken = []
    line = waiting if waiting is not None else next(lines, None)
    while line is not None and line[_ID] <= last_id:
        taken.append(line)
        line = next(lines, None)
    return taken, line


def _lines(path: Path) -> Iterator[list]:
    with path.open(encoding="utf8") as source:
        for text in source:
            yield json.loads(text)


def _as_dict(item: AuditSeal) -> dict:
    values = {name: getattr(item, name) for name in _SEAL_FIELDS}
    return values | {"at": item.at.astimezone(dt.UTC).isoformat()}


def _broken(item: AuditSeal, what: str) -> seals.Break:
    return seals.Break(item.id, item.first_id, item.last_id, what)
