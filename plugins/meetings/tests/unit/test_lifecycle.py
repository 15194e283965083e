"""What time does to bookings, and the rating of meetings that are over."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.api import CaseService, Conflict, EvaluationService, NotFound, Task
from portal_core.inbox.models import CaseEvent
from portal_meetings.models import Hold
from portal_meetings.services import states as s
from portal_meetings.services.agenda import agenda_of, greeting
from portal_meetings.services.lifecycle import finish_ended, lapse_overdue
from portal_meetings.services.mine import GROUPS, MineFilter, MineService
from portal_meetings.services.ratings import FORM

ANSWERS = {question.code: 5 for question in FORM.questions}


@pytest.fixture
def time(session, portal):
    """``time.passes(hours=30)`` moves the clock and runs the jobs."""

    class Time:
        def passes(self, **delta):
            portal.clock.advance(**delta)
            for job in (lapse_overdue, finish_ended):
                job(session, portal, portal.clock)

    return Time()


def test_a_meeting_ends_and_asks_for_a_rating(session, approved, time, clerk, form):
    booking = approved(form())
    time.passes(hours=24)
    assert booking.state == s.APPROVED
    time.passes(hours=1)
    assert booking.state == s.ENDED
    task = session.scalars(sa.select(Task).where(Task.case_id == booking.case_id, Task.status == "open")).one()
    assert (task.assignee_id, task.step) == (clerk.id, "rate")
    assert session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 1
    time.passes(hours=1)
    assert booking.state == s.ENDED


def test_what_nobody_reviewed_lapses(session, bookings, act, approved, time, clerk, reviewer, form, at):
    waiting = bookings.book(clerk.identity, form())
    returned = bookings.book(clerk.identity, form(start=at(12)))
    act(returned, "return", reviewer, "请补充")
    two_o_clock = at(14)
    change = approved(form(start=two_o_clock))
    bookings.change(change, clerk.identity, form(start=at(18)), change.case.version)
    time.passes(hours=29)
    assert (waiting.state, returned.state, change.state) == (s.REJECTED, s.REJECTED, s.APPROVED)
    assert change.starts_at == two_o_clock
    assert list(session.scalars(sa.select(Hold.booking_id))) == [change.case_id]
    opinions = session.scalars(sa.select(CaseEvent.opinion).where(CaseEvent.action.in_(("lapse", "lapse_change")))).all()
    assert opinions == ["逾期未审"] * 3


def test_one_that_fails_stops_no_other(session, portal, approved, clerk, form, at):
    """A case that cannot be moved (here: its state says otherwise than its booking's) is left to the next run."""
    odd, good = approved(form()), approved(form(start=at(12)))
    odd.case.state = s.CANCELLED
    session.flush()
    portal.clock.advance(days=2)
    finish_ended(session, portal, portal.clock)
    assert good.state == s.ENDED


def test_not_used(session, portal, act, approved, reviewer, form):
    booking = approved(form())
    with pytest.raises(Conflict):
        act(booking, "no_show", reviewer)
    portal.clock.advance(hours=24)
    act(booking, "no_show", reviewer)
    assert (booking.state, session.scalar(sa.select(sa.func.count()).select_from(Hold))) == (s.NO_SHOW, 0)


class TestRating:
    @pytest.fixture
    def evaluations(self, services):
        return services.get(EvaluationService)

    def key(self, booking):
        return f"case:{booking.case_id}"

    def test_only_own_ended_meetings(self, evaluations, bookings, act, approved, time, clerk, other, reviewer, form, at):
        over = approved(form())
        no_show, cancelled = approved(form(start=at(11))), approved(form(start=at(13)))
        bookings.cancel(cancelled, clerk.identity, "dropped", "", cancelled.case.version)
        approved(form(start=at(15, day=9)))
        approved(form(start=at(17)), owner=other)
        time.passes(hours=30)
        act(no_show, "no_show", reviewer)
        assert [subject.key for subject, _answer in evaluations.subjects(FORM.code, clerk.identity)] == [self.key(over)]
        for key in (self.key(no_show), self.key(cancelled), "case:999999", "case:", "case:x", "room:1", "case:²"):
            with pytest.raises(NotFound):
                evaluations.subject(FORM.code, key, clerk.identity)

    def test_closes_the_case(self, session, evaluations, approved, time, clerk, form):
        booking = approved(form())
        time.passes(hours=26)
        evaluations.answer(FORM.code, self.key(booking), clerk.identity, ANSWERS, "很好")
        assert (booking.state, booking.case.state) == (s.RATED, s.RATED)
        assert session.scalars(sa.select(Task).where(Task.step == "rate")).one().status == "done"

    def test_need_not_wait_for_the_job(self, portal, evaluations, bookings, approved, clerk, form, at):
        """Neither for the end of the meeting nor for the lapse of a change that nobody decided."""
        booking = approved(form())
        bookings.change(booking, clerk.identity, form(start=at(18)), booking.case.version)
        portal.clock.advance(hours=26)
        evaluations.answer(FORM.code, self.key(booking), clerk.identity, ANSWERS)
        assert booking.state == s.RATED

    def test_may_be_changed(self, evaluations, approved, time, clerk, form):
        booking = approved(form())
        time.passes(hours=26)
        for value in (5, 4):
            evaluations.answer(FORM.code, self.key(booking), clerk.identity, ANSWERS | {"tea": value})
        assert booking.state == s.RATED


class TestMine:
    def test_filters_and_pages(self, services, bookings, act, clerk, other, reviewer, floor, form, at):
        mine = services.get(MineService)
        one = bookings.book(clerk.identity, form(start=at(9), title="预算 100% 会"))
        two = bookings.book(clerk.identity, form(floor.tidy, start=at(14, day=3)))
        bookings.book(other.identity, form(start=at(11)))
        act(two, "reject", reviewer, "维修")

        def found(**wanted):
            return [b.case_id for b in mine.bookings(clerk.identity, MineFilter(**wanted))]

        assert found() == [two.case_id, one.case_id]
        assert found(title="预算") == [one.case_id]
        assert found(title="%") == [one.case_id]
        assert found(title="_") == []
        assert found(room_id=floor.tidy.id) == [two.case_id]
        assert found(states=GROUPS["open"]) == [one.case_id]
        assert found(states=GROUPS["dropped"]) == [two.case_id]
        first = at(9).astimezone(services.clock.zone).date()
        assert found(first=first, last=first) == [one.case_id]
        assert found(first=first + dt.timedelta(days=1)) == [two.case_id]
        (newest,) = mine.bookings(clerk.identity, limit=1)
        (next_one,) = mine.bookings(clerk.identity, after=(newest.starts_at, newest.case_id), limit=1)
        assert next_one.case_id == one.case_id

    def test_drafts(self, services, bookings, clerk, other, form):
        bookings.save_draft(other.identity, {})
        case = bookings.save_draft(clerk.identity, {"title": "草稿"})
        bookings.book(clerk.identity, form())
        assert [draft.case_id for draft in services.get(MineService).drafts(clerk.identity)] == [case.id]

    def test_today(self, services, approved, bookings, clerk, form, at):
        today = services.clock.today()
        assert greeting(services, clerk.identity, today) == ""
        approved(form(start=at(14, day=0)))
        dropped = approved(form(start=at(16, day=0)))
        bookings.cancel(dropped, clerk.identity, "dropped", "", dropped.case.version)
        approved(form(start=at(14)))
        assert greeting(services, clerk.identity, today).mapping == {"count": 1}
        (line,) = agenda_of(services, clerk.identity).meetings
        assert (line.title, line.room, line.start) == ("周例会", "room", at(14, day=0))
        assert line.url.startswith("/cases/HY")


def test_a_case_page_offers_what_is_possible(services, bookings, act, clerk, reviewer, form):
    cases = services.get(CaseService)
    booking = bookings.book(clerk.identity, form())
    case = cases.get(booking.case_id)
    offered = [{t.action for t in cases.available(case, person.identity)} for person in (clerk, reviewer)]
    assert offered == [{"edit", "withdraw", "cancel"}, {"approve", "return", "reject", "cancel"}]
