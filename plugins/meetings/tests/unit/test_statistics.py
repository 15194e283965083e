"""What the numbers about meetings mean, on meetings that went through the flow."""

import datetime as dt

import pytest

from portal_core.api import SYSTEM, CaseService, EvaluationService
from portal_core.statistics.period import between
from portal_core.statistics.queries import Scope
from portal_core.statistics.services import StatisticsService
from portal_meetings.models import Closure
from portal_meetings.services import states as s
from portal_meetings.statistics import open_minutes

WORKDAY = dt.date(2026, 11, 25)


@pytest.fixture
def numbers(services, portal, make_user):
    """``numbers()``: what the leaders' page says of the days around the tests' meetings."""
    leader = make_user("boss", roles=["leader"]).identity

    def read(first=WORKDAY, last=WORKDAY, **by):
        statistics, dataset = services.get(StatisticsService), portal.datasets["meetings.bookings"]
        found = statistics.overview(dataset, Scope(leader, by=by), between(first, last)).now
        return {code: None if value is None else float(value) for code, value in found.items()}

    return read


def finish(services, booking):
    cases = services.get(CaseService)
    case = cases.get(booking.case_id)
    return cases.perform(case, "finish", SYSTEM)


def test_meetings_and_their_hours(numbers, approved, form, bookings, clerk, floor, at):
    approved(form())
    approved(form(floor.left, at(14), minutes=90))
    bookings.book(clerk.identity, form(floor.right))
    found = numbers()
    # What waits for its review is no meeting yet.
    assert (found["meetings"], found["hours"]) == (2, 2.5)
    assert numbers(room=floor.left.id)["hours"] == 1.5


def test_cancel_rate_counts_what_was_approved(numbers, approved, form, bookings, clerk, floor, at):
    approved(form())
    gone, withdrawn = approved(form(floor.left)), bookings.book(clerk.identity, form(floor.right))
    bookings.cancel(gone, clerk.identity, "moved", "", gone.case.version)
    # Given up before anybody had approved it: not a cancellation of a confirmed meeting.
    bookings.cancel(withdrawn, clerk.identity, "moved", "", withdrawn.case.version)
    assert numbers()["cancel_rate"] == 50
    assert numbers()["meetings"] == 1


def test_no_show_rate_counts_what_is_over(numbers, services, portal, approved, form, act, reviewer, floor, at):
    held, unused = approved(form()), approved(form(floor.left))
    approved(form(floor.right, at(16)))
    portal.clock.advance(days=1, hours=2)
    finish(services, held)
    assert numbers()["no_show_rate"] == 0
    act(unused, "no_show", reviewer)
    assert numbers()["no_show_rate"] == 50
    assert numbers()["meetings"] == 2


def test_satisfaction_counts_answers(numbers, services, portal, approved, form, clerk, at):
    booking = approved(form())
    portal.clock.advance(days=1, hours=2)
    finish(services, booking)
    scores = {"room": 5, "tea": 4, "technology": 3, "staff": 5, "response": 3}
    services.get(EvaluationService).answer(s.RATING_FORM, f"case:{booking.case_id}", clerk.identity, scores)
    assert numbers()["satisfaction"] == 60


def test_without_meetings_there_are_no_rates(numbers, floor):
    found = numbers()
    assert found == {
        "meetings": 0,
        "hours": 0,
        "occupancy": 0,
        "satisfaction": None,
        "cancel_rate": None,
        "no_show_rate": None,
    }


def test_occupancy_is_of_the_open_hours_of_working_days(numbers, services, approved, form, floor):
    approved(form(minutes=90))
    # Six rooms, each open from 7 to 22 on the only working day.
    assert numbers()["occupancy"] == pytest.approx(100 * 1.5 / (6 * 15))
    assert numbers(room=floor.room.id)["occupancy"] == pytest.approx(100 * 1.5 / 15)
    # A weekend adds no open hours.
    assert numbers(last=WORKDAY + dt.timedelta(days=4))["occupancy"] == pytest.approx(100 * 1.5 / (6 * 15 * 3))


def test_a_closed_room_is_not_open(services, session, floor, reviewer, at):
    def close(*hours):
        for start, end in hours:
            created = {"created_by_id": reviewer.id, "created": at(9)}
            session.add(Closure(room_id=floor.room.id, starts_at=start, ends_at=end, reason="x", **created))
        session.flush()

    spans = [(WORKDAY, WORKDAY + dt.timedelta(days=1)), (WORKDAY, WORKDAY + dt.timedelta(days=2))]
    # Two closures that overlap, beginning before the room opens: until noon it is closed for five hours.
    close((at(0), at(10)), (at(8), at(12)))
    found = open_minutes(services, spans)
    assert [minutes[floor.room.id] for minutes in found] == [600, 1500]
    # Closed until the evening of the day after.
    close((at(20), at(20, day=2)))
    found = open_minutes(services, spans)
    assert [minutes[floor.room.id] for minutes in found] == [480, 600]
    assert found[0][floor.left.id] == 900
    floor.left.active = False
    session.flush()
    assert floor.left.id not in open_minutes(services, spans)[0]


def test_a_confidential_meeting_is_counted_and_says_nothing(services, portal, approved, form, numbers, make_user):
    approved(form(title="干部任免", confidential=True))
    assert numbers()["meetings"] == 1
    statistics, dataset = services.get(StatisticsService), portal.datasets["meetings.bookings"]
    facts = statistics.facts(dataset, Scope(make_user("other-boss", roles=["leader"]).identity))
    (row,) = facts.stream(dataset.measure("meetings"), (WORKDAY, WORKDAY + dt.timedelta(days=1)))
    assert row.title == "保密会议"
    assert "干部任免" not in str(tuple(row))
    assert dataset.url(row) == ""
