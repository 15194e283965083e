"""Seals: what makes a change of the audit log show (decision 22).

Chaining every line to the one before would make all writers of the portal wait for each other. So lines are written without any
order between them, and an hourly job seals what has been written since: a digest over a run of consecutive lines, and a hash over
that digest and the hash of the seal before. A line that is changed, removed or put in between later no longer fits its seal, a
seal that is changed no longer fits the next one.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.audit.models import AuditEntry, AuditSeal
from portal_core.services import Services

# A break is told by the seal, so a seal must not cover more lines than somebody can look through.
ENTRIES_PER_SEAL = 500
SEALS_AT_ONCE = 1000
# How long sealing may keep writers of the log waiting while it waits for the last of them to finish.
PATIENCE = "500ms"

COLUMNS = tuple(AuditEntry.__table__.columns)


@dataclass(frozen=True)
class Break:
    """A place where the log does not fit its seals: number of the seal, first and last line it is about, and what is wrong."""

    seal: int
    first_id: int
    last_id: int
    what: str

    def __str__(self):
        return f"seal {self.seal}, entries {self.first_id} to {self.last_id}: {self.what}"


@dataclass(frozen=True)
class Verified:
    """What a check of the seals found: the last sound seal's number and hash, how many lines it looked at, the first break."""

    position: int
    hash: str
    entries: int
    broken: Break | None

    @property
    def anchor(self) -> str:
        """``number:hash`` of the last sound seal, to be kept outside the database."""
        return f"{self.position}:{self.hash}"


def content(row) -> list:
    """What is sealed of a line: all of it. Also the form in which it is archived."""
    values = row._mapping
    return [value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value for value in values.values()]


def canonical(value) -> bytes:
    """JSON that is the same for the same value, whichever database it went through."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(lines: Iterable[list]) -> tuple[str, int]:
    """SHA-256 over the contents of lines in their order, as hex, and how many there were."""
    total, count = hashlib.sha256(), 0
    for line in lines:
        total.update(canonical(line) + b"\n")
        count += 1
    return total.hexdigest(), count


def seal_hash(seal: AuditSeal) -> str:
    """SHA-256 over a seal and the hash of the one before, as hex."""
    parts = [
        seal.previous,
        seal.id,
        seal.at.astimezone(dt.UTC).isoformat(),
        seal.first_id,
        seal.last_id,
        seal.entries,
        seal.digest,
    ]
    return hashlib.sha256(canonical(parts)).hexdigest()


def lines(session: Session, first_id: int, last_id: int) -> Iterator[list]:
    """The contents of the lines of one seal in order. ``first_id`` 1 means from the very first."""
    query = sa.select(*COLUMNS).where(AuditEntry.id <= last_id).order_by(AuditEntry.id)
    if first_id > 1:
        # Nobody gives a line an id below 1, so one that has such an id must be found by the first seal.
        query = query.where(AuditEntry.id >= first_id)
    return (content(row) for row in session.execute(query))


def newest(session: Session) -> AuditSeal | None:
    """The last seal, or None."""
    return session.scalar(sa.select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))


def seal(services: Services) -> list[AuditSeal]:
    """Seal every line that was written and is not sealed yet; returns the new seals. Cheap when there is nothing to do."""
    horizon = _horizon(services)
    session, last = services.session, newest(services.session)
    made = []
    while (start := last.last_id if last else 0) < horizon:
        end = _end_of_run(session, start, horizon)
        found, count = digest(lines(session, start + 1, end))
        last = AuditSeal(
            id=(last.id if last else 0) + 1,
            at=services.clock.now(),
            first_id=start + 1,
            last_id=end,
            entries=count,
            digest=found,
            previous=last.hash if last else "",
        )
        last.hash = seal_hash(last)
        session.add(last)
        made.append(last)
    session.flush()
    return made


def _horizon(services: Services) -> int:
    """The highest id below which no line can appear any more.

    Ids are given out before their lines are committed, so a line with a lower id may still be on its way. On PostgreSQL a lock
    that conflicts with writers is taken for a moment: when it is given, nobody is between the two. On SQLite there is one writer.
    """
    highest = sa.select(sa.func.coalesce(sa.func.max(AuditEntry.id), 0))
    if services.portal.database.dialect == "sqlite":
        return services.session.scalar(highest) or 0
    with services.portal.database.writing() as session:
        session.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        session.execute(sa.text("LOCK TABLE core_audit IN SHARE MODE"))
        return session.scalar(highest) or 0


def _end_of_run(session: Session, start: int, horizon: int) -> int:
    """The id up to which the next seal reaches."""
    ids = sa.select(AuditEntry.id).where(AuditEntry.id > start, AuditEntry.id <= horizon).order_by(AuditEntry.id)
    return session.scalar(ids.offset(ENTRIES_PER_SEAL - 1).limit(1)) or horizon


def verify(session: Session, after: int = 0, limit: int | None = None) -> Verified:
    """Check the seals from number ``after + 1`` on, until the end or until ``limit`` lines were looked at.

    The seals themselves are few and are checked from the first one whatever ``after`` is.
    """
    previous, number, last_id, looked_at = "", 0, 0, 0
    for item in _in_order(session):
        if limit is not None and looked_at >= limit:
            break
        what = _wrong_in_chain(item, number, previous, last_id)
        if what is None and item.id > after:
            found, count = digest(lines(session, item.first_id, item.last_id))
            looked_at += count
            what = _wrong_in_lines(item, found, count)
        if what is not None:
            return Verified(number, previous, looked_at, Break(item.id, item.first_id, item.last_id, what))
        number, previous, last_id = item.id, item.hash, item.last_id
    return Verified(number, previous, looked_at, None)


def _in_order(session: Session) -> Iterator[AuditSeal]:
    """All seals, page by page: a server-side cursor would need a transaction, and reading has none."""
    after: int | None = None
    while True:
        query = sa.select(AuditSeal).order_by(AuditSeal.id).limit(SEALS_AT_ONCE)
        page = list(session.scalars(query if after is None else query.where(AuditSeal.id > after)))
        yield from page
        if len(page) < SEALS_AT_ONCE:
            return
        after = page[-1].id


def missing(session: Session, anchor: str) -> Break | None:
    """A break when the seal that ``anchor`` (``number:hash``) names is no longer there as it was; None for an empty anchor."""
    if not anchor:
        return None
    number, _colon, expected = anchor.partition(":")
    item = session.get(AuditSeal, int(number)) if int(number) else None
    if int(number) == 0 or (item is not None and item.hash == expected):
        return None
    return Break(int(number), 0, 0, "the seal that was seen here is gone or another one")


def _wrong_in_chain(item: AuditSeal, number: int, previous: str, last_id: int) -> str | None:
    if item.id != number + 1:
        return "seals before it are missing"
    if item.previous != previous or item.first_id != last_id + 1 or item.hash != seal_hash(item):
        return "the seal was changed"
    return None


def _wrong_in_lines(item: AuditSeal, found: str, count: int) -> str | None:
    if count < item.entries:
        return f"{item.entries - count} entries were removed"
    if count > item.entries:
        return f"{count - item.entries} entries were put in"
    return None if found == item.digest else "an entry was changed"
