"""Opening cases and moving them: ``CaseService.perform`` is the only way in which a case changes its state."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import User
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.i18n import _
from portal_core.inbox.flow import APPLICANT, REQUIRED, SYSTEM_ONLY, TASK, Flow, Transition, TransitionContext
from portal_core.inbox.models import DONE, OPEN, VOID, Case, Task
from portal_core.inbox.numbers import next_number
from portal_core.inbox.timeline import last_act, write_event
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

OPINION_MAX = 1000


class CaseService:
    """Cases of all kinds. Plugins open and move cases here and never write the inbox's tables themselves."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

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
        """The case with ``number`` (people loaded) if ``identity`` may see it. Raises NotFound for unknown and forbidden alike."""
        people = [joinedload(Case.applicant), joinedload(Case.handler), joinedload(Case.department)]
        case = self.session.scalar(sa.select(Case).options(*people).where(Case.number == number))
        if case is None or not self.may_view(case, identity):
            raise NotFound()
        return case

    def may_view(self, case: Case, identity: Identity) -> bool:
        """Applicant, handler, readers of everything, whoever the plugin admits, and everyone with a task on the case."""
        if identity.user_id in (case.applicant_id, case.handler_id) or identity.may("core:case:view_all"):
            return True
        flow = self.flow(case)
        if flow and flow.handler.may_view(self.services, case, identity):
            return True
        return any(self._holds(task, identity) or identity.user_id in (task.assignee_id, task.done_by_id) for task in self._tasks(case.id))

    def open_tasks(self, case_id: int) -> list[Task]:
        """The open tasks of a case, oldest first."""
        return [t for t in self._tasks(case_id) if t.status == OPEN]

    def available(self, case: Case, identity: Identity) -> list[Transition]:
        """The acts that ``identity`` may do on ``case`` now, in the flow's order."""
        flow = self.flow(case)
        if flow is None:
            return []
        tasks = self.open_tasks(case.id)
        return [
            t for t in flow.out_of(case.state)
            if self._may(flow, t, case, identity, tasks) and flow.handler.offered(self.services, case, identity, t)
        ]

    # -- writing ---------------------------------------------------------------------------------------------------

    def open(self, kind: str, *, title: str, applicant: Identity, handler: Identity | None = None, summary=(), priority: int = 0) -> Case:
        """Make a case of ``kind`` in its flow's initial state, without tasks; ``perform`` its first act next.

        ``summary``: at most five ``(label, value)`` pairs of plain text. ``handler`` (经办人) defaults to the applicant.
        """
        flow = self.services.portal.flows[kind]
        if len(summary) > 5:
            raise ValueError("a summary has at most five pairs")
        state, now = flow.state(flow.initial), self.services.clock.now()
        case = Case(
            kind=kind, number=next_number(self.session, flow.prefix, self.services.clock.local(now).date()), title=title[:200],
            summary=[list(pair) for pair in summary], applicant_id=applicant.user_id, handler_id=(handler or applicant).user_id,
            department_id=applicant.department_id, state=state.code, state_label=self.text(state.label), tone=state.tone,
            priority=priority, version=1, created=now, changed=now,
        )
        self.session.add(case)
        self.session.flush()
        return case

    def perform(self, case: Case, action: str, actor: Identity, *, opinion: str = "", version: int | None = None, data: dict | None = None) -> TransitionContext:
        """Do ``action`` on ``case``: state, version, tasks, timeline, messages and the plugin's part, in this transaction.

        ``version``: what the actor saw; None only for acts of the program itself. ``data`` goes to the plugin's handler.
        Raises Stale (somebody was faster), Conflict (not possible in this state), Forbidden, Invalid (opinion missing or
        too long) and whatever the handler raises. After an error the transaction must be rolled back.
        """
        flow = self.flow(case)
        if flow is None:
            raise Conflict(_("The module of this case is switched off; it can be read but not handled."))
        if version is not None and version != case.version:
            raise self._stale(case)
        transition = flow.transition(case.state, action)
        if transition is None:
            raise self._stale(case) if case.version > 1 else Conflict(_("This is not possible now."))
        tasks = self.open_tasks(case.id)
        if not self._may(flow, transition, case, actor, tasks):
            raise Forbidden(_("This act is not yours."))
        if not flow.handler.offered(self.services, case, actor, transition):
            raise Conflict(_("This is not possible now."))
        opinion = self._check_opinion(transition, opinion)
        ctx = TransitionContext(self.services, case, transition, actor, self.services.clock.now(), opinion, dict(data or {}))
        before = case.state
        self._advance(flow, ctx)
        flow.handler.apply(ctx)
        if not transition.keeps_tasks:
            self._close_tasks(tasks, ctx)
        self._open_tasks(flow, ctx)
        write_event(self.session, ctx, before, self.text)
        self._notify(ctx)
        self.session.flush()
        return ctx

    def text(self, message) -> str:
        """``message`` in the portal's default language, for texts that are stored."""
        return self.services.portal.default_text(message)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _tasks(self, case_id):
        return list(self.session.scalars(sa.select(Task).where(Task.case_id == case_id).order_by(Task.id)))

    def _holds(self, task, identity):
        if task.status != OPEN:
            return False
        if task.assignee_id is not None:
            return task.assignee_id == identity.user_id
        return bool(task.permission) and identity.may(task.permission, task.scope)

    def _may(self, flow, transition, case, identity, tasks):
        if identity is SYSTEM:
            return SYSTEM_ONLY in transition.who
        for word in transition.who:
            if word == APPLICANT and identity.user_id in (case.applicant_id, case.handler_id):
                return True
            if word == TASK and any(self._holds(t, identity) for t in tasks):
                return True
            if ":" in word and identity.may(word, flow.handler.case_scope(self.services, case)):
                return True
        return False

    def _check_opinion(self, transition, opinion):
        opinion = (opinion or "").strip()
        if transition.opinion == REQUIRED and not opinion:
            raise Invalid(fields={"opinion": _("Please state the reason")})
        if len(opinion) > OPINION_MAX:
            raise Invalid(fields={"opinion": _("At most ${max} characters", mapping={"max": OPINION_MAX})})
        return opinion

    def _advance(self, flow, ctx):
        """Move the row if nobody else has: the version in the WHERE clause decides races, the loser reads who won."""
        case, state = ctx.case, flow.state(ctx.transition.target)
        seen = case.version
        values = {
            "state": state.code, "state_label": self.text(state.label), "tone": state.tone, "version": seen + 1,
            "changed": ctx.now, "closed": ctx.now if state.final else None,
        }
        self.session.flush()
        moved = self.session.execute(
            sa.update(Case).where(Case.id == case.id, Case.version == seen).values(**values).execution_options(synchronize_session=False)
        )
        if moved.rowcount != 1:
            raise self._stale(case)
        self.session.refresh(case, attribute_names=list(values))

    def _stale(self, case):
        event = last_act(self.session, case.id)
        if event is None or event.actor is None:
            return Stale(_("This has changed meanwhile; please look again."))
        return Stale(_("Already handled by ${name}", mapping={"name": event.actor.name}), event.actor.name, event.at)

    def _close_tasks(self, tasks, ctx):
        for task in tasks:
            task.status = DONE if ctx.actor is not SYSTEM and self._holds(task, ctx.actor) else VOID
            task.outcome, task.opinion, task.done_at = ctx.transition.action, ctx.opinion, ctx.now
            task.done_by_id = ctx.actor.user_id if task.status == DONE else None

    def _open_tasks(self, flow, ctx):
        for spec in ctx.transition.opens:
            self.session.add(
                Task(
                    case_id=ctx.case.id, kind=spec.kind, step=spec.step, verb=self.text(spec.verb), why=self.text(spec.why), status=OPEN,
                    assignee_id=ctx.case.handler_id if spec.to_applicant else None, permission=spec.permission,
                    scope=flow.handler.scope(ctx) if spec.permission else "", due=flow.handler.due(ctx, spec), created=ctx.now,
                )
            )

    def _notify(self, ctx):
        if ctx.transition.notify:
            case = ctx.case
            people = {case.applicant_id, case.handler_id} - {ctx.actor.user_id}
            params = {"title": case.title, "number": case.number, "actor": ctx.actor.name, "opinion": ctx.opinion}
            self.services.get(NotificationService).send(ctx.transition.notify, people, params, f"/cases/{case.number}", case.id)


def user_names(session, ids) -> dict[int, str]:
    """Names of users by id, in one statement."""
    ids = {i for i in ids if i}
    return dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).tuples().all()) if ids else {}
