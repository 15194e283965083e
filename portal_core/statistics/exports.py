"""Lists as xlsx files, written in the background: ordering one, making it, giving it to its owner, removing it after a day."""

import datetime as dt
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.accounts.identity import Identity
from portal_core.accounts.rights import RightsService
from portal_core.audit.services import AuditService
from portal_core.clock import Clock
from portal_core.errors import Conflict
from portal_core.files.documents import XLSX
from portal_core.files.models import StoredFile
from portal_core.files.services import FileService
from portal_core.i18n import _
from portal_core.jobs.services import JobService
from portal_core.services import Services
from portal_core.statistics import workbook
from portal_core.statistics.asked import Asked, Behind, look_up
from portal_core.statistics.datasets import DEPARTMENT
from portal_core.statistics.rows import Sheet, spoken
from portal_core.statistics.services import StatisticsService

EXPORT = "core.export"
OWNER = "core.export"
# Temporary exports are gone after a day (GB/T 22239 level 2, residual data).
KEEP = dt.timedelta(hours=24)


class ExportService:
    """Orders exports. The work itself is ``prepare_export`` and ``store_export``."""

    def __init__(self, services: Services):
        self.services = services

    def order(self, asked: Asked, identity: Identity) -> int:
        """Have the list exported for ``identity``; returns the id of the work.

        The same list asked for again while it is being made is not made twice. Raises NotFound for a list that is not theirs.
        """
        behind = look_up(self.services.get(StatisticsService), asked, identity)
        args = asked.to_json() | {"user_id": identity.user_id}
        key = f"{identity.user_id} {_fingerprint(args)}"
        work_id = self.services.get(JobService).enqueue(EXPORT, args, key=key, owner_id=identity.user_id)
        audit = self.services.get(AuditService)
        audit.record(identity, "core.exported", "core.dataset", behind.dataset.code, detail=asked.to_json())
        return work_id

    def file(self, file_id: int, identity: Identity) -> StoredFile | None:
        """The finished file, or None when its day is over. Only for its owner."""
        file = self.services.session.get(StoredFile, file_id)
        return file if file is not None and is_owner(file, identity) else None


def is_owner(file: StoredFile, identity: Identity | None) -> bool:
    """May ``identity`` have this export? Nobody but who ordered it, administrators included."""
    return identity is not None and file.owner == OWNER and file.uploaded_by_id == identity.user_id


def prepare_export(portal: Any, args: dict[str, Any], progress: Any) -> bytes:
    """Read the list with the rights that the person has now, and write it; the workbook's bytes. No transaction is held."""
    with portal.database.reading() as session, tempfile.TemporaryDirectory() as folder:
        services = Services(session, portal)
        identity = services.get(RightsService).identity_of(args["user_id"])
        statistics, asked = services.get(StatisticsService), Asked.from_json(args)
        behind = look_up(statistics, asked, identity)
        sheet = Sheet.of(statistics, behind.dataset, portal.default_text)
        facts = statistics.facts(behind.dataset, behind.scope)
        size = facts.size(behind.measure, behind.span)
        if size + len(heading(services, behind, identity)) >= workbook.MAX_ROWS:
            raise Conflict(_("The list is too long for one sheet; choose a shorter period."))
        progress.report(0, size)
        path = Path(folder) / "export.xlsx"
        with path.open("wb") as target:
            workbook.write(
                target,
                heading(services, behind, identity),
                [portal.default_text(column.title) for column in sheet.columns],
                map(sheet.cells, facts.stream(behind.measure, behind.span)),
                lambda done: progress.report(done, size),
            )
        return path.read_bytes()


def store_export(services: Services, args: dict[str, Any], prepared: bytes) -> dict[str, Any]:
    """Keep the workbook as a file of the person who ordered it; the result names it."""
    identity = services.get(RightsService).identity_of(args["user_id"])
    behind = look_up(services.get(StatisticsService), Asked.from_json(args), identity)
    text = services.portal.default_text
    name = f"{text(behind.dataset.title)}-{text(behind.measure.title)}-{args['from']}-{args['to']}"
    file = services.get(FileService).save_made(prepared, f"{name}.xlsx", XLSX, OWNER, identity)
    return {"file_id": file.id}


def heading(services: Services, behind: Behind, identity: Identity) -> list[str]:
    """The lines above the table: who exported what, when, and by which conditions."""
    text, clock = services.portal.default_text, services.clock
    who = _(
        "Exported by ${name} (${unit}) at ${moment}",
        mapping={
            "name": identity.name,
            "unit": identity.department_name,
            "moment": f"{clock.local(clock.now()):%Y-%m-%d %H:%M}",
        },
    )
    return [text(who), f"{text(behind.dataset.title)} · {text(behind.measure.title)} · {conditions(services, behind, text)}"]


def conditions(services: Services, behind: Behind, text: Any) -> str:
    """The filter in words: ``2026-11-01 – 2026-11-24 · 财政局``."""
    statistics = services.get(StatisticsService)
    first, after = behind.span
    words = [f"{first} – {after - dt.timedelta(days=1)}"]
    words += [unit.name for unit in statistics.units.values() if unit.path == behind.scope.unit_path]
    for code, value in behind.scope.by.items():
        title = next(d.title for d in statistics.dimensions(behind.dataset) if d.code == code)
        name = statistics.labels(behind.dataset, code).get(value, value if value is not None else _("None given"))
        words.append(spoken(text, name) if code == DEPARTMENT else f"{text(title)}: {spoken(text, name)}")
    return " · ".join(words)


def remove_old(session: Session, portal: Any, clock: Clock) -> None:
    """Forget exports that are older than a day; the collector of files then removes their bytes."""
    session.execute(sa.delete(StoredFile).where(StoredFile.owner == OWNER, StoredFile.created < clock.now() - KEEP))


def _fingerprint(args: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(args, sort_keys=True).encode()).hexdigest()[:32]
