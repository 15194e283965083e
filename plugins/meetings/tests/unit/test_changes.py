"""变更 without loss: a change is a proposal that holds the old and the new time until it is decided."""

import pytest
import sqlalchemy as sa

from portal_core.api import Conflict, Stale, Task
from portal_meetings.models import Change, Hold
from portal_meetings.services import states as s
from portal_meetings.services.bookings import SlotTaken


def holds(session, booking):
    rows = session.execute(sa.select(Hold.space_id, Hold.starts_at, Hold.change_id).where(Hold.booking_id == booking.case_id))
    return sorted((row.starts_at, row.change_id is not None) for row in rows)


@pytest.fixture
def proposed(bookings, approved, clerk, form, at):
    """An approved booking at nine whose owner wants it at two o'clock and under another title."""
    booking = approved(form())
    bookings.change(booking, clerk.identity, form(start=at(14), title="改期例会"), booking.case.version)
    return booking


def test_both_times_are_held(session, bookings, proposed, other, form, at):
    assert (proposed.state, proposed.title, proposed.starts_at) == (s.CHANGE_PENDING, "周例会", at(9))
    assert holds(session, proposed) == [(at(9), False), (at(14), True)]
    for start in (at(9), at(14)):
        with pytest.raises(SlotTaken):
            bookings.book(other.identity, form(start=start))


def test_the_reviewer_sees_old_and_new(session, proposed):
    change = session.scalars(sa.select(Change)).one()
    assert ["会议名称", "周例会", "改期例会"] in change.diff
    assert ["开始时间", "2026-11-25 09:00", "2026-11-25 14:00"] in change.diff


def test_approved(session, act, proposed, reviewer, at):
    act(proposed, "approve_change", reviewer)
    assert (proposed.state, proposed.title, proposed.starts_at) == (s.APPROVED, "改期例会", at(14))
    assert holds(session, proposed) == [(at(14), False)]


@pytest.mark.parametrize("action", ["reject_change", "withdraw_change"])
def test_rejected_or_withdrawn_leaves_the_meeting_as_it_was(
    session, bookings, act, proposed, clerk, reviewer, other, form, at, action
):
    act(proposed, action, reviewer if action == "reject_change" else clerk, "不同意")
    assert (proposed.state, proposed.title, proposed.starts_at) == (s.APPROVED, "周例会", at(9))
    assert holds(session, proposed) == [(at(9), False)]
    bookings.book(other.identity, form(start=at(14)))


def test_cancelled_while_pending_frees_both(session, bookings, proposed, clerk):
    bookings.cancel(proposed, clerk.identity, "dropped", "", proposed.case.version)
    assert holds(session, proposed) == []
    assert session.scalar(sa.select(Change.status)) == "void"


def test_a_change_may_overlap_the_meeting_itself(session, bookings, act, approved, clerk, reviewer, form, at):
    booking = approved(form())
    bookings.change(booking, clerk.identity, form(start=at(9, 30)), booking.case.version)
    act(booking, "approve_change", reviewer)
    assert holds(session, booking) == [(at(9, 30), False)]


def test_the_reviewers_of_the_new_room_decide(session, bookings, act, approved, clerk, floor, form, make_user):
    booking = approved(form())
    bookings.change(booking, clerk.identity, form(floor.tidy), booking.case.version)
    task = session.scalars(sa.select(Task).where(Task.case_id == booking.case_id, Task.status == "open")).one()
    assert task.scope == floor.tidy.scope
    act(booking, "approve_change", make_user(permissions=[("meetings:booking:approve", floor.tidy.scope)]))
    assert booking.room_id == floor.tidy.id


def test_one_change_at_a_time(bookings, proposed, clerk, form, at):
    with pytest.raises(Conflict):
        bookings.change(proposed, clerk.identity, form(start=at(16)), proposed.case.version)


def test_decided_twice(act, services, proposed, reviewer):
    from portal_core.api import CaseService

    version = proposed.case.version
    act(proposed, "approve_change", reviewer)
    with pytest.raises(Stale):
        services.get(CaseService).perform(proposed.case, "reject_change", reviewer.identity, opinion="迟了", version=version)


def test_not_after_the_start(portal, bookings, approved, clerk, form, at):
    booking = approved(form())
    portal.clock.advance(days=1)
    with pytest.raises(Conflict):
        bookings.change(booking, clerk.identity, form(start=at(14, day=2)), booking.case.version)


def test_with_the_direct_right_it_is_done_at_once(session, bookings, form, floor, at, make_user):
    person = make_user(roles=["clerk"], permissions=[("meetings:booking:direct", floor.room.scope)])
    booking = bookings.get(bookings.book(person.identity, form()).case_id, person.identity)
    bookings.change(booking, person.identity, form(start=at(14)), booking.case.version)
    assert (booking.state, booking.starts_at) == (s.APPROVED, at(14))
    assert holds(session, booking) == [(at(14), False)]
    # A room where the person may not book directly is another matter: its reviewers decide.
    bookings.change(booking, person.identity, form(floor.tidy, start=at(14)), booking.case.version)
    assert (booking.state, booking.room_id) == (s.CHANGE_PENDING, floor.room.id)
