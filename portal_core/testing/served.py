"""The real application with the demo data, served on a port, for tests with a browser.

The application and its port last for the whole session. A module that uses ``demo_portal`` gets a fresh copy of the demo's
database, and the clock stands at ``NOW`` again, so that modules cannot disturb each other.
"""

import fcntl
import os
import shutil
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from portal_core import demo
from portal_core.server import run
from portal_core.testing.databases import SqliteStore
from portal_core.testing.fixtures import build_application, running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture(scope="session")
def served_application(tmp_path_factory):
    """The application that is served, and its portal, as ``build_application`` makes them."""
    return build_application(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def served_address(served_application):
    """Where the application is served, like ``http://127.0.0.1:40123``, by the portal's own embedded server."""
    application, _portal = served_application
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=run, args=(application, stop, {"sockets": [listener]}))
        server.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        server.join()


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory, served_application):
    """A folder with the demo's database ``demo.db`` and its files in ``data``; made once for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    # The workers' own folders lie in one that belongs to the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    folder.mkdir(exist_ok=True)
    with _one_at_a_time(folder / "lock"):
        if not (folder / "demo.db").exists():
            _load_demo(served_application, folder)
    return folder


@contextmanager
def _one_at_a_time(path):
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _load_demo(served_application, folder):
    store = SqliteStore(folder)
    url = store.create(migrated=True)
    with running(*served_application, url, folder / "data") as app:
        demo.load(app.portal)
    # Renamed last: a run that was killed while loading leaves no half demo behind.
    Path(make_url(url).database).rename(folder / "demo.db")
    store.close()


@pytest.fixture(scope="module")
def demo_portal(served_application, demo_folder, tmp_path_factory):
    """The served portal over a copy of the demo's database of the module's own, as ``PortalApp``."""
    path = tmp_path_factory.mktemp("module") / "portal.db"
    shutil.copyfile(demo_folder / "demo.db", path)
    with running(*served_application, f"sqlite+pysqlite:///{path}", demo_folder / "data") as app:
        yield app


@pytest.fixture(scope="module")
def cookies(demo_portal):
    """Cookies of people who logged in once in this module, by login and appearance; see ``open_as``."""
    return {}


@pytest.fixture
def open_as(new_context, demo_portal, cookies):
    """Opens a page for one of the demo's accounts, in a browser of their own: ``open_as("staff", "/meetings/", **PHONE)``.

    ``login`` None is somebody who has not logged in. Further arguments go to Playwright's ``new_context``.
    """

    def open_page(login, path="/", **options):
        context = new_context(**options)
        page = context.new_page()
        if login in cookies:
            context.add_cookies(cookies[login])
        elif login is not None:
            log_in(page, login)
            cookies[login] = context.cookies()
        page.goto(path)
        return page

    return open_page


def log_in(page, login, password=demo.PASSWORD):
    """Fill in the login form and send it, in whatever page it is shown; works without JavaScript."""
    if not page.url.split("?")[0].endswith("/login"):
        page.goto("/login")
    page.fill("#username", login)
    page.fill("#password", password)
    page.click("#login .btn-p")
