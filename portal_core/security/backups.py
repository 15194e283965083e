"""A copy of the database while it is in use, with what is needed to see later that it is whole. Uploads are copied after it."""

import hashlib
import json
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from portal_core import migrate
from portal_core.audit import seals
from portal_core.errors import StartError

CHUNK = 1 << 20


@dataclass(frozen=True)
class Backup:
    """The copy and the file beside it that describes it."""

    path: Path
    manifest: Path


def write(portal, folder: Path) -> Backup:
    """Copy the database into ``folder``. Raises StartError when ``pg_dump`` is missing or fails, and for existing files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"portal-{portal.clock.local(portal.clock.now()):%Y%m%d-%H%M%S}"
    path = folder / f"{name}{'.db' if portal.database.dialect == 'sqlite' else '.dump'}"
    if path.exists():
        raise StartError(f"{path}: is there already")
    # The seals that the copy must hold are noted before it is made: what is written meanwhile may be in it or not.
    with portal.database.reading() as session:
        anchor = seals.newest(session)
    url = make_url(str(portal.database.engine.url.render_as_string(hide_password=False)))
    (_copy_sqlite if portal.database.dialect == "sqlite" else _dump_postgres)(url, path)
    path.chmod(0o600)
    manifest = folder / f"{name}.json"
    described = {
        "file": path.name,
        "made": portal.clock.now().isoformat(),
        "sha256": checksum(path),
        "anchor": f"{anchor.id}:{anchor.hash}" if anchor else "",
        "schema": {state.name: state.current for state in migrate.status(portal.database.engine, portal.migrations)},
    }
    manifest.write_text(json.dumps(described, indent=1) + "\n", "utf8")
    return Backup(path, manifest)


def check(manifest: Path) -> dict:
    """What ``manifest`` says, once the copy is what it was when it was made. Raises StartError."""
    described = json.loads(manifest.read_text("utf8"))
    path = manifest.with_name(described["file"])
    if not path.is_file() or checksum(path) != described["sha256"]:
        raise StartError(f"{path}: missing or changed since it was made")
    return described


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    total = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(CHUNK):
            total.update(piece)
    return total.hexdigest()


def _copy_sqlite(url, path):
    """By SQLite's own way of copying: a plain copy would miss what is still in the log beside the database."""
    with closing(sqlite3.connect(url.database)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)


def _dump_postgres(url, path):
    # The password goes by the environment: arguments are seen by everybody on the machine.
    environment = {**os.environ, **({"PGPASSWORD": url.password} if url.password else {})}
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = ["pg_dump", "--format=custom", "--no-owner", f"--file={path}", f"--dbname={address}"]
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise StartError("pg_dump is not installed here (Debian: postgresql-client)") from error
    except subprocess.CalledProcessError as error:
        path.unlink(missing_ok=True)
        raise StartError(f"pg_dump: {error.stderr.strip()}") from error
