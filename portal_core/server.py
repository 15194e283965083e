"""The embedded server: waitress with a clean end, for one process on SQLite.

waitress alone drops the requests it is working on when it is told to end. Here its loop is ours: on SIGTERM the listeners are
closed first, requests in hand are answered, and then the embedded worker finishes its job.
"""

import signal
import threading
import time

import structlog
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from portal_core.web.proxies import behind_proxies

THREADS = 4
DRAIN_SECONDS = 20.0
# How long the loop may sleep, and so how late a signal can be noticed.
LOOP_SECONDS = 0.5
log = structlog.get_logger("portal.server")


def embedded(global_conf, **options):
    """Paste server factory ``egg:portal-core#embedded``.

    ``options`` are waitress's, e.g. ``listen``. Returns a function that serves a WSGI application until SIGTERM or SIGINT.
    """

    def serve(app):
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: stop.set())
        run(app, stop, options)

    return serve


def run(app, stop, options):
    """Serve ``app`` until the event ``stop`` is set, then drain. ``options`` are waitress's."""
    sockets: dict[int, wasyncore.dispatcher] = {}
    server = create_server(behind_proxies(app), map=sockets, **(_defaults(app) | options))
    server.print_listen("Serving on http://{}:{}")
    while not stop.is_set():
        wasyncore.loop(LOOP_SECONDS, map=sockets, count=1)
    log.info("server stops")
    _close_listeners(sockets)
    _finish_requests(sockets)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)
    _stop_worker(app)
    log.info("server stopped")


def _defaults(app):
    return {
        "threads": THREADS,
        # The version of the server helps only attackers.
        "ident": None,
        # Above the portal's own limit, so that it answers with a page where waitress would with a line of plain text.
        "max_request_body_size": 4 * app.registry.portal.settings["portal.max_body_mb"] * 1024 * 1024,
    }


def _close_listeners(sockets):
    for number, dispatcher in list(sockets.items()):
        if dispatcher.accepting:
            # Not dispatcher.close(): that would also close the trigger by which threads hand over their answers.
            del sockets[number]
            dispatcher.socket.close()


def _finish_requests(sockets):
    end = time.monotonic() + DRAIN_SECONDS
    while _busy(sockets) and time.monotonic() < end:
        wasyncore.loop(0.05, map=sockets, count=1)


def _busy(sockets):
    channels = [item for item in sockets.values() if isinstance(item, HTTPChannel)]
    return any(channel.requests or channel.total_outbufs_len for channel in channels)


def _stop_worker(app):
    worker = getattr(app.registry, "worker", None)
    if worker is not None:
        worker.stop()
    app.registry.portal.database.dispose()
