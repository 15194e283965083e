"""Opening cases and moving them: ``CaseService.perform`` is the only way in which a case changes its state."""

from collections.abc import Sequence

import sqlalchemy as sa
from pyramid.i18n import TranslationString
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import ALL, Identity
from portal_core.accounts.models import Department, User
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, ServiceError, Stale
from portal_core.i18n import _
from portal_core.inbox.flow import REQUIRED, Flow, Transition, TransitionContext
from portal_core.inbox.may import absent_for, may, may_any
from portal_core.inbox.models import ACT, DONE, OPEN, READ, WAITING, Case, Task
from portal_core.inbox.moves import Moves, stale
from portal_core.inbox.numbers import next_number
from portal_core.inbox.plans.rules import Rules
from portal_core.inbox.timeline import has_acted
from portal_core.inbox.whose import awaits, concerns
from portal_core.services import Services
from portal_core.web.text import clean_text

OPINION_MAX = 1000
SUMMARY_MAX = 5


class CaseService:
    """Cases of all kinds. Plugins open and move cases here and never write the inbox's tables themselves."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self._rules = services.get(Rules)
        self._moves = services.get(Moves)
        self._kept: dict[int, list[Task]] = {}

    # -- reading ---------------------------------------------------------------------------------------------------

    def flow(self, case: Case) -> Flow | None:
        """The case's flow; None when its plugin is absent, then the case can be read but not moved."""
        return self.services.portal.flows.get(case.kind)

    def get(self, case_id: int) -> Case:
        """The case ``case_id``. Raises NotFound."""
        case = self.session.get(Case, case_id)
        if case is None:
            raise NotFound()
        return case

    def visible(self, number: str, identity: Identity) -> Case:
        """The case with ``number``, people loaded, if ``identity`` may see it; NotFound for unknown and forbidden alike."""
        people = [joinedload(Case.applicant), joinedload(Case.handler), joinedload(Case.department)]
        case = self.session.scalar(sa.select(Case).options(*people).where(Case.number == number))
        if case is None or not self.may_view(case, identity):
            raise NotFound()
        return case

    def may_view(self, case: Case, identity: Identity) -> bool:
        """Applicant, handler, readers of everything, whoever the plugin admits, and everyone with a task or an act on the case.

        A task counts after others have done it, too: who comes second must be able to read who was first.
        """
        owners = (case.applicant_id, case.handler_id)
        if identity.user_id in owners or identity.covers("core:case:view_all", self._unit_path(case, identity), owners):
            return True
        flow = self.flow(case)
        if flow and (flow.handler.may_view(self.services, case, identity) or may_any(self.services, flow, case, identity)):
            return True
        return self.has_part(case, identity, deciding=False) or has_acted(self.session, case.id, identity.user_id)

    def has_part(self, case: Case, identity: Identity, deciding: bool) -> bool:
        """Is a task of ``case`` with ``identity``, so that they must be able to read what it is about?

        ``deciding``: only what they are asked to decide or have decided counts; else whatever was ever theirs, copies included.
        """
        if not deciding:
            return any(concerns(task, identity) for task in self.tasks(case))
        acts = [task for task in self.tasks(case) if task.kind == ACT]
        live = (task for task in acts if task.status in (OPEN, WAITING))
        return any(task.done_by_id == identity.user_id for task in acts) or any(awaits(task, identity) for task in live)

    def open_tasks(self, case: Case) -> list[Task]:
        """The open tasks of a case, oldest first."""
        return [t for t in self.tasks(case) if t.status == OPEN]

    def tasks(self, case: Case) -> list[Task]:
        """All tasks of a case, whatever became of them, oldest first."""
        if case.id in self._kept:
            return self._kept[case.id]
        if case.version == 1:
            return []  # Tasks are opened by acts only, and there was no act yet.
        return list(self.session.scalars(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id)))

    def keep_tasks(self, case: Case) -> None:
        """Read the tasks of ``case`` once for all that a page asks about them. For pages only: an act must read them anew."""
        self._kept[case.id] = self.tasks(case)

    def available(self, case: Case, identity: Identity) -> list[Transition]:
        """The acts that ``identity`` may do on ``case`` now, in the flow's order."""
        flow = self.flow(case)
        if flow is None:
            return []
        tasks = self.open_tasks(case)
        return [
            t
            for t in flow.out_of(case.state)
            if may(self.services, flow, t, case, identity, tasks) and flow.handler.offered(self.services, case, identity, t)
        ]

    def candidates(self, tasks: Sequence[Task], limit: int) -> dict[int, tuple[list[str], int]]:
        """From whom ``tasks`` are awaited, by the task's id: the names of at most ``limit`` people, and how many there are."""
        people = {task.id: self._people(task) for task in tasks}
        shown = {person for ids in people.values() for person in ids[:limit]}
        names = dict(self.session.execute(sa.select(User.id, User.name).where(User.id.in_(shown))).all()) if shown else {}
        return {task_id: ([names[person] for person in ids[:limit]], len(ids)) for task_id, ids in people.items()}

    def _people(self, task):
        if task.assignee_id is not None:
            return [task.assignee_id]
        return sorted(self._rules.members(task.permission, task.scope))

    def unseen(self, case: Case, identity: Identity) -> list[Task]:
        """The open tasks of ``identity`` on ``case`` for which opening its page means something (``mark_seen``)."""
        return [t for t in self.open_tasks(case) if awaits(t, identity) and not (t.kind == ACT and t.first_seen)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def open(
        self, kind: str, *, title: str, applicant: Identity, handler: Identity | None = None, summary=(), priority: int = 0
    ) -> Case:
        """Make a case of ``kind`` in its flow's initial state, without tasks; ``perform`` its first act next.

        ``summary``: at most five ``(label, value)`` pairs of plain text. ``handler`` (经办人) defaults to the applicant.
        """
        flow = self.services.portal.flows[kind]
        state, now = flow.state(flow.initial), self.services.clock.now()
        case = Case(
            kind=kind,
            number=next_number(self.session, flow.prefix, self.services.clock.local(now).date()),
            applicant_id=applicant.user_id,
            handler_id=(handler or applicant).user_id,
            department_id=applicant.department_id,
            state=state.code,
            state_label=self.text(state.label),
            tone=state.tone,
            priority=priority,
            version=1,
            created=now,
            changed=now,
        )
        self.describe(case, title=title, summary=summary)
        self.session.add(case)
        self.session.flush()
        return case

    def describe(self, case: Case, *, title: str, summary) -> None:
        """Set what lists show of ``case``; a plugin calls it when a draft or a change alters it. See ``open`` for ``summary``."""
        if len(summary) > SUMMARY_MAX:
            raise ValueError(f"a summary has at most {SUMMARY_MAX} pairs")
        case.title = title[:200]
        case.summary = [[self._stored(part) for part in pair] for pair in summary]

    def perform(
        self, case: Case, action: str, actor: Identity, *, opinion: str = "", version: int | None = None, data: dict | None = None
    ) -> TransitionContext:
        """Do ``action`` on ``case``: state, version, tasks, timeline, messages and the plugin's part, in this transaction.

        ``version``: what the actor saw; None only for acts of the program itself. ``data`` goes to the plugin's handler.
        Raises Stale (somebody was faster), Conflict (not possible in this state), Forbidden, Invalid (opinion missing or
        too long) and whatever the handler raises. After an error the transaction must be rolled back.
        """
        flow = self.flow(case)
        if flow is None:
            raise Conflict(_("The module of this case is switched off; it can be read but not handled."))
        if version is not None and version != case.version:
            raise self.stale(case)
        tasks = self.tasks(case)
        live = [task for task in tasks if task.status == OPEN]
        transition = self._allowed(flow, action, case, actor, live)
        opinion = checked_opinion(transition, opinion)
        ctx = TransitionContext(self.services, case, transition, actor, self.services.clock.now(), opinion, dict(data or {}))
        ctx.on_behalf_of_id = absent_for(self.services, flow, transition, case, actor, live)
        self._moves.do(flow, ctx, tasks)
        return ctx

    def mark_seen(self, case: Case, identity: Identity) -> None:
        """Note that ``identity`` has opened the case: the first sight of to-dos, and the end of what was only to be read."""
        now = self.services.clock.now()
        for task in self.unseen(case, identity):
            task.first_seen = now
            if task.kind == READ:
                task.status, task.outcome, task.done_by_id, task.done_at = DONE, READ, identity.user_id, now

    def stale(self, case: Case) -> Stale:
        """The refusal that names who acted on ``case`` last, what they did and when."""
        return stale(self.session, case)

    def text(self, message) -> str:
        """``message`` in the portal's default language, for texts that are stored."""
        return self.services.portal.default_text(message)

    def _stored(self, part):
        """What people typed is stored as it is: only declared texts have a translation."""
        return self.text(part) if isinstance(part, TranslationString) else str(part)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _unit_path(self, case, identity):
        """The path of the case's unit; asked only for those whose right to read every case ends with some units."""
        if identity.reach("core:case:view_all") in (None, ALL) or case.department_id is None:
            return None
        return self.session.get_one(Department, case.department_id).path

    def _allowed(self, flow: Flow, action: str, case: Case, actor: Identity, tasks: list[Task]) -> Transition:
        """The transition for ``action``, or an exception with what forbids it.

        The tasks were read after the case, so they may already show what a faster colleague did; then the colleague is the
        reason to name, not a missing right.
        """
        transition = flow.transition(case.state, action)
        refusal: ServiceError = Conflict(_("This is not possible now."))
        if transition is not None:
            if not may(self.services, flow, transition, case, actor, tasks):
                refusal = Forbidden(_("This act is not yours."))
            elif flow.handler.offered(self.services, case, actor, transition):
                return transition
        moved = self.session.scalar(sa.select(Case.version).where(Case.id == case.id)) != case.version
        raise self.stale(case) if moved else refusal


def checked_opinion(transition: Transition, opinion: str) -> str:
    """``opinion`` as it is stored. Raises Invalid for the field ``opinion``."""
    opinion = clean_text(opinion)
    if transition.opinion == REQUIRED and not opinion:
        raise Invalid(fields={"opinion": _("Please state the reason")})
    if len(opinion) > OPINION_MAX:
        raise Invalid(fields={"opinion": _("At most ${max} characters", mapping={"max": OPINION_MAX})})
    return opinion
