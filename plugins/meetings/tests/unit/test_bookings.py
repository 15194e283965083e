"""Booking, drafts, editing and cancelling."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.api import Case, CaseService, Conflict, Forbidden, Invalid, NotFound, Stale, Task
from portal_core.testing.fixtures import NOW, count_statements
from portal_meetings.models import Booking, Hold, ServiceAnswer
from portal_meetings.services import states as s
from portal_meetings.services.bookings import SlotTaken


def holds(session, booking):
    return list(session.scalars(sa.select(Hold).where(Hold.booking_id == booking.case_id).order_by(Hold.space_id)))


def open_tasks(session, booking):
    return list(session.scalars(sa.select(Task).where(Task.case_id == booking.case_id, Task.status == "open")))


def test_booking_waits_for_the_reviewers_of_the_room(session, services, bookings, clerk, form, floor):
    booking = bookings.book(clerk.identity, form(services={floor.signs.id: "10 个"}))
    case = services.get(CaseService).get(booking.case_id)
    assert (booking.state, case.state, case.title) == (s.PENDING, s.PENDING, "周例会")
    assert case.number.startswith("HY20261124-")
    assert ["会议室", "room"] in case.summary
    (task,) = open_tasks(session, booking)
    assert (task.permission, task.scope) == ("meetings:booking:approve", floor.room.scope)
    (hold,) = holds(session, booking)
    assert (hold.starts_at, hold.ends_at) == (booking.starts_at, booking.ends_at)
    answers = session.execute(sa.select(ServiceAnswer.label, ServiceAnswer.question, ServiceAnswer.answer)).all()
    assert answers == [("席签", "姓名与数量", "10 个")]


def test_a_review_is_due_within_four_working_hours_and_before_the_meeting(session, services, bookings, clerk, form, at):
    far = bookings.book(clerk.identity, form(start=at(9) + dt.timedelta(days=7)))
    (task,) = open_tasks(session, far)
    # On a day with a lunch break from 12:00 to 14:00.
    assert task.due == NOW + dt.timedelta(hours=6)
    today = bookings.book(clerk.identity, form(start=NOW + dt.timedelta(hours=1)))
    (task,) = open_tasks(session, today)
    assert task.due == today.starts_at


def test_an_answer_without_a_question_is_dropped(session, bookings, clerk, form, floor):
    bookings.book(clerk.identity, form(services={floor.tea.id: "sent by a forged form"}))
    assert session.scalar(sa.select(ServiceAnswer.answer)) == ""


def test_direct_right_needs_no_review(session, bookings, form, floor, make_user):
    person = make_user(roles=["clerk"], permissions=[("meetings:booking:direct", floor.room.scope)])
    booking = bookings.book(person.identity, form())
    assert (booking.state, open_tasks(session, booking)) == (s.APPROVED, [])
    assert bookings.book(person.identity, form(floor.tidy)).state == s.PENDING


def test_without_the_right_to_book(bookings, form, make_user):
    with pytest.raises(Forbidden):
        bookings.book(make_user().identity, form())


def test_a_taken_room_is_refused_with_what_is_in_the_way(bookings, clerk, other, form, at):
    bookings.book(clerk.identity, form())
    with pytest.raises(SlotTaken) as caught:
        bookings.book(other.identity, form(start=at(9, 45)))
    (taken,) = caught.value.taken
    assert (taken.title, taken.unit, taken.state) == ("周例会", "机关事务中心", s.PENDING)
    assert caught.value.alternatives
    bookings.book(other.identity, form(start=at(10)))
    bookings.book(other.identity, form(start=at(8)))


def test_few_statements(portal, bookings, clerk, other, form, at):
    """A booking and a refusal cost what they must: each statement more is time in which a room is locked."""
    with count_statements(portal.database.engine) as statements:
        bookings.book(clerk.identity, form())
    assert statements.count <= 13
    with count_statements(portal.database.engine) as statements, pytest.raises(SlotTaken) as caught:
        bookings.book(other.identity, form())
    assert statements.count <= 2
    with count_statements(portal.database.engine) as statements:
        assert caught.value.taken and caught.value.alternatives
    assert statements.count == 5


class TestDrafts:
    def test_half_a_form_is_kept_and_submitted_later(self, session, services, bookings, clerk, form):
        case = bookings.save_draft(clerk.identity, {"title": "预算会"})
        assert (case.state, case.title) == (s.DRAFT, "预算会")
        assert bookings.save_draft(clerk.identity, {"title": "决算会", "people": "多少"}, case) is case
        again, values = bookings.draft(case.id, clerk.identity)
        assert (again.title, values["people"]) == ("决算会", "多少")
        assert session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 0
        booking = bookings.book(clerk.identity, form(), case)
        assert (booking.case_id, case.state, case.title) == (case.id, s.PENDING, "周例会")
        with pytest.raises(Conflict):
            bookings.draft(case.id, clerk.identity)
        with pytest.raises(Conflict):
            bookings.save_draft(clerk.identity, {}, case)

    def test_of_others_are_unknown(self, bookings, clerk, other, reviewer):
        case = bookings.save_draft(clerk.identity, {})
        for person in (other, reviewer):
            with pytest.raises(NotFound):
                bookings.draft(case.id, person.identity)
            with pytest.raises(NotFound):
                bookings.save_draft(person.identity, {}, case)

    def test_are_not_submitted_by_others(self, bookings, clerk, other, form):
        case = bookings.save_draft(clerk.identity, {})
        with pytest.raises(Forbidden):
            bookings.book(other.identity, form(), case)

    def test_have_a_limit(self, bookings, clerk):
        with pytest.raises(Invalid):
            bookings.save_draft(clerk.identity, {"note": "字" * 20_001})

    def test_can_be_discarded(self, services, bookings, clerk):
        cases = services.get(CaseService)
        case = bookings.save_draft(clerk.identity, {})
        cases.perform(case, "discard", clerk.identity, version=case.version)
        assert case.state == s.WITHDRAWN

    def test_keep_what_cannot_be_shown_out_of_lists(self, bookings, clerk):
        case = bookings.save_draft(clerk.identity, {"title": "\x00预算\ud800会\n", "note": "\x00"})
        assert case.title == "预算会"
        assert bookings.draft(case.id, clerk.identity)[1]["note"] == "\x00"
        assert bookings.save_draft(clerk.identity, {"title": " "}).title == "未命名"

    def test_confidential_ones_do_not_tell_their_title(self, bookings, clerk):
        assert bookings.save_draft(clerk.identity, {"title": "机密", "confidential": "y"}).title == "保密会议"


class TestEditingBeforeReview:
    def test_moves_hold_and_task_at_once(self, session, bookings, clerk, form, floor, at):
        booking = bookings.get(bookings.book(clerk.identity, form()).case_id, clerk.identity)
        bookings.change(booking, clerk.identity, form(floor.tidy, start=at(14), title="改期例会"), booking.case.version)
        assert (booking.state, booking.title, booking.room_id) == (s.PENDING, "改期例会", floor.tidy.id)
        (hold,) = holds(session, booking)
        assert (hold.starts_at, hold.ends_at) == (at(14), at(15, 15))
        (task,) = open_tasks(session, booking)
        assert task.scope == floor.tidy.scope

    def test_does_not_collide_with_itself(self, bookings, clerk, form, at):
        booking = bookings.get(bookings.book(clerk.identity, form()).case_id, clerk.identity)
        bookings.change(booking, clerk.identity, form(start=at(9, 30)), booking.case.version)
        assert booking.starts_at == at(9, 30)

    def test_a_stale_form_is_refused(self, bookings, clerk, form, at):
        booking = bookings.get(bookings.book(clerk.identity, form()).case_id, clerk.identity)
        seen = booking.case.version
        bookings.change(booking, clerk.identity, form(start=at(14)), seen)
        with pytest.raises(Stale):
            bookings.change(booking, clerk.identity, form(start=at(16)), seen)

    def test_nothing_changed(self, bookings, clerk, form):
        booking = bookings.get(bookings.book(clerk.identity, form()).case_id, clerk.identity)
        with pytest.raises(Conflict):
            bookings.change(booking, clerk.identity, form(), booking.case.version)

    def test_returned_is_filed_again(self, session, bookings, act, clerk, reviewer, form):
        booking = bookings.get(bookings.book(clerk.identity, form()).case_id, clerk.identity)
        act(booking, "return", reviewer, "请写明人数")
        assert (booking.state, holds(session, booking)) == (s.RETURNED, [])
        (task,) = open_tasks(session, booking)
        assert task.assignee_id == clerk.id
        bookings.change(booking, clerk.identity, form(), booking.case.version)
        assert booking.state == s.PENDING
        assert len(holds(session, booking)) == 1


class TestCancelling:
    def test_frees_the_room_and_keeps_the_booking(self, session, bookings, approved, clerk, other, form):
        booking = approved(form())
        bookings.cancel(booking, clerk.identity, "dropped", "领导出差", booking.case.version)
        assert (booking.state, holds(session, booking)) == (s.CANCELLED, [])
        assert session.get(Case, booking.case_id).state == s.CANCELLED
        bookings.book(other.identity, form())

    @pytest.mark.parametrize(
        ("code", "text", "marked"),
        [("", "", "reason"), ("because", "", "reason"), ("other", " ", "text"), ("moved", "字" * 501, "text")],
    )
    def test_needs_a_reason(self, bookings, approved, clerk, form, code, text, marked):
        booking = approved(form())
        with pytest.raises(Invalid) as caught:
            bookings.cancel(booking, clerk.identity, code, text, booking.case.version)
        assert set(caught.value.fields) == {marked}

    def test_owner_before_the_start_reviewer_until_the_end(self, portal, bookings, approved, clerk, reviewer, form):
        booking = approved(form())
        portal.clock.advance(hours=24)
        with pytest.raises(Conflict):
            bookings.cancel(booking, clerk.identity, "dropped", "", booking.case.version)
        bookings.cancel(booking, reviewer.identity, "clash", "", booking.case.version)
        assert booking.state == s.CANCELLED

    def test_not_by_others(self, bookings, approved, clerk, other, form):
        booking = approved(form())
        with pytest.raises(Forbidden):
            bookings.cancel(booking, other.identity, "dropped", "", booking.case.version)


class TestReading:
    def test_by_number_or_id(self, services, bookings, clerk, form):
        booking = bookings.book(clerk.identity, form())
        number = services.get(CaseService).get(booking.case_id).number
        assert bookings.get(number, clerk.identity).case_id == booking.case_id
        assert bookings.get(booking.case_id, clerk.identity).room.name == "room"

    def test_unknown_and_forbidden_look_alike(self, bookings, clerk, other, form):
        booking = bookings.book(clerk.identity, form())
        for ref, person in ((booking.case_id, other), (999_999, clerk), ("HY20261124-999", clerk), ("", clerk)):
            with pytest.raises(NotFound):
                bookings.get(ref, person.identity)
        assert bookings.get(booking.case_id, other.identity, full=False).title == "周例会"

    def test_lists_no_booking_that_failed(self, session, bookings, clerk, form):
        with pytest.raises(Invalid):
            bookings.book(clerk.identity, form(people=0))
        assert session.scalar(sa.select(sa.func.count()).select_from(Booking)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0
