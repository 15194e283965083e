"""Booking rooms, and changing, cancelling and reading bookings."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from portal_core.api import (
    AuditService,
    Case,
    CaseService,
    Conflict,
    Department,
    Forbidden,
    Identity,
    Invalid,
    NotFound,
    Services,
)
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Draft, room_scope
from portal_meetings.services import states as s
from portal_meetings.services.conflicts import SlotTaken, slot_taken
from portal_meetings.services.data import CANCEL_REASONS, TITLE_MAX, BookingData
from portal_meetings.services.holds import HoldService, NotFree, is_free
from portal_meetings.services.rules import BookingRules, Checked
from portal_meetings.services.steps import LOADED
from portal_meetings.services.summary import Wording
from portal_meetings.services.visibility import has_detail_right

__all__ = ["BookingService", "SlotTaken"]

READ_CASES = "core:case:view_all"
DRAFT_MAX = 20_000
CANCEL_TEXT_MAX = 500


class BookingService:
    """Everything people do with bookings, except what reviewers do by ``CaseService.perform`` alone."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.cases = services.get(CaseService)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, ref: str | int, identity: Identity, full: bool = True) -> Booking:
        """The booking with case number (text) or id ``ref``; case, room, owner and answers are loaded.

        ``full``: the person wants all details; then an unknown booking and one whose details they may not see raise NotFound
        alike, and a look at somebody else's confidential booking is audited. Without it the caller must ask ``may_see_detail``.
        """
        query = sa.select(Booking).options(*LOADED)
        if isinstance(ref, str):
            query = query.join(Case, Case.id == Booking.case_id).where(Case.number == ref)
        else:
            query = query.where(Booking.case_id == ref)
        booking = self.session.scalar(query)
        if booking is None or (full and not self.may_see_detail(booking, identity)):
            raise NotFound()
        if full and booking.confidential and booking.owner_id != identity.user_id:
            self._audit_view(booking, identity)
        return booking

    def may_see_detail(self, booking: Booking, identity: Identity) -> bool:
        """May ``identity`` read everything? Whoever has the right, and who must decide on it for somebody who has.

        Of a meeting that is not confidential also the readers of all cases, and those to whom its case was copied.
        """
        if has_detail_right(identity, booking) or (not booking.confidential and self._reads_cases(booking, identity)):
            return True
        return self.cases.has_part(booking.case, identity, deciding=booking.confidential)

    def _reads_cases(self, booking: Booking, identity: Identity) -> bool:
        """Does the right to read cases reach this one? The unit is looked up only for those whose right ends with some units."""
        if identity.reach(READ_CASES) in (None, "all"):
            return identity.may(READ_CASES)
        unit = sa.select(Department.path).join(Case, Case.department_id == Department.id).where(Case.id == booking.case_id)
        return identity.covers(READ_CASES, self.session.scalar(unit), (booking.owner_id,))

    # -- drafts ----------------------------------------------------------------------------------------------------

    def save_draft(self, identity: Identity, values: Mapping[str, Any], case: Case | None = None) -> Case:
        """Keep a half-filled form: ``values`` are its fields as typed (JSON). ``case``: the draft that is saved again.

        Raises Forbidden, Invalid (too much text) and Conflict (the draft was submitted meanwhile).
        """
        self._require_create(identity)
        if len(json.dumps(values, ensure_ascii=False)) > DRAFT_MAX:
            raise Invalid(_("The draft is too long to be kept."))
        title = self._draft_title(values)
        if case is None:
            case = self.cases.open(s.KIND, title=title, applicant=identity)
            self.session.add(Draft(case_id=case.id, values=dict(values)))
        else:
            draft = self._own_draft(case, identity)
            draft.values = dict(values)
            self.cases.describe(case, title=title, summary=())
        self.session.flush()
        return case

    def draft(self, case_id: int, identity: Identity) -> tuple[Case, dict[str, Any]]:
        """A person's own draft and its values. Raises NotFound, and Conflict when it was submitted."""
        case = self.session.get(Case, case_id)
        if case is None or case.kind != s.KIND:
            raise NotFound()
        return case, self._own_draft(case, identity).values

    # -- filing and changing ---------------------------------------------------------------------------------------

    def book(self, identity: Identity, data: BookingData, draft_case: Case | None = None) -> Booking:
        """File a booking; it holds its room from now on. With the right to book directly it is approved at once.

        A taken room is refused before anything is locked, as long as the session has not been used yet: on SQLite its first
        statement would queue for the only writer. Views should therefore read what their form needs with the reading session.
        Raises Forbidden, Invalid (with messages by form field), SlotTaken, and Stale when the draft was submitted meanwhile.
        """
        self._require_create(identity)
        checked = self._examine(identity, data)
        action = "submit_direct" if identity.may(permissions.DIRECT, checked.room.scope) else "submit"
        with self._explaining(identity, checked):
            arguments: dict[str, Any] = {"checked": checked}
            if draft_case is None:
                # Spaces first, the counter of numbers last: it is shared by all rooms and must not be held while waiting.
                arguments["spaces"] = self.services.get(HoldService).claim(checked.room, checked.span)
                wording = Wording(self.services)
                summary = wording.summary(checked.data, checked.room, identity.department_name)
                title = wording.case_title(checked.data)
                draft_case = self.cases.open(s.KIND, title=title, applicant=identity, summary=summary)
            done = self.cases.perform(draft_case, action, identity, version=draft_case.version, data=arguments)
        return done.data["booking"]

    def change(self, booking: Booking, identity: Identity, data: BookingData, version: int) -> None:
        """Change a booking in the way its state asks for: rewrite it, file it again, or propose a change (变更).

        ``booking`` comes from ``get``; ``version`` is what the form was made for. Raises Invalid, SlotTaken, Stale, Forbidden and
        Conflict.
        """
        rooms = {booking.room_id, data.room_id or booking.room_id}
        # A change into a room where the person may not book directly is reviewed there.
        direct = all(identity.may(permissions.DIRECT, room_scope(room_id)) for room_id in rooms)
        actions = {s.PENDING: "edit", s.RETURNED: "resubmit", s.APPROVED: "change_direct" if direct else "request_change"}
        action = actions.get(booking.case.state)
        if action is None:
            raise Conflict(_("This booking can no longer be changed."))
        checked = self._examine(identity, data, booking)
        with self._explaining(identity, checked, booking.case_id):
            self.cases.perform(booking.case, action, identity, version=version, data={"checked": checked})

    def cancel(self, booking: Booking, identity: Identity, reason_code: str, text: str, version: int) -> None:
        """Cancel a meeting; its room is free at once. ``reason_code`` is one of ``CANCEL_REASONS``; 'other' needs a ``text``.

        Raises Invalid with messages at ``reason`` and ``text``, Stale, Forbidden, Conflict.
        """
        reasons = dict(CANCEL_REASONS)
        text = text.strip()
        if reason_code not in reasons:
            raise Invalid(_("Please correct the marked fields"), {"reason": _("Please choose a reason")})
        if reason_code == "other" and not text:
            raise Invalid(_("Please correct the marked fields"), {"text": _("Please state the reason")})
        if len(text) > CANCEL_TEXT_MAX:
            raise Invalid(
                _("Please correct the marked fields"), {"text": _("At most ${max} characters", mapping={"max": CANCEL_TEXT_MAX})}
            )
        label = self.services.portal.default_text(reasons[reason_code])
        opinion = "：".join(part for part in (label, text) if part)
        self.cases.perform(booking.case, "cancel", identity, opinion=opinion, version=version)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _examine(self, identity: Identity, data: BookingData, booking: Booking | None = None) -> Checked:
        """Check the form and refuse a taken room early.

        As long as our session has not begun there is nothing that only it could see, and a reading session does it without
        any lock.
        """
        if self.session.in_transaction():
            return examine(self.services, identity, data, booking)
        with self.services.portal.database.reading() as session:
            return examine(Services(session, self.services.portal, self.services.clock), identity, data, booking)

    @contextmanager
    def _explaining(self, identity: Identity, checked: Checked, booking_id: int = 0) -> Iterator[None]:
        """Turns NotFree into a SlotTaken that says what is in the way."""
        try:
            yield
        except NotFree:
            people = checked.data.people or 1
            raise slot_taken(self.services, identity, checked.room, checked.span, people, booking_id) from None

    def _draft_title(self, values):
        """What lists call the draft. Its values were not checked yet, so characters that cannot be shown are left out."""
        if values.get("confidential"):
            return self.services.portal.default_text(_("Confidential meeting"))
        typed = "".join(letter for letter in str(values.get("title") or "") if letter.isprintable()).strip()
        return typed[:TITLE_MAX] or self.services.portal.default_text(_("Untitled"))

    def _own_draft(self, case: Case, identity: Identity) -> Draft:
        draft = self.session.get(Draft, case.id)
        if draft is None or identity.user_id not in (case.applicant_id, case.handler_id):
            raise NotFound()
        if case.state != s.DRAFT:
            raise Conflict(_("This draft has been submitted."))
        return draft

    def _require_create(self, identity: Identity) -> None:
        if not identity.may(permissions.CREATE):
            raise Forbidden(_("You may not book meeting rooms."))

    def _audit_view(self, booking: Booking, identity: Identity) -> None:
        audit = self.services.get(AuditService)
        # While writing the record belongs to the transaction: on SQLite a second writer would wait for ourselves.
        reading = self.session.get_bind() is self.services.portal.database.read_engine
        record = audit.record_now if reading else audit.record
        record(identity, "meetings.confidential_viewed", "meetings.booking", booking.case.number)


def examine(services: Services, identity: Identity, data: BookingData, booking: Booking | None) -> Checked:
    """The checked form, if the room is free as far as ``services``' session can see. Raises Invalid or SlotTaken."""
    checked = services.get(BookingRules).check(identity, data, booking)
    own = booking.case_id if booking else 0
    if not is_free(services.session, checked.room, checked.span, own):
        raise slot_taken(services, identity, checked.room, checked.span, data.people or 1, own)
    return checked
