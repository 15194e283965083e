"""How long cases took: working time, acts of others only, on time or late."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.clock import FixedClock
from portal_core.inbox.models import ACT, DONE, VOID, Case, Task
from portal_core.statistics.handling import measure_closed, merged
from portal_core.statistics.models import CaseHandling
from portal_core.statistics.period import preset
from portal_core.statistics.queries import Scope
from portal_core.statistics.services import StatisticsService
from portal_core.testing.fixtures import NOW

# The Monday before the day of the tests.
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=NOW.tzinfo)


def hours(number):
    return MONDAY + dt.timedelta(hours=number)


@pytest.fixture
def close(session, make_user):
    """``close((hours, hours, due, to_applicant), …)``: a closed case with acts awaited from hour to hour after Monday 9:00."""
    applicant = make_user("applicant", department="单位")

    def make(*acts, closed=30, version=3):
        number = f"T{session.scalar(sa.select(sa.func.count()).select_from(Case))}"
        facts = {"kind": "meetings.booking", "title": "x", "summary": [], "state": "rated", "state_label": "x", "number": number}
        times = {"created": MONDAY, "changed": hours(closed), "closed": hours(closed), "version": version}
        case = Case(**facts, **times, applicant_id=applicant.id, handler_id=applicant.id)
        session.add(case)
        session.flush()
        for start, end, due, to_applicant in acts:
            times = {"created": hours(start), "done_at": hours(end), "due": None if due is None else hours(due)}
            whose = {"assignee_id": applicant.id} if to_applicant else {"permission": "meetings:booking:approve"}
            session.add(Task(case_id=case.id, kind=ACT, step="x", verb="x", status=DONE, **times, **whose))
        session.flush()
        return case

    return make


def minutes(session, case):
    return session.scalar(sa.select(CaseHandling.minutes).where(CaseHandling.case_id == case.id))


def numbers(services, portal, make_user):
    dataset, leader = portal.datasets["core.cases"], make_user("boss", roles=["leader"]).identity
    statistics = services.get(StatisticsService)
    return statistics.overview(dataset, Scope(leader), preset("week", portal.clock.today())).now


def run(services, portal):
    measure_closed(services.session, portal, portal.clock)


def test_the_night_and_the_lunch_are_no_working_time(services, portal, close):
    # Monday 9:00 to Tuesday 9:00, with office hours of 8:30-12:00 and 14:00-17:00: 3 + 3 + 0.5 hours.
    case = close((0, 24, None, False))
    run(services, portal)
    assert minutes(services.session, case) == 390


def test_the_applicants_own_acts_do_not_count(services, portal, close):
    case = close((0, 1, None, False), (1, 24, None, True))
    run(services, portal)
    assert minutes(services.session, case) == 60


def test_acts_awaited_together_count_once(services, portal, close):
    case = close((0, 2, None, False), (1, 3, None, False))
    run(services, portal)
    assert minutes(services.session, case) == 180


def test_intervals_that_touch_are_one():
    hour = dt.timedelta(hours=1)
    assert merged([(MONDAY + hour, MONDAY + 2 * hour), (MONDAY, MONDAY + hour)]) == [(MONDAY, MONDAY + 2 * hour)]


def test_a_case_closed_again_is_measured_again(services, portal, close):
    case = close((0, 1, None, False))
    run(services, portal)
    services.session.execute(sa.update(Task).where(Task.case_id == case.id).values(done_at=MONDAY + dt.timedelta(hours=2)))
    case.closed += dt.timedelta(minutes=1)
    services.session.flush()
    run(services, portal)
    assert minutes(services.session, case) == 120


def test_every_closed_case_is_measured_in_the_end(services, portal, close, monkeypatch):
    monkeypatch.setattr("portal_core.statistics.handling.BATCH", 2)
    cases = [close((0, 1, None, False), closed=after) for after in (200, 30, 29, 1, 100)]
    for _run in range(3):
        run(services, portal)
    assert [minutes(services.session, case) for case in cases] == [60] * 5


def test_rates_and_means(services, portal, close, make_user):
    close((0, 1, 2, False))
    close((0, 3, 2, False))
    # A reviewer who was too late to review at all: the task is void, and the case is not on time.
    late = close((0, 3, 2, False))
    services.session.execute(sa.update(Task).where(Task.case_id == late.id).values(status=VOID))
    # The applicant was late, nobody else.
    close((0, 1, None, False), (1, 24, 2, True), closed=24)
    close((0, 1, None, False), version=2)
    run(services, portal)
    found = numbers(services, portal, make_user)
    # A draft that was thrown away was never filed.
    assert (found["filed"], found["closed"]) == (4, 4)
    assert found["on_time"] == 50
    assert found["hours"] == 2


def test_nothing_new_costs_one_look(services, portal, close):
    close((0, 1, None, False))
    run(services, portal)
    later = FixedClock(portal.clock.now() + dt.timedelta(days=1))
    measure_closed(services.session, portal, later)
    assert services.session.scalar(sa.select(sa.func.count()).select_from(CaseHandling)) == 1
