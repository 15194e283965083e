"""Urging (催办): the applicant asks those from whom something is awaited to act, now and then and not for ever."""

import datetime as dt
from dataclasses import dataclass

from portal_core.accounts.identity import Identity
from portal_core.calendar.services import CalendarService
from portal_core.errors import Conflict, Forbidden
from portal_core.i18n import _
from portal_core.inbox.acting import URGE, Acting
from portal_core.inbox.models import ACT, OPEN, Case, Task
from portal_core.services import Services

# How often a task is urged, and how many working hours lie between two times (canteen-cards-core.md, 2.3 and 2.1 on 审批王).
URGES_MAX = 3
HOURS_BETWEEN = 4


@dataclass(frozen=True)
class Urging:
    """How a case stands with urging: ``tasks`` may be urged now; else ``next_at`` says when, or None when never again.

    ``times`` counts how often the task that was urged most has been urged.
    """

    tasks: tuple[Task, ...]
    times: int
    next_at: dt.datetime | None


class UrgingService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.acting = services.get(Acting)

    def standing(self, case: Case, actor: Identity) -> Urging | None:
        """What ``actor`` may urge on ``case``; None when the case is not theirs or nothing is awaited from others."""
        if actor.user_id not in (case.applicant_id, case.handler_id) or self.acting.cases.flow(case) is None:
            return None
        tasks = [t for t in self.acting.cases.tasks(case) if self._awaited(case, t)]
        if not tasks:
            return None
        now, left = self.services.clock.now(), [task for task in tasks if task.urges < URGES_MAX]
        moments = {task.id: self._from(task) for task in left}
        ready = tuple(task for task in left if moments[task.id] <= now)
        next_at = None if ready or not left else min(moments.values())
        return Urging(ready, max(task.urges for task in tasks), next_at)

    def urge(self, case: Case, actor: Identity) -> int:
        """Urge all that may be urged now; returns how many people were told.

        Raises Forbidden when the case is not the actor's, and Conflict, naming the time, when it is too early or too often.
        """
        self.acting.flow(case)
        if actor.user_id not in (case.applicant_id, case.handler_id):
            raise Forbidden(_("This act is not yours."))
        self.acting.lock(case)
        standing = self.standing(case, actor)
        if standing is None:
            raise Conflict(_("Nothing is awaited from others."))
        if not standing.tasks:
            raise Conflict(self._too_often(standing))
        people: set[int] = set()
        for task in standing.tasks:
            # A colleague who urged a moment ago holds the lock of the case first, and is named.
            self.acting.take(case, task, urges=task.urges + 1, urged_at=self.services.clock.now())
            people |= self.acting.awaited_from(case, task)
        times = str(max(task.urges for task in standing.tasks))
        self.acting.note(case, actor, URGE, changes=[(_("Times urged"), "", times)])
        self.acting.tell("core.urged", people, case, actor, count=times)
        return len(people - {actor.user_id})

    def _awaited(self, case, task):
        others = task.assignee_id not in (case.applicant_id, case.handler_id)
        return task.kind == ACT and task.status == OPEN and others

    def _from(self, task) -> dt.datetime:
        """From when ``task`` may be urged again; at once when it never was."""
        if task.urged_at is None:
            return task.created
        return self.services.get(CalendarService).due_after(task.urged_at, HOURS_BETWEEN)

    def _too_often(self, standing):
        if standing.next_at is None:
            return _("This was urged ${count} times already; please call instead.", mapping={"count": URGES_MAX})
        moment = f"{self.services.clock.local(standing.next_at):%m-%d %H:%M}"
        return _("This can be urged again from ${time}.", mapping={"time": moment})
