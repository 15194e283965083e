"""Who does the work: threads of the web process (embedded default) or ``portal worker`` on any number of hosts.

One loop looks every few seconds at what is due by its time (``SOURCES``); beside it the queue's threads do queued work.
"""

import signal
import threading

import structlog

from portal_core.jobs.consumers import consumer
from portal_core.jobs.revival import revive
from portal_core.jobs.runner import run_due
from portal_core.notifications.sending import deliver_due

PAUSE_SECONDS = 5.0
STOP_SECONDS = 30.0
log = structlog.get_logger("portal.worker")

# Functions of the portal that do what is due and return how much that was. Features of the core add theirs.
SOURCES = [run_due, revive, deliver_due]


def notice_changes(portal) -> None:
    """Learn which modules were switched and which parameters changed since the last look."""
    portal.runtime.glance()


class WorkLoop:
    """Asks every one of ``sources`` each ``pause`` seconds until it is told to stop; the job in hand is finished first."""

    def __init__(self, portal, sources=None, pause=PAUSE_SECONDS):
        self.portal = portal
        self.sources = SOURCES if sources is None else sources
        self.pause = pause
        self._stop = threading.Event()
        self._consumer = consumer(portal)

    def run(self):
        """Work until ``stop``. A database that is away for a while is waited for."""
        log.info("worker started")
        self._consumer.start()
        while not self._stop.is_set():
            for source in (notice_changes, *self.sources):
                if self._stop.is_set():
                    break
                try:
                    source(self.portal)
                except Exception:
                    log.exception("worker could not look for work")
            self._stop.wait(self.pause)
        self._consumer.join()
        log.info("worker stopped")

    def stop(self, *_signal):
        """Ask the loop and the queue to end; also a signal handler."""
        self._stop.set()
        self._consumer.stop()


class EmbeddedWorker:
    """The loop in a thread of this process."""

    def __init__(self, portal, **options):
        self.loop = WorkLoop(portal, **options)
        # A daemon, because a process that ends without calling ``stop`` must not hang; an interrupted job is rolled back.
        self.thread = threading.Thread(target=self.loop.run, name="portal-worker", daemon=True)

    def start(self):
        """Begin to work."""
        self.thread.start()

    def stop(self, timeout=STOP_SECONDS):
        """Finish the jobs in hand, at most ``timeout`` seconds. True when the thread has ended."""
        self.loop.stop()
        self.thread.join(timeout)
        return not self.thread.is_alive()


def run_forever(portal, pause=PAUSE_SECONDS):
    """The whole life of ``portal worker``: until SIGTERM or SIGINT."""
    loop = WorkLoop(portal, pause=pause)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, loop.stop)
    loop.run()
    portal.database.dispose()
