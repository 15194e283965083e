"""Tables of the tests for background work and the working calendar; see ``tests.parts``."""

import datetime as dt

from portal_core.accounts.identity import SYSTEM
from portal_core.calendar.editing import CalendarEditing, DayChange
from portal_core.calendar.models import CalendarDay, CalendarState, OfficeHours
from portal_core.declarations import QueuedJob
from portal_core.jobs.models import DEAD, DONE, RUNNING, QueuedWork
from tests.tables import Form, Page

ADMIN = ("admin",)
WRITTEN = (QueuedWork, CalendarState, CalendarDay, OfficeHours)

PAGES = {
    "GET core.admin.calendar": ("/admin/calendar", ADMIN),
    "POST core.admin.calendar.days": ("/admin/calendar/days", ADMIN),
    "POST core.admin.calendar.restore": ("/admin/calendar/restore", ADMIN),
    "POST core.admin.calendar.hours": ("/admin/calendar/hours", ADMIN),
    "GET core.admin.jobs": ("/admin/jobs", ADMIN),
    "GET core.admin.work": ("/admin/jobs/{more[work]}", ADMIN),
    "POST core.admin.work.again": ("/admin/jobs/{more[work]}/again", ADMIN),
    "POST core.admin.work.drop": ("/admin/jobs/{more[other_work]}/drop", ADMIN),
}


def dead_work(services, **values):
    """A row of work that was given up; returns its id."""
    now = services.clock.now()
    values = {"state": DEAD, "attempts": 5, "error": "OSError: no space left on device", "finished": now} | values
    name = next(job.name for job in services.portal.jobs.values() if isinstance(job, QueuedJob))
    work = QueuedWork(name=name, args={"year": 2026}, run_at=now, created=now, started=now, **values)
    services.session.add(work)
    services.session.flush()
    return work.id


def furnish(scene):
    """Work that is dead."""
    with scene.services() as services:
        scene.more["work"], scene.more["other_work"] = dead_work(services), dead_work(services)


def places(services, found):
    """Work in several states, and days that an administrator entered."""
    found["work"] = dead_work(services)
    dead_work(services, state=RUNNING, error="", finished=None, done=12_000, total=50_000, attempts=1)
    dead_work(services, state=DONE, error="", attempts=1, result={"file": 12})
    editing = services.get(CalendarEditing)
    closed = dt.date(2026, 12, 7)
    editing.override(DayChange(closed, closed + dt.timedelta(days=1), False, note="全市停电检修"), SYSTEM)
    editing.override(DayChange(dt.date(2026, 12, 12), dt.date(2026, 12, 12), True, ((dt.time(9), dt.time(11)),), "值班"), SYSTEM)


def _hours(scene):
    page = scene.browsers["admin"].get("/admin/calendar").html
    form = page.select_one("#hours")
    fields = {item["name"]: item.get("value", "") for item in form.select("input[name]") if item["name"] != "csrf_token"}
    return "/admin/calendar/hours", fields


def _days(_scene):
    fields = {"first": "2026-12-30", "last": "2026-12-31", "kind": "working", "note": "年终"}
    hours = {"morning_from": "08:30", "morning_to": "11:30", "afternoon_from": "", "afternoon_to": ""}
    return "/admin/calendar/days", fields | hours


def _restore(scene):
    day = dt.date(2026, 12, 9)
    with scene.services() as services:
        services.get(CalendarEditing).override(DayChange(day, day, False), scene.people["admin"].identity)
    return "/admin/calendar/restore", {"first": str(day), "last": str(day)}


def _act(word):
    def fill(scene):
        with scene.services() as services:
            return f"/admin/jobs/{dead_work(services)}/{word}", {}

    return fill


FORMS = {
    "calendar-days": Form("admin", _days),
    "calendar-restore": Form("admin", _restore),
    "calendar-hours": Form("admin", _hours),
    "work-again": Form("admin", _act("again")),
    "work-drop": Form("admin", _act("drop")),
}

BROWSER = (
    Page("admin-calendar", "admin", "/admin/calendar"),
    Page("admin-calendar-day", "admin", "/admin/calendar?day=2026-12-25"),
    Page("admin-calendar-unknown", "admin", "/admin/calendar?year=2029"),
    Page("admin-jobs", "admin", "/admin/jobs"),
    Page("admin-work", "admin", "/admin/jobs/{work}"),
)
