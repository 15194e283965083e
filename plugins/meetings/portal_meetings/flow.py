"""The life of a booking: 草稿, 待审核, 已通过, 已结束, 已评价, and the ways off that path."""

from portal_core.api import Flow, State, TaskSpec, Transition, WorkingHours
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.services import states as s
from portal_meetings.services.handler import BookingHandler

APPLICANT, TASK, SYSTEM = ("applicant",), ("task",), ("system",)

STATES = (
    State(s.DRAFT, _("Draft"), "mute"),
    State(s.PENDING, _("Pending review"), "warn"),
    State(s.RETURNED, _("Returned"), "bad"),
    State(s.APPROVED, _("Approved"), "ok"),
    State(s.CHANGE_PENDING, _("Change pending"), "warn"),
    State(s.ENDED, _("Ended"), "vio"),
    State(s.RATED, _("Rated"), "ok", final=True),
    State(s.REJECTED, _("Rejected"), "bad", final=True),
    State(s.WITHDRAWN, _("Withdrawn"), "mute", final=True),
    State(s.CANCELLED, _("Cancelled"), "mute", final=True),
    State(s.NO_SHOW, _("Not used"), "bad", final=True),
)

REVIEW = TaskSpec(
    "review",
    _("Review"),
    permissions.APPROVE,
    why=_("Administrators of the room review its bookings"),
    due=WorkingHours(4),
    configurable=True,
)
REVIEW_CHANGE = TaskSpec(
    "review_change",
    _("Review change"),
    permissions.APPROVE,
    why=_("Administrators of the room review changes"),
    due=WorkingHours(4),
    configurable=True,
)
CORRECT = TaskSpec("correct", _("Correct and submit again"), to_applicant=True, why=_("Your booking was returned"))
RATE = TaskSpec("rate", _("Rate"), to_applicant=True, why=_("Your meeting has ended"), due=s.RATING_TIME)

TRANSITIONS = (
    Transition("submit", _("Submit"), (s.DRAFT,), s.PENDING, APPLICANT, "none", (REVIEW,), offered=False),
    Transition("submit_direct", _("Book without approval"), (s.DRAFT,), s.APPROVED, APPLICANT, "none", offered=False),
    Transition("discard", _("Discard"), (s.DRAFT,), s.WITHDRAWN, APPLICANT, "none"),
    Transition(
        "approve",
        _("Approve"),
        (s.PENDING,),
        s.APPROVED,
        TASK,
        notify="meetings.approved",
        tone="ok",
        completes="review",
        batchable=True,
    ),
    Transition(
        "return",
        _("Return"),
        (s.PENDING,),
        s.RETURNED,
        TASK,
        "required",
        (CORRECT,),
        notify="meetings.returned",
        negative=True,
        batchable=True,
    ),
    Transition(
        "reject",
        _("Reject"),
        (s.PENDING,),
        s.REJECTED,
        TASK,
        "required",
        notify="meetings.rejected",
        tone="bad",
        negative=True,
        batchable=True,
    ),
    Transition("resubmit", _("Submit again"), (s.RETURNED,), s.PENDING, APPLICANT, "none", (REVIEW,), offered=False),
    Transition("edit", _("Edit"), (s.PENDING,), s.PENDING, APPLICANT, "none", (REVIEW,), offered=False),
    Transition("withdraw", _("Withdraw"), (s.PENDING, s.RETURNED), s.WITHDRAWN, APPLICANT),
    Transition(
        "request_change", _("Change"), (s.APPROVED,), s.CHANGE_PENDING, APPLICANT, "none", (REVIEW_CHANGE,), offered=False
    ),
    Transition("change_direct", _("Change without approval"), (s.APPROVED,), s.APPROVED, APPLICANT, "none", offered=False),
    Transition(
        "approve_change",
        _("Approve change"),
        (s.CHANGE_PENDING,),
        s.APPROVED,
        TASK,
        notify="meetings.change_approved",
        tone="ok",
        completes="review_change",
        batchable=True,
    ),
    Transition(
        "reject_change",
        _("Reject change"),
        (s.CHANGE_PENDING,),
        s.APPROVED,
        TASK,
        "required",
        notify="meetings.change_rejected",
        tone="bad",
        negative=True,
        batchable=True,
    ),
    Transition("withdraw_change", _("Withdraw change"), (s.CHANGE_PENDING,), s.APPROVED, APPLICANT),
    Transition("lapse_change", _("Change lapsed"), (s.CHANGE_PENDING,), s.APPROVED, SYSTEM, notify="meetings.change_lapsed"),
    Transition(
        "cancel",
        _("Cancel meeting"),
        s.CANCELLABLE,
        s.CANCELLED,
        (*APPLICANT, permissions.APPROVE),
        "required",
        notify="meetings.cancelled",
        offered=False,
    ),
    Transition("lapse", _("Lapsed"), (s.PENDING, s.RETURNED), s.REJECTED, SYSTEM, notify="meetings.lapsed"),
    Transition("finish", _("End"), (s.APPROVED,), s.ENDED, SYSTEM, "none", (RATE,)),
    Transition("rate", _("Rate"), (s.ENDED,), s.RATED, APPLICANT, "none", offered=False),
    Transition("close_rating", _("Time for rating is over"), (s.ENDED,), s.ENDED, SYSTEM, "none"),
    Transition(
        "no_show", _("Mark as not used"), (s.APPROVED, s.ENDED), s.NO_SHOW, (permissions.APPROVE,), notify="meetings.no_show"
    ),
)

FLOW = Flow(
    kind=s.KIND,
    title=_("Meeting room booking"),
    prefix="HY",
    icon="calendar",
    tone="room",
    states=STATES,
    transitions=TRANSITIONS,
    initial=s.DRAFT,
    path=(s.PENDING, s.APPROVED, s.ENDED, s.RATED),
    handler=BookingHandler(),
)
