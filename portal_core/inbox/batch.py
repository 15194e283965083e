"""Doing one act to many cases (批量): each is done or refused by itself, and each gets its own answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import Identity
from portal_core.errors import Conflict, Invalid, NotFound, ServiceError
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, Transition
from portal_core.inbox.models import Case, Task
from portal_core.inbox.services import CaseService
from portal_core.services import Services

BATCH_MAX = 100
# A case of which the person may not even know, and one that does not exist.
UNKNOWN = _("There is no such case.")


@dataclass(frozen=True)
class BatchOutcome:
    """What became of one case of a batch. ``message`` is empty when the act was done, else the reason why it was not.

    ``waits``: the act was done and the case now waits for others.
    """

    case_id: int
    number: str
    title: str
    message: Any = ""
    waits: bool = False


class BatchService:
    """See the module."""

    def __init__(self, services: Services):
        self.session = services.session
        self.cases = services.get(CaseService)

    def perform(
        self,
        identity: Identity,
        chosen: Sequence[tuple[int, int]],
        action_of: Callable[[Case], str],
        opinion: str = "",
        kind: str = "",
    ) -> list[BatchOutcome]:
        """Do an act to each of up to a hundred cases.

        Args:
            identity: who acts.
            chosen: pairs ``(case id, version that was seen)``; a case that is named twice counts once.
            action_of: gives the act for a case as it stands, which its flow must declare ``batchable``.
            opinion: the same for all.
            kind: if given, cases of other kinds are answered as if they did not exist.

        Returns:
            An outcome for each case, in the order of their ids: two people with overlapping choices take the same way and never
            wait for each other in a circle.

        Raises:
            Invalid: nothing or too much was chosen.
        """
        if not chosen or len(chosen) > BATCH_MAX:
            raise Invalid(_("Choose between 1 and ${max}.", mapping={"max": BATCH_MAX}))
        wanted = dict(chosen)
        found = {case.id: case for case in self.session.scalars(sa.select(Case).where(Case.id.in_(wanted)))}
        outcomes = []
        for case_id, version in sorted(wanted.items()):
            case = found.get(case_id)
            if case is None or (kind and case.kind != kind) or not self.cases.may_view(case, identity):
                outcomes.append(BatchOutcome(case_id, "", "", UNKNOWN))
            else:
                outcomes.append(self._act_on(case, version, identity, action_of, opinion))
        return outcomes

    def agree(self, identity: Identity, chosen: Sequence[tuple[int, int]], opinion: str = "") -> list[BatchOutcome]:
        """Say yes to up to a hundred to-dos of one kind and step; ``chosen`` are pairs ``(task id, version of its case)``.

        Raises Invalid, also for to-dos of several kinds.
        """
        if not chosen or len(chosen) > BATCH_MAX:
            raise Invalid(_("Choose between 1 and ${max}.", mapping={"max": BATCH_MAX}))
        wanted = dict(chosen)
        tasks = list(self.session.scalars(sa.select(Task).options(joinedload(Task.case)).where(Task.id.in_(wanted))))
        seen = {task.case_id: wanted[task.id] for task in tasks if self.cases.may_view(task.case, identity)}
        tasks = [task for task in tasks if task.case_id in seen]
        if len({(task.case.kind, task.step) for task in tasks}) > 1:
            raise Invalid(_("Please choose to-dos of one kind and step only."))
        lost = [BatchOutcome(0, "", "", UNKNOWN)] * (len(wanted) - len(tasks))
        step = tasks[0].step if tasks else ""
        done = self.perform(identity, list(seen.items()), lambda case: self._yes(case, step)) if tasks else []
        return [*done, *lost]

    # -- parts -----------------------------------------------------------------------------------------------------

    def _act_on(self, case, version, identity, action_of, opinion) -> BatchOutcome:
        number, title, before = case.number, case.title, case.state
        try:
            with self.session.begin_nested():
                done = self._perform(case, version, identity, action_of(case), opinion).transition
        except Invalid as error:
            return BatchOutcome(case.id, number, title, next(iter(error.fields.values()), error.message))
        except (NotFound, ServiceError) as error:
            return BatchOutcome(case.id, number, title, error.message)
        return BatchOutcome(case.id, number, title, waits=case.state == before != done.target)

    def _perform(self, case, version, identity, action, opinion):
        flow = self.cases.flow(case)
        transition = flow.transition(case.state, action) if flow else None
        # A state without this act is refused by the flow itself, with the name of whoever was faster.
        if transition is not None and not transition.batchable:
            raise Conflict(_("This can only be done one by one."))
        return self.cases.perform(case, action, identity, opinion=opinion, version=version)

    def _yes(self, case, step):
        found = yes_to(self.cases.flow(case), case.state, step)
        return found.action if found else ""


def yes_to(flow: Flow | None, state: str, step: str) -> Transition | None:
    """The act that says yes to ``step`` in ``state`` and may be done to many cases at once, or None."""
    return next((t for t in flow.out_of(state) if t.completes == step and t.batchable), None) if flow else None
