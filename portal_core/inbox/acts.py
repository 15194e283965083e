"""Taking a task (认领), putting it back, and handing it over (转办)."""

from portal_core.accounts.identity import Identity
from portal_core.errors import Conflict, Invalid
from portal_core.i18n import _
from portal_core.inbox.acting import CLAIM, LIVE, RELEASE, TRANSFER, Acting, opinion_of
from portal_core.inbox.models import ACT, Case, Task
from portal_core.inbox.persons import PersonLine, PersonService
from portal_core.inbox.whose import BEFORE
from portal_core.services import Services


class TaskActs:
    """See the module.

    ``version`` is the case's version of which the actor saw the page. All methods raise Stale when somebody was faster, Conflict
    when the task no longer allows it, Forbidden when it is not the actor's, NotFound for a task of another case.
    """

    def __init__(self, services: Services):
        self.services = services
        self.acting = services.get(Acting)

    def claim(self, case: Case, task_id: int, actor: Identity, version: int) -> None:
        """``actor`` takes a task that others could take too; it leaves their lists. A stand-in takes it for who is away."""
        held = self.acting.held(case, task_id, actor, version)
        if held.task.assignee_id is not None:
            raise Conflict(_("This task is yours already."))
        self.acting.advance(case)
        self.acting.take(case, held.task, assignee_id=held.absent_id or actor.user_id)
        self.acting.note(case, actor, CLAIM, absent_id=held.absent_id)

    def release(self, case: Case, task_id: int, actor: Identity, version: int) -> None:
        """Put a claimed task back to all candidates."""
        held = self.acting.held(case, task_id, actor, version)
        if not may_release(held.task, held.absent or actor):
            raise Conflict(_("This task was given to you personally; hand it over instead."))
        self.acting.advance(case)
        self.acting.take(case, held.task, assignee_id=None, first_seen=None)
        self.acting.note(case, actor, RELEASE, absent_id=held.absent_id)

    def transfer(self, case: Case, task_id: int, actor: Identity, to: int, version: int, opinion: str = "") -> PersonLine:
        """Give the task to the active person ``to``, who may answer it whatever their roles; ``actor`` no longer may.

        ``owner_id`` remembers whose it was first. Returns the new person. Raises Invalid for the fields ``people``, ``opinion``.
        """
        held = self.acting.held(case, task_id, actor, version)
        task = held.task
        if not self.may_transfer(case, task):
            raise Conflict(_("This task cannot be handed over."))
        opinion = opinion_of(opinion)
        (person,) = self.services.get(PersonService).chosen([to], 1)
        self._check(case, task, person, actor)
        self.acting.advance(case)
        before = task.assignee_id or held.absent_id or actor.user_id
        self.acting.take(case, task, assignee_id=person.id, owner_id=task.owner_id or before, first_seen=None)
        changes = [(_("Person in charge"), (held.absent or actor).name, person.name)]
        self.acting.note(case, actor, TRANSFER, opinion, held.absent_id, changes)
        self.acting.tell("core.transferred", (person.id, held.absent_id), case, actor, verb=task.verb, opinion=opinion)
        return person

    def may_transfer(self, case: Case, task: Task) -> bool:
        """Can the task be given to somebody else at all? An opinion that somebody was asked for personally cannot."""
        return self.acting.official(case, task) and task.sign != BEFORE

    def _check(self, case, task, person, actor):
        """Raise Invalid when ``person`` cannot be the one: who acts, whose application it is, who is asked already."""
        if person.id in (actor.user_id, task.assignee_id):
            raise Invalid(fields={"people": _("The task is with this person already")})
        if person.id in (case.applicant_id, case.handler_id):
            raise Invalid(fields={"people": _("Nobody decides on their own application; please choose somebody else")})
        others = (t for t in self.acting.cases.tasks(case) if t.id != task.id and t.kind == ACT and t.status in LIVE)
        if any(other.assignee_id == person.id for other in others):
            raise Invalid(fields={"people": _("${name} already has a task on this case", mapping={"name": person.name})})


def may_release(task: Task, holder: Identity) -> bool:
    """Was the task taken from a pool to which ``holder`` belongs? Else nobody might be left to take it."""
    pooled = bool(task.permission) and task.assignee_id is not None and not task.sign
    return pooled and holder.may(task.permission, task.scope)
