"""The booking on its case page: fields, services, leaders, an open change beside the old values, and the links to our pages."""

from dataclasses import dataclass
from typing import Any

from portal_core.api import CaseService, DictionaryService, EvaluationService, NotFound
from portal_meetings.i18n import _
from portal_meetings.services import states
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import KIND_DICTIONARY
from portal_meetings.services.ratings import FORM
from portal_meetings.services.steps import Steps
from portal_meetings.views.booking import CHANGES

TEMPLATE = "portal_meetings:templates/panel.pt"


@dataclass(frozen=True)
class BookingPanel:
    """Context of ``panel.pt``. ``booking`` is None for a draft; ``hidden``: the person may see the case but not the meeting.

    ``diff`` are ``(label, old, new)`` of the change that awaits a decision; ``rating`` are ``(question, answer)`` of the owner's
    rating, and ``comment`` what the owner wrote to it.
    """

    booking: Any
    hidden: bool
    when: str
    kind: Any
    diff: list
    rating: list
    comment: str


def booking_panel(request, case) -> BookingPanel | None:
    """The panel of ``case`` for the person who asks; None for a draft that was thrown away.

    A look at somebody else's confidential meeting is audited by ``get``.
    """
    service = request.services.get(BookingService)
    try:
        booking = service.get(case.id, request.identity, full=False)
    except NotFound:
        return BookingPanel(None, False, "", "", [], [], "") if case.state == states.DRAFT else None
    hidden = not service.may_see_detail(booking, request.identity)
    if booking.confidential and not hidden:
        booking = service.get(case.id, request.identity)
    rating, comment = _rating(request, case) if case.state == states.RATED and not hidden else ([], "")
    changing = case.state == states.CHANGE_PENDING and not hidden
    return BookingPanel(
        booking=booking,
        hidden=hidden,
        when=request.fmt.span(booking.starts_at, booking.ends_at),
        kind=request.services.get(DictionaryService).word(KIND_DICTIONARY, booking.kind),
        diff=[tuple(row) for row in request.services.get(Steps).open_change(case.id).diff] if changing else [],
        rating=rating,
        comment=comment,
    )


def _rating(request, case):
    """The owner's answers in words, and the comment."""
    evaluations = request.services.get(EvaluationService)
    answers = evaluations.for_subject(f"case:{case.id}")
    return (evaluations.in_words(answers[0]), answers[0].comment) if answers else ([], "")


def case_panel(request, case):
    """What the core's case page asks for: template and context, or None."""
    panel = booking_panel(request, case)
    return (TEMPLATE, panel) if panel else None


def case_actions(request, case, identity):
    """Links ``(label, url, tone)`` to the form, the cancellation and the rating, as far as they are possible now."""
    if identity.user_id not in (case.applicant_id, case.handler_id):
        return _reviewer_actions(request, case, identity)
    possible = {t.action for t in request.services.get(CaseService).available(case, identity)}
    actions = []
    if case.state == states.DRAFT:
        actions.append((_("Continue"), f"/meetings/drafts/{case.number}", "ok"))
    if possible & CHANGES:
        label = _("Correct and submit again") if case.state == states.RETURNED else _("Change")
        actions.append((label, f"/meetings/change/{case.number}", ""))
    if "cancel" in possible:
        actions.append((_("Cancel"), f"/meetings/cancel/{case.number}", "bad"))
    if "rate" in possible:
        actions.append((_("Rate"), request.route_path("core.evaluation", form_code=FORM.code, key=f"case:{case.id}"), "ok"))
    return actions


def _reviewer_actions(request, case, identity):
    """Reviewers may cancel others' meetings until they end."""
    possible = {t.action for t in request.services.get(CaseService).available(case, identity)}
    return [(_("Cancel"), f"/meetings/cancel/{case.number}", "bad")] if "cancel" in possible else []
