"""``JobService``: putting work into the queue, and looking how far it is."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.db import insert_into
from portal_core.declarations import QueuedJob
from portal_core.errors import NotFound
from portal_core.jobs.dispatch import dispatch
from portal_core.jobs.models import UNFINISHED, WAITING, QueuedWork
from portal_core.services import Services

MANAGE = "core:job:manage"


class JobService:
    """Work for the background, declared as ``QueuedJob``."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def enqueue(
        self, name: str, args: dict, *, run_at: dt.datetime | None = None, key: str = "", owner_id: int | None = None
    ) -> int:
        """Have the job ``name`` done with ``args`` (plain JSON), not before ``run_at``; returns the id of the work.

        The row commits or rolls back with the caller's transaction. With a ``key`` (at most 120 characters) no second one is
        made while the first is unfinished; then the id is that of the first. ``owner_id`` is the person who may look at it.
        Raises KeyError for a job that is not declared or whose module is switched off.
        """
        if not isinstance(self.services.portal.jobs[name], QueuedJob):
            raise KeyError(f"job {name!r} runs by its schedule and cannot be queued")
        now = self.services.clock.now()
        values = {"name": name, "args": args, "key": key, "owner_id": owner_id, "run_at": run_at or now, "created": now}
        while True:
            work_id = self._insert(values)
            if work_id is not None:
                dispatch(self.session, work_id, run_at)
                return work_id
            # The unfinished one may have finished since; then there is room for ours.
            same = (QueuedWork.name == name, QueuedWork.key == key, QueuedWork.state.in_(UNFINISHED))
            work_id = self.session.scalar(sa.select(QueuedWork.id).where(*same))
            if work_id is not None:
                return work_id

    def get(self, work_id: int, identity: Identity) -> QueuedWork:
        """The work for its owner and for those who manage jobs. NotFound for unknown and forbidden alike."""
        work = self.session.get(QueuedWork, work_id)
        if work is None or not (work.owner_id == identity.user_id or identity.may(MANAGE)):
            raise NotFound()
        return work

    def _insert(self, values):
        defaults = {"state": WAITING, "attempts": 0, "done": 0, "total": 0, "error": "", "result": {}, "worker": ""}
        statement = (
            insert_into(self.session, QueuedWork).values(defaults | values).on_conflict_do_nothing().returning(QueuedWork.id)
        )
        return self.session.scalar(statement)
