"""What a person may do on a case besides answering it, as buttons and links; and who stands in for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.queries import delegation_holds
from portal_core.i18n import _
from portal_core.inbox.acting import LABELS, LIVE, RECALL, Acting
from portal_core.inbox.acts import TaskActs, may_release
from portal_core.inbox.copies import CopyService
from portal_core.inbox.models import ACT, OPEN, Case, Delegation, Task
from portal_core.inbox.signing import SigningService
from portal_core.inbox.tasks import is_own_case
from portal_core.inbox.urging import URGES_MAX, UrgingService
from portal_core.inbox.whose import AFTER, BEFORE, owns, stand_in_for


@dataclass(frozen=True)
class Button:
    """An act that is done at once by POST to ``url``; ``task_id`` is None where it is about the whole case."""

    label: Any
    icon: str
    url: str
    task_id: int | None = None


@dataclass(frozen=True)
class Link:
    """An act with a page of its own that asks for more."""

    label: Any
    icon: str
    url: str


@dataclass(frozen=True)
class Further:
    """What the case page offers beside the acts of the flow.

    ``sign_task`` is the id of the task by which the person is asked for an opinion beforehand. ``notes`` say what is not possible
    yet and why, or what the person waits for.
    """

    buttons: tuple[Button, ...] = ()
    links: tuple[Link, ...] = ()
    sign_task: int | None = None
    notes: tuple[Any, ...] = ()


class FurtherActs:
    """Asks the services for what ``reader`` may do, so that nothing is offered which they would refuse."""

    def __init__(self, services, case: Case, reader):
        self.services, self.case, self.reader = services, case, reader
        self.acting = services.get(Acting)
        self.url = f"/cases/{case.number}"
        self.tasks = [task for task in self.acting.cases.tasks(case) if task.kind == ACT and task.status in LIVE]

    def page(self) -> Further:
        """All of it, for the case page."""
        if self.acting.cases.flow(self.case) is None:
            return Further()
        mine = [task for task in self.tasks if self._disposes(task)]
        asked = next((t for t in mine if t.sign == BEFORE and t.status == OPEN), None)
        main = next((t for t in mine if t.status == OPEN and self.services.get(TaskActs).may_transfer(self.case, t)), None)
        buttons, links, notes = [], [], []
        if main:
            buttons += self._pool(main)
            links += self._links(main)
        if waiting := self._asker(mine):
            buttons.append(Button(LABELS[RECALL], "arrow-back-up", f"{self.url}/recall", waiting.id))
            if waiting.status != OPEN:
                notes.append(_("Waiting for added signatures; then it is your turn again."))
        urge, note = self._urge()
        buttons += urge
        notes += note
        if self.services.get(CopyService).may_send(self.case, self.reader):
            links.append(Link(_("Send a copy"), "send", f"{self.url}/copy"))
        return Further(tuple(buttons), tuple(links), asked.id if asked else None, tuple(notes))

    def _disposes(self, task):
        flow = self.acting.cases.flow(self.case)
        mine = owns(task, self.reader) and not is_own_case(flow, self.case, task, self.reader)
        return mine or stand_in_for(task, self.reader) is not None

    def _pool(self, task):
        if task.assignee_id is None:
            return [Button(_("Claim"), "user-check", f"{self.url}/claim", task.id)]
        stand_in = None if owns(task, self.reader) else stand_in_for(task, self.reader)
        if may_release(task, stand_in.identity if stand_in else self.reader):
            return [Button(_("Put back"), "rotate", f"{self.url}/release", task.id)]
        return []

    def _links(self, task):
        links = [Link(_("Hand over"), "switch-horizontal", f"{self.url}/transfer?task={task.id}")]
        if self.services.get(SigningService).may_ask(self.case, task):
            links.append(Link(_("Add signature"), "signature", f"{self.url}/add-sign?task={task.id}"))
        return links

    def _asker(self, mine):
        """The reader's task to which signatures were added that are still missing."""
        parents = {task.parent_id for task in self.tasks if task.sign in (BEFORE, AFTER)}
        return next((task for task in mine if task.id in parents), None)

    def _urge(self):
        standing = self.services.get(UrgingService).standing(self.case, self.reader)
        if standing is None:
            return [], []
        if standing.tasks:
            label = _("Urge (${count} of ${max} used)", mapping={"count": standing.times, "max": URGES_MAX})
            return [Button(label if standing.times else _("Urge"), "bell", f"{self.url}/urge")], []
        if standing.next_at is None:
            return [], [_("This was urged ${count} times already; please call instead.", mapping={"count": URGES_MAX})]
        moment = f"{self.services.clock.local(standing.next_at):%m-%d %H:%M}"
        text = _("Urged ${count} times; again possible from ${time}.", mapping={"count": standing.times, "time": moment})
        return [], [text]


def deputies(services, case: Case, tasks: Sequence[Task]) -> dict[int, tuple[str, ...]]:
    """Who stands in for the assignees of ``tasks`` now: names by the assignee's id. One statement, none without assignees."""
    people = {task.assignee_id for task in tasks if task.assignee_id is not None}
    if not people:
        return {}
    query = sa.select(Delegation.from_user_id, Delegation.plugins, User.name).join(User, User.id == Delegation.to_user_id)
    query = query.where(Delegation.from_user_id.in_(people), *delegation_holds()).order_by(Delegation.id)
    module, found = case.kind.partition(".")[0], {}
    for absent, plugins, name in services.session.execute(query, {"now": services.clock.now()}):
        if not plugins or module in plugins:
            found[absent] = (*found.get(absent, ()), name)
    return found
