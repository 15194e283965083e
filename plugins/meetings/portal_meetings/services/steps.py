"""What each act of the flow does to the booking, inside the transaction of ``CaseService.perform``.

When these run the case's row is already ours (its UPDATE came first); spaces are locked after it, in the order of their ids.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal_core.api import Case, CaseService, Conflict, Services, TransitionContext
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Change, Room, ServiceAnswer, ServiceItem
from portal_meetings.services import states as s
from portal_meetings.services.data import BookingData, from_json, of_booking, to_json
from portal_meetings.services.holds import HoldService, Span
from portal_meetings.services.rules import Checked
from portal_meetings.services.summary import Wording

# What a booking is loaded with wherever one is shown or changed.
LOADED = (joinedload(Booking.case), joinedload(Booking.room), joinedload(Booking.owner), selectinload(Booking.answers))


class Steps:
    """See the module; ``apply`` picks the step by the action's name. ``ctx.data["checked"]`` is the form, where one is needed."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.holds = services.get(HoldService)
        self.wording = Wording(services)

    def apply(self, ctx: TransitionContext) -> None:
        """Do the booking's part of the act ``ctx.transition``."""
        step = getattr(self, f"_{ctx.transition.action}", None)
        if step:
            step(ctx)
        booking = ctx.data.get("booking") or self.session.get(Booking, ctx.case.id)
        if booking:
            booking.state = ctx.case.state

    # -- filing ----------------------------------------------------------------------------------------------------

    def _submit(self, ctx):
        checked: Checked = ctx.data["checked"]
        # A booking that is filed without a draft has locked its spaces before its number was drawn, and has its title.
        spaces = ctx.data.get("spaces")
        booking = Booking(case_id=ctx.case.id, case=ctx.case, owner_id=ctx.case.applicant_id, state=ctx.case.state)
        booking.unit_id, booking.unit_name = ctx.actor.department_id, ctx.actor.department_name
        self._fill(booking, checked.data)
        self.session.add(booking)
        self.session.flush()
        ctx.data["booking"] = booking
        self._answer(booking, checked)
        if spaces is None:
            spaces = self.holds.claim(checked.room, checked.span, booking.case_id)
            self._entitle(ctx.case, checked, booking)
        self.holds.place(booking.case_id, spaces, checked.room, checked.span)

    def _submit_direct(self, ctx):
        self._require_direct(ctx, ctx.data["checked"].room)
        self._submit(ctx)

    def _edit(self, ctx):
        """A booking nobody has approved yet: its hold moves at once."""
        self._rewrite(ctx, self._booking(ctx.case), ctx.data["checked"])

    _resubmit = _edit

    def _change_direct(self, ctx):
        booking = self._booking(ctx.case)
        self._require_direct(ctx, ctx.data["checked"].room)
        self._rewrite(ctx, booking, ctx.data["checked"])

    # -- changes of approved bookings --------------------------------------------------------------------------------

    def _request_change(self, ctx):
        """Hold the new time as well; the approved booking stays as it is until the change is approved."""
        checked: Checked = ctx.data["checked"]
        booking = self._booking(ctx.case)
        spaces = self.holds.claim(checked.room, checked.span, booking.case_id)
        change = self._record(ctx, booking, checked, s.OPEN)
        ctx.data["change"] = change
        self.holds.place(booking.case_id, spaces, checked.room, checked.span, change.id)

    def _approve_change(self, ctx):
        booking, change = self._booking(ctx.case), self.open_change(ctx.case.id)
        data = from_json(change.values)
        room = self.session.get_one(Room, data.room_id)
        items = {i.id: i for i in self.session.scalars(sa.select(ServiceItem).where(ServiceItem.id.in_(data.services)))}
        checked = Checked(data, room, Span(change.starts_at, change.ends_at), items)
        self.holds.adopt(booking.case_id, change.id)
        ctx.changes += self._differences(booking, checked, public=True)
        self._replace(ctx.case, booking, checked)
        change.status = s.APPROVED_CHANGE

    def _reject_change(self, ctx):
        self._drop_change(ctx.case, s.REJECTED_CHANGE)

    def _withdraw_change(self, ctx):
        self._drop_change(ctx.case, s.WITHDRAWN_CHANGE)

    def _lapse_change(self, ctx):
        self._drop_change(ctx.case, s.LAPSED_CHANGE)

    # -- ends --------------------------------------------------------------------------------------------------------

    def _give_up(self, ctx):
        """The meeting does not take place: its hold is free from now on."""
        self.session.execute(
            sa.update(Change).where(Change.booking_id == ctx.case.id, Change.status == s.OPEN).values(status=s.VOID_CHANGE)
        )
        self.holds.free(ctx.case.id)

    _return = _reject = _withdraw = _cancel = _lapse = _no_show = _give_up

    # -- parts -------------------------------------------------------------------------------------------------------

    def open_change(self, booking_id: int) -> Change:
        """The change that awaits a decision. Raises Conflict when there is none."""
        change = self.session.scalar(sa.select(Change).where(Change.booking_id == booking_id, Change.status == s.OPEN))
        if change is None:
            raise Conflict(_("There is no open change."))
        return change

    def _booking(self, case: Case) -> Booking:
        """The booking as it is now: it may have been read before the case's row became ours."""
        query = sa.select(Booking).options(*LOADED).where(Booking.case_id == case.id)
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def _rewrite(self, ctx: TransitionContext, booking: Booking, checked: Checked) -> None:
        spaces = self.holds.claim(checked.room, checked.span, booking.case_id)
        self._record(ctx, booking, checked, s.APPLIED)
        self.holds.free(booking.case_id)
        self.holds.place(booking.case_id, spaces, checked.room, checked.span)
        self._replace(ctx.case, booking, checked)

    def _record(self, ctx: TransitionContext, booking: Booking, checked: Checked, status: str) -> Change:
        """Keep the field changes: all in the change, without secrets in the timeline. Raises Conflict when nothing differs."""
        diff = self._differences(booking, checked, public=False)
        if not diff and ctx.transition.action != "resubmit":
            raise Conflict(_("Nothing has been changed."))
        ctx.changes += self._differences(booking, checked, public=True)
        change = Change(
            booking_id=booking.case_id,
            room_id=checked.room.id,
            starts_at=checked.span.start,
            ends_at=checked.span.end,
            values=to_json(checked.data),
            diff=diff,
            status=status,
            created=ctx.now,
            created_by_id=ctx.actor.user_id,
        )
        self.session.add(change)
        self.session.flush()
        return change

    def _differences(self, booking: Booking, checked: Checked, public: bool) -> list[list[str]]:
        old, new = of_booking(booking), checked.data
        rooms = self._room_names((booking.room_id, checked.room.id))
        labels = {a.item_id: a.label for a in booking.answers} | {i.id: i.label for i in checked.items.values()}
        compare = self.wording.public_differences if public else self.wording.differences
        return compare(old, new, rooms, labels)

    def _room_names(self, ids: Iterable[int]) -> dict[int, str]:
        return dict(self.session.execute(sa.select(Room.id, Room.name).where(Room.id.in_(set(ids)))).all())

    def _fill(self, booking: Booking, data: BookingData) -> None:
        assert data.room_id and data.starts_at and data.ends_at and data.people
        booking.room_id, booking.title, booking.kind = data.room_id, data.title.strip(), data.kind
        booking.starts_at, booking.ends_at, booking.people = data.starts_at, data.ends_at, data.people
        booking.contact, booking.phone, booking.note = data.contact.strip(), data.phone.strip(), data.note
        booking.leaders, booking.confidential = [list(pair) for pair in data.leaders], data.confidential

    def _replace(self, case: Case, booking: Booking, checked: Checked) -> None:
        self._fill(booking, checked.data)
        booking.room = self.session.get_one(Room, checked.room.id)
        self.session.flush()
        self.session.execute(sa.delete(ServiceAnswer).where(ServiceAnswer.booking_id == booking.case_id))
        self.session.expire(booking, ["answers"])
        self._answer(booking, checked)
        self._entitle(case, checked, booking)

    def _answer(self, booking: Booking, checked: Checked) -> None:
        """Keep the ticked services. Items without a question get no answer, whatever was sent."""
        rows = [
            {
                "booking_id": booking.case_id,
                "item_id": item.id,
                "label": item.label,
                "question": item.question,
                "answer": checked.data.services[item.id].strip() if item.question else "",
                "position": item.position,
            }
            for item in checked.items.values()
        ]
        if rows:
            self.session.execute(sa.insert(ServiceAnswer), rows)

    def _entitle(self, case: Case, checked: Checked, booking: Booking) -> None:
        summary = self.wording.summary(checked.data, checked.room, booking.unit_name)
        self.services.get(CaseService).describe(case, title=self.wording.case_title(checked.data), summary=summary)

    def _drop_change(self, case: Case, status: str) -> None:
        change = self.open_change(case.id)
        change.status = status
        self.holds.free_change(change.id)

    def _require_direct(self, ctx: TransitionContext, room: Room) -> None:
        if not ctx.actor.may(permissions.DIRECT, room.scope):
            raise Conflict(_("Bookings of ${room} need an approval.", mapping={"room": room.name}))
