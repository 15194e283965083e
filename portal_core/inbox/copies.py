"""Copies for information (抄送): what their readers find under 待阅 until they open it."""

from dataclasses import dataclass

from portal_core.accounts.identity import Identity
from portal_core.errors import Forbidden, Invalid
from portal_core.i18n import _
from portal_core.inbox.acting import COPY, Acting, opinion_of
from portal_core.inbox.models import ACT, OPEN, READ, Case, Task
from portal_core.inbox.persons import PersonLine, PersonService
from portal_core.inbox.timeline import has_acted
from portal_core.inbox.whose import awaits
from portal_core.services import Services

COPIES_MAX = 20
# The step of a task that is a copy, which no flow declares.
COPY_STEP = "core.copy"


@dataclass(frozen=True)
class Copied:
    """Who was sent a copy, and who had one already."""

    sent: tuple[PersonLine, ...]
    known: tuple[PersonLine, ...]


class CopyService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.acting = services.get(Acting)

    def may_send(self, case: Case, actor: Identity) -> bool:
        """Applicant and handler, who has to act on the case, and who has acted; not of a draft, which is its writer's alone."""
        if case.version == 1:
            return False
        if actor.user_id in (case.applicant_id, case.handler_id):
            return True
        tasks = self.acting.cases.tasks(case)
        mine = any(task.kind == ACT and task.status == OPEN and awaits(task, actor) for task in tasks)
        return mine or has_acted(self.session, case.id, actor.user_id)

    def send(self, case: Case, actor: Identity, people, note: str = "") -> Copied:
        """Send a copy to one to twenty ``people`` (ids), who may see the case from now on; ``note`` is what they shall heed.

        Who had a copy already gets no second one and is named in the result. Raises Forbidden, Conflict (module absent), and
        Invalid for the fields ``people`` (also when there is nobody left) and ``opinion``.
        """
        self.acting.flow(case)
        if not self.may_send(case, actor):
            raise Forbidden(_("This act is not yours."))
        note = opinion_of(note)
        chosen = self.services.get(PersonService).chosen(people, COPIES_MAX)
        self.acting.lock(case)
        have = {task.assignee_id for task in self.acting.cases.tasks(case) if task.step == COPY_STEP} | {actor.user_id}
        sent = tuple(person for person in chosen if person.id not in have)
        known = tuple(person for person in chosen if person.id in have)
        if not sent:
            names = "、".join(person.name for person in known)
            raise Invalid(fields={"people": _("${names} can read this case already", mapping={"names": names})})
        self.session.add_all(self._task(case, actor, person) for person in sent)
        self.acting.note(case, actor, COPY, note, changes=[(_("Copy to"), "", "、".join(person.name for person in sent))])
        self.acting.tell("core.cc", (person.id for person in sent), case, actor, opinion=note)
        self.session.flush()
        return Copied(sent, known)

    def _task(self, case, actor, person):
        text = self.acting.cases.text
        return Task(
            case_id=case.id,
            kind=READ,
            step=COPY_STEP,
            verb=text(_("To be read")),
            why=text(_("${name} sent you a copy", mapping={"name": actor.name})),
            assignee_id=person.id,
            status=OPEN,
            created=self.services.clock.now(),
        )
