"""Servers under test: granian, one worker, one thread, the same for the portal and for the floor page."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    """A TCP port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def granian(target, environment):
    """Serve the WSGI application ``target`` (module:name); yields its address. The server is ended by its process id."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "1",
        "--no-access-log",
        "--log-level",
        "warning",
        target,
    ]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        _wait(process, port)
        yield "127.0.0.1", port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait(process, port, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def write_ini(folder, url):
    """An ini file for the portal over database ``url`` inside ``folder``; returns its path."""
    path = Path(folder) / "bench.ini"
    path.write_text(
        "[app:main]\nuse = egg:portal-core\nportal.plugins = meetings\n"
        f"portal.database_url = {url}\nportal.data_dir = {folder}/var\nportal.themes_dir = {ROOT}/themes\nportal.worker = none\n"
        "portal.password_profile = cheapest\nportal.session_idle_minutes = 600\nportal.log_level = WARNING\n"
    )
    return path
