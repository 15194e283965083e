"""The life of a follow-up (整改): 待整改, 待评价人确认, 已办结. Source: specification of the core, N7 (five working days)."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.calendar.hours import WorkingDays
from portal_core.evaluations.models import Evaluation, FollowUpRow
from portal_core.i18n import _
from portal_core.inbox.flow import APPLICANT, REQUIRED, SYSTEM_ONLY, TASK, CaseHandler, Flow, State, TaskSpec, Transition

KIND = "core.followup"
NEW, OPEN, ANSWERED, CLOSED = "new", "open", "answered", "closed"
# Holders see to every follow-up, also to those of forms whose plugin is gone.
HANDLE = "core:evaluation:follow_up"
DUE = WorkingDays(5)


class FollowUpHandler(CaseHandler):
    """The core's part in the life of its follow-ups. The row says whose one is."""

    def may_view(self, services, case, identity):
        """Whoever may put it right, also after that was done."""
        row = services.session.get_one(FollowUpRow, case.id)
        return identity.may(row.permission, row.scope)

    def offered(self, services, case, identity, transition):
        """The rater may ask once for a better answer; after that only say that it was none."""
        row = services.session.get_one(FollowUpRow, case.id)
        return {"reopen": not row.reopened, "refuse": row.reopened}.get(transition.action, True)

    def permission(self, ctx, spec):
        """What the questionnaire names."""
        return ctx.services.session.get_one(FollowUpRow, ctx.case.id).permission

    def scope(self, ctx):
        """The scope of what was rated, so that it goes to those who are in charge of it."""
        return ctx.services.session.get_one(FollowUpRow, ctx.case.id).scope

    def case_scope(self, services, case):
        """See ``scope``."""
        return services.session.get_one(FollowUpRow, case.id).scope

    def task_url(self, case, task):
        """Answering has a page of its own, because a photo can be added."""
        return f"/followups/{case.number}" if task.step == "answer" else ""

    def apply(self, ctx):
        """Repeat on the row what was answered and what came of it."""
        row = ctx.services.session.get_one(FollowUpRow, ctx.case.id)
        match ctx.transition.action:
            case "answer":
                row.answer, row.answered, row.answered_by_id = ctx.opinion, ctx.now, ctx.actor.user_id
                row.photo_id = ctx.data.get("photo_id") or row.photo_id
            case "reopen":
                row.reopened = True
            case "accept" | "refuse" as said:
                row.satisfied, row.closed = said == "accept", ctx.now
            case "close":
                row.closed = ctx.now

    def panel(self, request, case):
        """What was rated low, and what was done about it."""
        from portal_core.evaluations.follow_up_views import panel

        return panel(request, case)

    def actions(self, request, case, identity):
        """A link to the page for answering."""
        from portal_core.inbox.services import CaseService

        possible = {t.action for t in request.services.get(CaseService).available(case, identity)}
        return [(_("Answer"), f"/followups/{case.number}", "ok")] if "answer" in possible else []


def loaded(case_id: int):
    """A select of one follow-up with everything that its pages show."""
    people = [joinedload(FollowUpRow.answered_by), joinedload(FollowUpRow.photo), joinedload(FollowUpRow.case)]
    rated = joinedload(FollowUpRow.evaluation).joinedload(Evaluation.rater)
    return sa.select(FollowUpRow).options(*people, rated).where(FollowUpRow.case_id == case_id)


ANSWER = TaskSpec(
    "answer", _("Put right and answer"), HANDLE, why=_("Somebody was not content with what you are in charge of"), due=DUE
)
JUDGE = TaskSpec("judge", _("Say whether you are content"), to_applicant=True, why=_("Your low rating was answered"), due=DUE)

FLOW = Flow(
    kind=KIND,
    title=_("Follow-up of a rating"),
    prefix="ZG",
    icon="tool",
    tone="fix",
    states=(
        State(NEW, _("New"), "mute"),
        State(OPEN, _("To be put right"), "warn"),
        State(ANSWERED, _("Answered, to be confirmed"), "info"),
        State(CLOSED, _("Closed"), "ok", final=True),
    ),
    transitions=(
        Transition("raise", _("Opened by a low rating"), (NEW,), OPEN, (SYSTEM_ONLY,), "none", (ANSWER,)),
        Transition(
            "answer",
            _("Answer"),
            (OPEN,),
            ANSWERED,
            (TASK,),
            REQUIRED,
            (JUDGE,),
            notify="core.followup_answered",
            tone="ok",
            offered=False,
        ),
        Transition("accept", _("Content, close"), (ANSWERED,), CLOSED, (APPLICANT,), tone="ok"),
        Transition("reopen", _("Not content, ask again"), (ANSWERED,), OPEN, (APPLICANT,), REQUIRED, (ANSWER,), tone="bad"),
        Transition("refuse", _("Not content, close"), (ANSWERED,), CLOSED, (APPLICANT,), REQUIRED, tone="bad"),
        Transition("close", _("Closed without a reply"), (ANSWERED,), CLOSED, (SYSTEM_ONLY,), "none"),
    ),
    initial=NEW,
    path=(OPEN, ANSWERED, CLOSED),
    handler=FollowUpHandler(),
)
