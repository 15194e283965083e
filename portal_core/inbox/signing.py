"""Added signatures (加签).

Before: the task waits until the people asked have given their opinions, which do not move the case. After: the people asked
wait until the task was answered positively, then each of them answers the step too (``portal_core.inbox.progress``).
"""

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.errors import Conflict, Invalid
from portal_core.i18n import _
from portal_core.inbox.acting import AGREE, ASK_SIGN, DISAGREE, LIVE, RECALL, Acting, opinion_of
from portal_core.inbox.models import ACT, DONE, OPEN, VOID, WAITING, Case, Task
from portal_core.inbox.persons import PersonService
from portal_core.inbox.whose import AFTER, BEFORE
from portal_core.services import Services

SIGNERS_MAX = 5
SIGN_VERBS = {BEFORE: _("Give an opinion"), AFTER: _("Sign as well")}


class SigningService:
    """See the module. What methods raise stands at ``TaskActs``."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.acting = services.get(Acting)

    def may_ask(self, case: Case, task: Task) -> bool:
        """Can signatures be added to the task at all?"""
        return self.acting.official(case, task) and task.sign != BEFORE

    def ask(self, case: Case, task_id: int, actor: Identity, people, sign: str, version: int, opinion: str = "") -> list[Task]:
        """Ask one to five ``people`` (ids) for a signature ``before`` or ``after`` the actor's own answer.

        A task of a pool becomes the actor's by it. ``opinion`` is what the people asked shall know. Returns their tasks. Raises
        Invalid for the fields ``people``, ``sign`` and ``opinion``.
        """
        if sign not in SIGN_VERBS:
            raise Invalid(fields={"sign": _("Please choose")})
        held = self.acting.held(case, task_id, actor, version)
        if not self.may_ask(case, held.task):
            raise Conflict(_("No signature can be added to this task."))
        opinion = opinion_of(opinion)
        chosen = self._chosen(case, held, actor, people)
        self.acting.advance(case)
        holder = held.task.assignee_id or held.absent_id or actor.user_id
        self.acting.take(case, held.task, assignee_id=holder, status=WAITING if sign == BEFORE else OPEN)
        children = [self._child(case, held.task, person.id, sign, actor) for person in chosen]
        self.session.add_all(children)
        self.session.flush()
        names = "、".join(person.name for person in chosen)
        self.acting.note(case, actor, ASK_SIGN, opinion, held.absent_id, [(SIGN_VERBS[sign], "", names)])
        if sign == BEFORE:
            ids = {person.id for person in chosen}
            told = ids | self.acting.stand_ins_of(case, ids)
            self.acting.tell("core.sign_asked", told, case, actor, opinion=opinion)
        return children

    def sign(self, case: Case, task_id: int, actor: Identity, agree: bool, opinion: str) -> None:
        """Give the opinion that was asked for ``before``; with the last one the task that waits goes on.

        What others wrote since the signer saw the page makes an opinion not stale, so no version is asked for. Raises Invalid for
        the field ``opinion``, which is required of who disagrees.
        """
        self.acting.lock(case)
        held = self.acting.held(case, task_id, actor, case.version)
        if held.task.sign != BEFORE:
            raise Conflict(_("This is not possible now."))
        opinion = opinion_of(opinion, None if agree else _("Please state the reason"))
        self.acting.advance(case)
        done = {"status": DONE, "outcome": "agree" if agree else "disagree", "opinion": opinion}
        who = {"done_by_id": actor.user_id, "done_at": self.services.clock.now(), "on_behalf_of_id": held.absent_id}
        self.acting.take(case, held.task, **done, **who)
        self.acting.note(case, actor, AGREE if agree else DISAGREE, opinion, held.absent_id)
        parent = self.session.get_one(Task, held.task.parent_id)
        if not self._asked(parent, BEFORE, OPEN):
            self._go_on(case, parent, actor)

    def recall(self, case: Case, task_id: int, actor: Identity, version: int) -> None:
        """Go on without the signatures that are still missing; ``task_id`` is the task to which they were added."""
        held = self.acting.held(case, task_id, actor, version, LIVE)
        missing = self._asked(held.task, None, *LIVE)
        if not missing:
            raise Conflict(_("No signature is missing."))
        self.acting.advance(case)
        names = self._names(task.assignee_id for task in missing)
        now = self.services.clock.now()
        for task in missing:
            self.acting.take(case, task, status=VOID, outcome=RECALL, done_at=now)
        if held.task.status == WAITING:
            self.acting.take(case, held.task, status=OPEN, first_seen=None)
        self.acting.note(case, actor, RECALL, absent_id=held.absent_id, changes=[(_("Not signed"), names, "")])

    def _chosen(self, case, held, actor, people):
        chosen = self.services.get(PersonService).chosen(people, SIGNERS_MAX)
        asked = {task.assignee_id for task in self._asked(held.task, None, *LIVE)}
        if len(asked) + len(chosen) > SIGNERS_MAX:
            raise Invalid(fields={"people": _("At most ${max} people", mapping={"max": SIGNERS_MAX})})
        own = {case.applicant_id, case.handler_id}
        for person in chosen:
            if person.id in (actor.user_id, held.absent_id, held.task.assignee_id):
                raise Invalid(fields={"people": _("The task is with this person already")})
            if person.id in own:
                raise Invalid(fields={"people": _("Nobody decides on their own application; please choose somebody else")})
            if person.id in asked:
                raise Invalid(fields={"people": _("${name} was asked already", mapping={"name": person.name})})
        return chosen

    def _child(self, case, parent, person_id, sign, actor):
        text = self.acting.cases.text
        return Task(
            case_id=case.id,
            kind=ACT,
            step=parent.step,
            verb=text(SIGN_VERBS[sign]),
            why=text(_("${name} asked for your signature", mapping={"name": actor.name})),
            assignee_id=person_id,
            parent_id=parent.id,
            sign=sign,
            status=OPEN if sign == BEFORE else WAITING,
            due=parent.due,
            created=self.services.clock.now(),
        )

    def _asked(self, parent, sign, *statuses):
        """The added signatures of ``parent`` (before, after, or both for None) in one of ``statuses``."""
        query = sa.select(Task).where(Task.parent_id == parent.id, Task.status.in_(statuses))
        return list(self.session.scalars((query if sign is None else query.where(Task.sign == sign)).order_by(Task.id)))

    def _go_on(self, case, parent, actor):
        if parent.status != WAITING:
            return
        self.acting.take(case, parent, status=OPEN, first_seen=None)
        told = self.acting.awaited_from(case, parent)
        self.acting.tell("core.signed", told, case, actor, verb=parent.verb)

    def _names(self, ids):
        return "、".join(person.name for person in self.services.get(PersonService).named(ids))
