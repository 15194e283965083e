"""The calendar as the database has it: cheap to ask, and always the newest."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.api import CalendarService, Conflict, Invalid, Services, Stale, WorkingDays, WorkingHours
from portal_core.audit.models import AuditEntry
from portal_core.calendar.editing import CalendarEditing, DayChange
from portal_core.calendar.rules import SEASONS, Season
from portal_core.cli.operation import calendar_notes
from portal_core.testing.fixtures import NOW, count_statements

WEDNESDAY = dt.date(2026, 11, 25)
MORNING = ((dt.time(9), dt.time(11)),)


@pytest.fixture
def admin(make_user):
    return make_user("admin").identity


def fresh(services):
    """Services as the next request would have them."""
    return Services(services.session, services.portal)


def due(services, hours=12):
    return services.clock.local(fresh(services).get(CalendarService).due_after(NOW, hours)).strftime("%m-%d %H:%M")


def change(services, admin, **values):
    values = {"first": WEDNESDAY, "last": WEDNESDAY, "working": False, "spans": (), "note": "停电"} | values
    services.get(CalendarEditing).override(DayChange(**values), admin)


def test_whatever_is_asked_costs_one_statement(services):
    services.get(CalendarService).due_after(NOW, 1)
    calendar = fresh(services).get(CalendarService)
    with count_statements(services.portal.database.engine) as statements:
        calendar.due_after(NOW, 2000)
        calendar.due_in_days(NOW, 200)
        calendar.working_time(NOW - dt.timedelta(days=900), NOW)
        assert calendar.is_working_day(WEDNESDAY) and calendar.hours(WEDNESDAY)
    assert statements.count == 1


def test_limits_of_flows(services):
    calendar = services.get(CalendarService)
    assert calendar.due(NOW, None) is None
    assert calendar.due(NOW, dt.timedelta(days=7)) == NOW + dt.timedelta(days=7)
    assert calendar.due(NOW, WorkingHours(4)) == calendar.due_after(NOW, 4)
    assert calendar.due(NOW, WorkingDays(2)) == calendar.due_in_days(NOW, 2)


def test_a_range_of_days_is_overridden_and_given_back(services, admin):
    assert due(services) == "11-25 17:00"
    change(services, admin, last=WEDNESDAY + dt.timedelta(days=1))
    assert due(services) == "11-27 17:00"
    change(services, admin, working=True, spans=MORNING, note="半天")
    assert due(services) == "11-27 15:00", "the second word on a day replaces the first"
    services.get(CalendarEditing).remove(WEDNESDAY, WEDNESDAY + dt.timedelta(days=1), admin)
    assert due(services) == "11-25 17:00"
    with pytest.raises(Conflict):
        services.get(CalendarEditing).remove(WEDNESDAY, WEDNESDAY, admin)


def test_the_service_that_changed_the_calendar_knows_it(services, admin):
    assert services.get(CalendarService).is_working_day(WEDNESDAY)
    change(services, admin)
    assert not services.get(CalendarService).is_working_day(WEDNESDAY)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last": WEDNESDAY - dt.timedelta(days=1)}, "last"),
        ({"last": WEDNESDAY + dt.timedelta(days=400)}, "last"),
        ({"working": True, "spans": ((dt.time(12), dt.time(9)),)}, "morning_to"),
        ({"working": True, "spans": ((dt.time(9), dt.time(12)), (dt.time(11), dt.time(14)))}, "afternoon_from"),
    ],
)
def test_what_makes_no_sense_is_refused(services, admin, values, field):
    with pytest.raises(Invalid) as caught:
        change(services, admin, **values)
    assert set(caught.value.fields) == {field}


def test_office_hours_change_for_who_saw_the_present_ones(services, admin):
    editing = services.get(CalendarEditing)
    stamp = editing.stamp()
    editing.set_seasons((Season(1, 1, MORNING),), stamp, admin)
    assert due(services, 2) == "11-25 09:30"
    with pytest.raises(Stale):
        editing.set_seasons(SEASONS, stamp, admin)
    with pytest.raises(Invalid):
        editing.set_seasons((Season(2, 30, MORNING),), editing.stamp(), admin)
    with pytest.raises(Invalid):
        editing.set_seasons((Season(1, 1, MORNING), Season(1, 1, MORNING)), editing.stamp(), admin)


def test_every_change_is_audited(services, admin):
    change(services, admin)
    services.get(CalendarEditing).set_seasons(SEASONS, services.get(CalendarEditing).stamp(), admin)
    services.get(CalendarEditing).remove(WEDNESDAY, WEDNESDAY, admin)
    entries = services.session.scalars(sa.select(AuditEntry).where(AuditEntry.action.like("calendar.%")).order_by(AuditEntry.id))
    assert [(entry.action, entry.actor_id) for entry in entries] == [
        (f"calendar.{word}", admin.user_id) for word in ("override", "hours", "restore")
    ]


def test_years_without_announcement_are_named(services, admin):
    assert calendar_notes(services.portal) == []
    services.clock.advance(days=7)
    assert services.get(CalendarService).unknown_years() == [2027]
    assert "public holidays of 2027 are unknown" in calendar_notes(services.portal)[0]
    change(services, admin, first=dt.date(2027, 1, 1), last=dt.date(2027, 1, 3), note="元旦")
    assert services.get(CalendarService).unknown_years() == []
