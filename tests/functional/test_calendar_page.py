"""The calendar's page: an administrator overrides days and changes office hours, and due times follow."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.api import CalendarService
from portal_core.audit.models import AuditEntry
from portal_core.testing.fixtures import NOW


@pytest.fixture
def page(app, make_user):
    app.login(make_user(roles=["admin"]))
    return app.get("/admin/calendar")


def due(app, hours=4):
    with app.services() as services:
        return services.clock.local(services.get(CalendarService).due_after(NOW, hours)).strftime("%m-%d %H:%M")


def fill(form, **values):
    for name, value in values.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_twelve_tables_say_what_each_day_is(page):
    tables = page.html.select("table.cal")
    assert len(tables) == 12
    assert all(len(table.select("td a")) >= 28 for table in tables)
    october = tables[9]
    assert "国庆" in october.select("a")[0].text
    assert october.select("a")[9]["class"] == ["cal-makeup"]


def test_a_range_is_overridden_and_given_back(app, page):
    answer = fill(page.forms["days"], first="2026-11-24", last="2026-11-26", kind="off", note="停电")
    assert answer.location.endswith("/admin/calendar?year=2026")
    shown = answer.follow()
    assert "2026-11-24 – 2026-11-26" in shown.html.select_one("[aria-labelledby=h-own]").text
    assert due(app) == "11-27 14:30"
    restore = next(form for form in shown.forms.values() if form.action == "/admin/calendar/restore")
    restore.submit().follow()
    assert due(app) == "11-24 15:30"
    with app.reading() as session:
        acts = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.like("calendar.%")).order_by(AuditEntry.id))
        assert acts.all() == ["calendar.override", "calendar.restore"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first": ""}, "first"),
        ({"first": "1999-01-01"}, "first"),
        ({"first": "2026-11-24", "last": "2026-11-23"}, "last"),
        ({"first": "2026-11-24", "kind": "working", "morning_from": "09:00"}, "morning_to"),
        ({"first": "2026-11-24", "kind": "working", "morning_from": "12:00", "morning_to": "09:00"}, "morning_to"),
    ],
)
def test_nonsense_is_refused_beside_the_field_and_nothing_is_lost(app, page, values, field):
    answer = fill(page.forms["days"], note="值班", **values)
    assert answer.status_int == 422
    assert answer.html.select_one(f"#{field}-err")
    assert answer.forms["days"]["note"].value == "值班"
    assert due(app) == "11-24 15:30"


def test_office_hours_by_season(app, page):
    other = app.get("/admin/calendar")
    answer = fill(page.forms["hours"], **{"seasons-1-afternoon_to": "18:00"})
    assert answer.status_int == 303
    assert due(app, 8) == "11-25 10:00"
    stale = fill(other.forms["hours"], **{"seasons-1-afternoon_to": "16:00"})
    assert stale.status_int == 409, "somebody else changed the calendar since"
    assert due(app, 8) == "11-25 10:00"
    assert stale.forms["hours"]["seasons-1-afternoon_to"].value == "16:00"


def test_a_season_is_added_without_javascript(page):
    longer = page.forms["hours"].submit("_add", value="seasons")
    assert longer.status_int == 200
    form = longer.forms["hours"]
    times = {"morning_from": "08:00", "morning_to": "12:00"}
    answer = fill(form, **{f"seasons-2-{name}": value for name, value in ({"month": "2", "day": "30"} | times).items()})
    assert answer.status_int == 422 and "02-30" in answer.text


def test_a_day_of_the_year_fills_the_form(app, page):
    form = app.get("/admin/calendar?year=2026&day=2026-11-28").forms["days"]
    assert (form["first"].value, form["kind"].value) == ("2026-11-28", "working")


def test_a_year_without_announcement_says_so(app, page):
    assert not page.html.select(".flash-warn")
    unknown = app.get("/admin/calendar?year=2199")
    assert "2199" in unknown.html.select_one(".flash-warn").text


def test_days_of_all_seasons_are_shown_in_every_year_that_dates_know(app, page):
    for year in (2000, 2100, 2199):
        assert app.get(f"/admin/calendar?year={year}").status_int == 200
    app.get("/admin/calendar?year=9999", status=400)
    assert dt.date(2199, 12, 31).isoformat() in app.get("/admin/calendar?year=2199").text
