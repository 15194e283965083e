"""The embedded server and the worker as processes: they end cleanly, and nothing acknowledged is lost."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

import pytest

SLOW_APP = """
import sys, threading, time
from types import SimpleNamespace
from portal_core import server

class Worker:
    def stop(self):
        print("worker stopped", flush=True)

def app(environ, start_response):
    print("request", flush=True)
    time.sleep(1.0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"finished"]

portal = SimpleNamespace(
    settings={"portal.max_body_mb": 1, "portal.trusted_proxies": 0}, database=SimpleNamespace(dispose=lambda: None)
)
app.registry = SimpleNamespace(portal=portal, worker=Worker())
server.embedded({}, host="127.0.0.1", port=int(sys.argv[1]))(app)
print("ended", flush=True)
"""


INI = """[app:main]
use = egg:portal-core
portal.plugins =
portal.database_url = {url}
portal.data_dir = {folder}
"""


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.connect()
            return connection
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def test_sigterm_finishes_the_request_in_hand(port):
    command = [sys.executable, "-W", "ignore", "-c", SLOW_APP, str(port)]
    popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with popen as process, ExitStack() as stack:
        connection = stack.enter_context(closing(wait_for(port)))
        answers = []

        def ask():
            connection.request("GET", "/")
            answers.append(connection.getresponse().read())

        asking = threading.Thread(target=ask)
        asking.start()
        assert process.stdout.readline() == "request\n"
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert answers == [b"finished"]
        assert process.wait(10) == 0
        last = [line for line in process.stdout.read().splitlines() if line in ("worker stopped", "ended")]
        assert last == ["worker stopped", "ended"]
        with pytest.raises(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as late:
            late.connect()


def test_the_worker_runs_until_sigterm(fresh_db_url, tmp_path):
    ini = tmp_path / "portal.ini"
    ini.write_text(INI.format(url=fresh_db_url, folder=tmp_path))
    command = [sys.executable, "-c", "from portal_core.cli import main; main()", "-c", str(ini), "worker"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": ""}) as process:
        lines = iter(process.stderr.readline, "")
        assert any('"job": "core.expire", "event": "job done"' in line for line in lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert "worker stopped" in process.stderr.read()
