"""The plugin's part in the life of a booking's case: who sees it, what is possible when, and what happens to the room."""

import sqlalchemy as sa

from portal_core.api import Case, CaseHandler
from portal_meetings import permissions
from portal_meetings.models import Booking, Change, room_scope
from portal_meetings.services import states as s


class BookingHandler(CaseHandler):
    """See the module. A draft has a case but no booking yet."""

    def may_view(self, services, case, identity):
        """Whoever reviews the room's bookings or may see all details. A draft is its writer's alone."""
        if case.state == s.DRAFT:
            return False
        scope = self.case_scope(services, case)
        return identity.may(permissions.APPROVE, scope) or identity.may(permissions.VIEW, scope)

    def visible(self, services, identity):
        """As ``may_view``, for the search."""
        held = (permissions.APPROVE, permissions.VIEW)
        if any(identity.may(permission) for permission in held):
            return Case.state != s.DRAFT
        scopes = {scope for permission in held for scope in identity.scoped.get(permission, ())}
        rooms = [int(scope.partition(":")[2]) for scope in scopes if scope.startswith("meetings.room:")]
        return sa.exists().where(Booking.case_id == Case.id, Booking.room_id.in_(sorted(rooms)), Case.state != s.DRAFT)

    def offered(self, services, case, identity, transition):
        """Deadlines: the owner acts before the meeting starts, the room's reviewers may cancel until it ends."""
        action = transition.action
        if case.state == s.DRAFT:
            # The room is known only from the form, so that the booking service has to ask for the right in its scope.
            return action != "submit_direct" or identity.may_somewhere(permissions.DIRECT)
        booking = booking_of(services, case)
        now, reviewer = services.clock.now(), identity.may(permissions.APPROVE, room_scope(booking.room_id))
        match action:
            case "cancel":
                return now < booking.starts_at or (reviewer and now < booking.ends_at)
            case "change_direct":
                return now < booking.starts_at and identity.may_somewhere(permissions.DIRECT)
            case "request_change" | "edit" | "approve" | "approve_change":
                return now < booking.starts_at
            case "lapse" | "lapse_change" | "no_show":
                return booking.starts_at <= now
            case "finish":
                return booking.ends_at <= now
            case "rate":
                return booking.ends_at <= now < booking.ends_at + s.RATING_TIME
            case "close_rating":
                return booking.ends_at + s.RATING_TIME <= now
        return True

    def scope(self, ctx):
        """Tasks go to the reviewers of the room; those of a change to the reviewers of the new room."""
        return room_scope(_wanted(ctx.services, ctx.case, ctx.data.get("change")).room_id)

    def approver_fields(self, services, case):
        """Who looks after the room that is wanted."""
        from portal_meetings.services.approvers import approver_fields

        return approver_fields(services, _wanted(services, case).room_id if case else None)

    def case_scope(self, services, case):
        """Rights over a booking are rights over its room."""
        booking = booking_of(services, case)
        return room_scope(booking.room_id) if booking else ""

    def task_url(self, case, task):
        """Where the button of a to-do leads: to the questionnaire, to the form, else to the case."""
        match task.step:
            case "rate":
                return f"/evaluations/{s.RATING_FORM}/case:{case.id}"
            case "correct":
                return f"/meetings/change/{case.number}"
        return super().task_url(case, task)

    def draft_url(self, case):
        """A draft is continued in the form of 会议预约单."""
        return f"/meetings/drafts/{case.number}"

    def due(self, ctx, spec):
        """A review is due when its flow says, and before the meeting starts; a rating within days of the end."""
        if spec.step == "rate":
            return booking_of(ctx.services, ctx.case).ends_at + s.RATING_TIME
        due = super().due(ctx, spec)
        if due is None or spec.to_applicant:
            return due
        return max(ctx.now, min(due, _wanted(ctx.services, ctx.case, ctx.data.get("change")).starts_at))

    def apply(self, ctx):
        """Move holds and fields as the act asks, and repeat the state on the booking."""
        from portal_meetings.services.steps import Steps

        ctx.services.get(Steps).apply(ctx)

    def panel(self, request, case):
        """The booking on the case page."""
        from portal_meetings.views.panel import case_panel

        return case_panel(request, case)

    def actions(self, request, case, identity):
        """Links to the pages for changing, cancelling and rating."""
        from portal_meetings.views.panel import case_actions

        return case_actions(request, case, identity)


def _wanted(services, case, change=None):
    """What is asked for: the open change of a booking while there is one (``change``, if the caller has it), else the booking."""
    if change is None and case.state == s.CHANGE_PENDING:
        change = services.session.scalar(sa.select(Change).where(Change.booking_id == case.id, Change.status == s.OPEN))
    return change or booking_of(services, case)


class _Kept:
    """Bookings that were asked for. A session forgets what nobody holds, and a case page asks about every act."""

    def __init__(self, services):
        self.bookings: dict[int, Booking | None] = {}


def booking_of(services, case):
    """The booking of ``case``, None for a draft; read once for one session."""
    kept = services.get(_Kept).bookings
    kept[case.id] = services.session.get(Booking, case.id)
    return kept[case.id]
