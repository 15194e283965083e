"""The ledger of queued work as administrators see it, and what they may do with dead work."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, NotFound
from portal_core.i18n import _
from portal_core.jobs.dispatch import dispatch
from portal_core.jobs.models import DEAD, DONE, STATES, UNFINISHED, WAITING, QueuedWork
from portal_core.services import Services

ROWS = 30
COUNT_CAP = 1000
KEEP = dt.timedelta(days=30)


class LedgerService:
    """Queued work of everybody. Views ask for the permission; every change is audited."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def page(self, state: str, before: int | None = None) -> tuple[Sequence[QueuedWork], int | None]:
        """Work in ``state``, newest first, from below the id ``before``; and the id to go on from, None at the end."""
        query = sa.select(QueuedWork).where(QueuedWork.state == state)
        if before is not None:
            query = query.where(QueuedWork.id < before)
        found = self.session.scalars(query.order_by(QueuedWork.id.desc()).limit(ROWS + 1)).all()
        return found[:ROWS], found[ROWS - 1].id if len(found) > ROWS else None

    def counts(self) -> dict[str, int]:
        """How much work is in each state, at most ``COUNT_CAP``."""
        queries = []
        for state in STATES:
            some = sa.select(QueuedWork.id).where(QueuedWork.state == state).limit(COUNT_CAP).subquery()
            queries.append(sa.select(sa.literal(state), sa.func.count()).select_from(some))
        return dict(self.session.execute(sa.union_all(*queries)).all())

    def find(self, work_id: int) -> QueuedWork:
        """The work ``work_id``. Raises NotFound."""
        work = self.session.get(QueuedWork, work_id)
        if work is None:
            raise NotFound()
        return work

    def again(self, work_id: int, actor: Identity, ip: str = "") -> QueuedWork:
        """Have dead work done once more, with all its attempts. Raises NotFound, or Conflict when it is not dead (any more)."""
        work = self._dead(work_id)
        same = (QueuedWork.name == work.name, QueuedWork.key == work.key, QueuedWork.state.in_(UNFINISHED))
        if work.key and self.session.scalar(sa.select(QueuedWork.id).where(*same)) is not None:
            raise Conflict(_("The same work is already in the queue."))
        self._record("job.again", work, actor, ip)
        work.state, work.attempts, work.error, work.finished = WAITING, 0, "", None
        work.run_at = self.services.clock.now()
        self.session.flush()
        dispatch(self.session, work.id)
        return work

    def drop(self, work_id: int, actor: Identity, ip: str = "") -> None:
        """Give dead work up. The audit log keeps what it was. Raises NotFound, or Conflict when it is not dead (any more)."""
        work = self._dead(work_id)
        self._record("job.drop", work, actor, ip)
        self.session.delete(work)
        self.session.flush()

    def _dead(self, work_id):
        work = self.session.get(QueuedWork, work_id, with_for_update=True, populate_existing=True)
        if work is None:
            raise NotFound()
        if work.state != DEAD:
            raise Conflict(_("This work is not dead (any more)."))
        return work

    def _record(self, action, work, actor, ip):
        detail = {"name": work.name, "args": work.args, "attempts": work.attempts, "error": work.error}
        self.services.get(AuditService).record(actor, action, "core.work", work.id, detail=detail, ip=ip)


def forget_done(session, portal, clock) -> None:
    """Remove work that was done more than ``KEEP`` ago; a periodic job."""
    old = sa.and_(QueuedWork.state == DONE, QueuedWork.finished < clock.now() - KEEP)
    session.execute(sa.delete(QueuedWork).where(old).execution_options(synchronize_session=False))


def none_dead(session) -> str | None:
    """None when no queued work is dead, else a text with the jobs' names, for ``portal doctor``."""
    dead = sa.select(QueuedWork.name, sa.func.count()).where(QueuedWork.state == DEAD).group_by(QueuedWork.name)
    lines = [f"{count} x {name}" for name, count in session.execute(dead.order_by(QueuedWork.name))]
    return f"dead: {', '.join(lines)}; see /admin/jobs" if lines else None
