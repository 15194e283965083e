"""How an act is carried out: the case's row first, then its tasks, the timeline and the messages."""

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from portal_core.accounts.identity import SYSTEM
from portal_core.errors import Stale
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, TaskSpec, TransitionContext
from portal_core.inbox.models import OPEN, WAITING, Case, Task
from portal_core.inbox.plans.rules import Asked
from portal_core.inbox.progress import Progress
from portal_core.inbox.tasks import close_tasks
from portal_core.inbox.timeline import last_act, write_event
from portal_core.inbox.whose import BEFORE
from portal_core.notifications.services import NotificationService
from portal_core.services import Services

# What a faster colleague did, where that was no answer but took the task elsewhere (``portal_core.inbox.acts``).
TAKEN = {
    "task.claim": _("Already claimed by ${name}"),
    "task.release": _("Already released by ${name}"),
    "task.transfer": _("Already handed over by ${name}"),
    "task.ask_sign": _("Already sent for signature by ${name}"),
    "task.recall": _("The request for signatures was already taken back by ${name}"),
    "task.agree": _("Already signed by ${name}"),
    "task.disagree": _("Already signed by ${name}"),
    "task.hand_over": _("Already handed over by ${name}"),
}


def stale(session: Session, case: Case) -> Stale:
    """The refusal that names who acted on ``case`` last, what they did and when."""
    event = last_act(session, case.id)
    if event is None or event.actor is None:
        return Stale(_("This has changed meanwhile; please look again."))
    message = TAKEN.get(event.action, _("Already handled by ${name}"))
    return Stale(message % {"name": event.actor.name}, event.actor.name, event.at)


class Moves:
    """See the module. Whether the act is allowed was found out before (``portal_core.inbox.services``)."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self._progress = services.get(Progress)

    def do(self, flow: Flow, ctx: TransitionContext, tasks: list[Task]) -> None:
        """Do the act of ``ctx``; ``tasks``: all tasks of the case. Raises Stale when somebody was faster.

        A yes after which others are still asked leaves the case where it is, and its plugin is not told.
        """
        before = ctx.case.state
        answer = self._progress.answer(flow, ctx, tasks)
        waits = answer is not None and not answer.complete
        self._advance(flow.state(before if waits else ctx.transition.target), ctx)
        for task in (t for t in tasks if t.sign == BEFORE and t.status == OPEN):
            # An opinion that was asked for beforehand is given without a new version of the case.
            self.session.refresh(task)
        begun: list[tuple[TaskSpec, list[Asked]]] = []
        if waits:
            self._progress.go_on(flow, ctx, answer)
        else:
            flow.handler.apply(ctx)
            if not ctx.transition.keeps_tasks:
                live = [task for task in tasks if task.status in (OPEN, WAITING)]
                close_tasks(live, ctx)
                if live:
                    self.services.get(NotificationService).close_todos(ctx.case.id)
            begun = self._open_tasks(flow, ctx, tasks)
        write_event(self.session, ctx, before, self._text)
        for spec, asked in [(answer.spec, answer.asked)] if answer else begun:
            self._progress.note_passed(ctx, spec, asked)
        if not waits:
            self._notify(ctx)
        self.session.flush()
        for spec, asked in begun:
            if all(found.done for found in asked):
                self._complete(flow, ctx.case, spec)

    def _complete(self, flow, case, spec):
        """Nobody has to be asked: the portal says yes itself."""
        transition = next(t for t in flow.out_of(case.state) if t.completes == spec.step)
        tasks = self.session.scalars(sa.select(Task).where(Task.case_id == case.id).order_by(Task.id))
        ctx = TransitionContext(self.services, case, transition, SYSTEM, self.services.clock.now())
        self.do(flow, ctx, list(tasks))

    def _advance(self, state, ctx):
        """Move the row if nobody else has: the version in the WHERE clause decides races, the loser reads who won."""
        case = ctx.case
        seen = case.version
        values = {
            "state": state.code,
            "state_label": self._text(state.label),
            "tone": state.tone,
            "version": seen + 1,
            "changed": ctx.now,
            "closed": ctx.now if state.final else None,
        }
        self.session.flush()
        statement = sa.update(Case).where(Case.id == case.id, Case.version == seen).values(**values).returning(Case.id)
        if self.session.scalar(statement.execution_options(synchronize_session=False)) is None:
            raise stale(self.session, case)
        for name, value in values.items():
            set_committed_value(case, name, value)

    def _open_tasks(self, flow, ctx, tasks):
        """Open what the act opens; returns the configurable ones with the stages that were reached."""
        begun = []
        for spec in ctx.transition.opens:
            if spec.configurable:
                begun.append((spec, self._progress.begin(flow, ctx, spec, tasks)))
            else:
                self.session.add(
                    Task(
                        case_id=ctx.case.id,
                        kind=spec.kind,
                        step=spec.step,
                        verb=self._text(spec.verb),
                        why=self._text(spec.why),
                        status=OPEN,
                        assignee_id=ctx.case.handler_id if spec.to_applicant else None,
                        permission=flow.handler.permission(ctx, spec),
                        scope=flow.handler.scope(ctx) if spec.permission else "",
                        due=flow.handler.due(ctx, spec),
                        created=ctx.now,
                    )
                )
        return begun

    def _notify(self, ctx):
        if ctx.transition.notify:
            case = ctx.case
            people = {case.applicant_id, case.handler_id} - {ctx.actor.user_id}
            params = {"title": case.title, "number": case.number, "actor": ctx.actor.name, "opinion": ctx.opinion}
            self.services.get(NotificationService).send(ctx.transition.notify, people, params, f"/cases/{case.number}", case.id)

    def _text(self, message):
        return self.services.portal.default_text(message)
