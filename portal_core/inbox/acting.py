"""The frame of acts that leave the case in its state: claim, hand over, added signatures, copies, urging.

Each act is a line of the timeline like any other. Where a form that was made before would do something wrong afterwards (the
task is somebody else's now), the case's version grows, and the form is answered with who was faster.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from portal_core.accounts.identity import Identity
from portal_core.accounts.queries import delegation_holds
from portal_core.accounts.rights import RightsService
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound
from portal_core.i18n import _
from portal_core.inbox.flow import Flow
from portal_core.inbox.models import ACT, OPEN, WAITING, Case, Delegation, Task
from portal_core.inbox.services import OPINION_MAX, CaseService
from portal_core.inbox.tasks import is_own_case
from portal_core.inbox.timeline import add_line
from portal_core.inbox.whose import owns, stand_in_for
from portal_core.notifications.services import NotificationService
from portal_core.services import Services
from portal_core.web.text import clean_text

CLAIM, RELEASE, TRANSFER = "task.claim", "task.release", "task.transfer"
ASK_SIGN, AGREE, DISAGREE, RECALL = "task.ask_sign", "task.agree", "task.disagree", "task.recall"
COPY, URGE, HAND_OVER = "task.copy", "task.urge", "task.hand_over"
# What is still to be answered, now or later.
LIVE = (OPEN, WAITING)
LABELS = {
    CLAIM: _("Claim"),
    RELEASE: _("Put back"),
    TRANSFER: _("Hand over"),
    ASK_SIGN: _("Add signature"),
    AGREE: _("Signature: agreed"),
    DISAGREE: _("Signature: disagreed"),
    RECALL: _("Take back added signatures"),
    COPY: _("Send a copy"),
    URGE: _("Urge"),
    HAND_OVER: _("Hand-over of a leaver's to-dos"),
}


@dataclass(frozen=True)
class Held:
    """A task that the actor may dispose of; ``absent``: the identity for whom they stand in with it, or None."""

    task: Task
    absent: Identity | None

    @property
    def absent_id(self) -> int | None:
        """The id of the absent person."""
        return self.absent.user_id if self.absent else None


class Acting:
    """See the module. Every method works in the caller's transaction, which must be rolled back after an error."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.cases = services.get(CaseService)

    def flow(self, case: Case) -> Flow:
        """The flow of ``case``. Raises Conflict when its plugin is absent."""
        flow = self.cases.flow(case)
        if flow is None:
            raise Conflict(_("The module of this case is switched off; it can be read but not handled."))
        return flow

    def held(self, case: Case, task_id: int, actor: Identity, version: int, statuses=(OPEN,)) -> Held:
        """The to-do ``task_id`` of ``case`` in one of ``statuses``, which ``actor`` may dispose of.

        Raises Stale when the case is no longer the one of ``version`` or the task no longer awaited, NotFound for a task of
        another case, Forbidden for somebody else's, Conflict when the module is absent.
        """
        flow = self.flow(case)
        if version != case.version:
            raise self.cases.stale(case)
        task = next((t for t in self.cases.tasks(case) if t.id == task_id and t.kind == ACT), None)
        if task is None:
            raise NotFound()
        mine = owns(task, actor) and not is_own_case(flow, case, task, actor)
        stand_in = None if mine else stand_in_for(task, actor)
        if task.status in statuses and (mine or stand_in):
            return Held(task, stand_in.identity if stand_in else None)
        # The tasks were read after the case: they may already show what a faster colleague did.
        moved = self.session.scalar(sa.select(Case.version).where(Case.id == case.id)) != version
        raise self.cases.stale(case) if moved or task.status not in statuses else Forbidden(_("This act is not yours."))

    def official(self, case: Case, task: Task) -> bool:
        """Is ``task`` a step of the handling? What is awaited from the applicant (a correction, a rating) only they can do."""
        spec = self.flow(case).task_specs.get(task.step)
        return task.kind == ACT and not (spec is not None and spec.to_applicant)

    def advance(self, case: Case) -> None:
        """Let the case's version grow, so that forms made before are refused. Raises Stale when somebody else was faster."""
        seen, now = case.version, self.services.clock.now()
        self.session.flush()
        statement = sa.update(Case).where(Case.id == case.id, Case.version == seen).values(version=seen + 1, changed=now)
        if self.session.scalar(statement.returning(Case.id).execution_options(synchronize_session=False)) is None:
            raise self.cases.stale(case)
        set_committed_value(case, "version", seen + 1)
        set_committed_value(case, "changed", now)

    def lock(self, case: Case) -> None:
        """Hold the case as it is now until the transaction ends, for acts that make no form stale."""
        self.session.refresh(case, ["state", "state_label", "version"], with_for_update={"key_share": True})

    def take(self, case: Case, task: Task, **values) -> None:
        """Change the task if it still is as it was read: status and assignee in the WHERE clause decide races.

        Raises Stale, naming who was faster.
        """
        self.session.flush()
        holder = Task.assignee_id.is_(None) if task.assignee_id is None else Task.assignee_id == task.assignee_id
        statement = sa.update(Task).where(Task.id == task.id, Task.status == task.status, holder).values(**values)
        if self.session.scalar(statement.returning(Task.id).execution_options(synchronize_session=False)) is None:
            raise self.cases.stale(case)
        for name, value in values.items():
            set_committed_value(task, name, value)

    def note(self, case: Case, actor: Identity, action: str, opinion: str = "", absent_id: int | None = None, changes=()) -> None:
        """Add the timeline's line for ``action``, one of ``LABELS``; ``changes`` are ``(label, old, new)``."""
        text = self.cases.text
        add_line(
            self.session,
            case,
            self.services.clock.now(),
            actor_id=actor.user_id,
            on_behalf_of_id=absent_id,
            action=action,
            action_label=text(LABELS[action]),
            opinion=opinion,
            changes=[(text(label), old, new) for label, old, new in changes],
        )

    def tell(self, code: str, people: Iterable[int | None], case: Case, actor: Identity, **params: str) -> None:
        """Send the message ``code`` about ``case`` to ``people``, except to the actor."""
        texts = {"title": case.title, "number": case.number, "actor": actor.name} | params
        to = {person for person in people if person} - {actor.user_id}
        self.services.get(NotificationService).send(code, to, texts, f"/cases/{case.number}", case.id)

    def awaited_from(self, case: Case, task: Task) -> frozenset[int]:
        """Ids of those who may answer ``task`` now: its assignee or the candidates, and who stands in for them."""
        own = {task.assignee_id} if task.assignee_id else self.services.get(RightsService).holders(task.permission, task.scope)
        return frozenset(own) | self.stand_ins_of(case, own)

    def stand_ins_of(self, case: Case, people: Iterable[int]) -> frozenset[int]:
        """Ids of those to whom ``people`` have left the to-dos of the case's module."""
        query = sa.select(Delegation.to_user_id, Delegation.plugins)
        query = query.where(Delegation.from_user_id.in_(people), *delegation_holds())
        module = case.kind.partition(".")[0]
        rows = self.session.execute(query, {"now": self.services.clock.now()})
        return frozenset(person for person, plugins in rows if not plugins or module in plugins)


def opinion_of(text: str, missing=None) -> str:
    """``text`` as an opinion is stored. Raises Invalid for ``opinion``: too long, or empty where ``missing`` is its message."""
    opinion = clean_text(text)
    if missing and not opinion:
        raise Invalid(fields={"opinion": missing})
    if len(opinion) > OPINION_MAX:
        raise Invalid(fields={"opinion": _("At most ${max} characters", mapping={"max": OPINION_MAX})})
    return opinion
