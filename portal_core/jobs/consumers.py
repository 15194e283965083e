"""Threads that do queued work: on SQLite by looking into the ledger, on PostgreSQL by the messages that procrastinate brings."""

import asyncio
import contextlib
import threading

import procrastinate
import structlog

from portal_core.jobs.dispatch import HEARTBEAT_SECONDS, LOST_SECONDS, QUEUE, TASK
from portal_core.jobs.queue import due, execute

# After an error of the database, which may be away for a while.
PAUSE_SECONDS = 5.0
log = structlog.get_logger("portal.worker")


def consumer(portal):
    """The thread that does queued work for ``portal``."""
    return MessageConsumer(portal) if portal.database.dialect == "postgresql" else LedgerConsumer(portal)


class Consumer(threading.Thread):
    """Does queued work from ``start`` until ``stop``; the job in hand is finished before the thread ends."""

    def __init__(self, portal):
        # A daemon for the same reason as the embedded worker.
        super().__init__(name="portal-queue", daemon=True)
        self.portal = portal
        self._stopped = threading.Event()

    def run(self):
        """Work until ``stop``. A database that is away for a while is waited for."""
        while not self._stopped.is_set():
            try:
                self._work()
            except Exception:
                log.exception("the queue cannot be read")
                self._stopped.wait(PAUSE_SECONDS)

    def stop(self):
        """Begin nothing new."""
        self._stopped.set()

    def _work(self):
        raise NotImplementedError


class LedgerConsumer(Consumer):
    """Looks for due work every ``portal.job_poll_seconds``; looking takes no lock, so an idle worker is in nobody's way."""

    def _work(self):
        for work_id in due(self.portal):
            if self._stopped.is_set():
                return
            execute(self.portal, work_id)
        if not due(self.portal, 1):
            self._stopped.wait(self.portal.settings["portal.job_poll_seconds"])


class MessageConsumer(Consumer):
    """A worker of procrastinate: woken by NOTIFY, it also polls for what is to be done at a later time.

    ``portal.job_threads`` pieces of work are done side by side.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _running: asyncio.Task | None = None

    def stop(self):
        super().stop()
        if self._loop is not None and self._running is not None:
            # The loop may have ended by itself at this very moment.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._running.cancel)

    def _work(self):
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._receive())

    async def _receive(self):
        url = self.portal.database.engine.url.set(drivername="postgresql")
        connector = procrastinate.PsycopgConnector(conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=4)
        app = procrastinate.App(connector=connector)

        @app.task(name=TASK, queue=QUEUE)
        def work(work_id: int) -> None:
            execute(self.portal, work_id)

        # Before the database is asked, which may take long when it is away.
        self._loop, self._running = asyncio.get_running_loop(), asyncio.current_task()
        if self._stopped.is_set():
            return
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=self.portal.settings["portal.job_threads"],
                fetch_job_polling_interval=self.portal.settings["portal.job_poll_seconds"],
                # The ledger remembers what was done; finished messages are of no use to anybody.
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=LOST_SECONDS,
            )
