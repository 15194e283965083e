"""The page of background work: what is dead shows with its error, and is run again or dropped."""

import pytest

from portal_core.jobs.models import QueuedWork
from tests.parts.jobs_calendar import dead_work


@pytest.fixture
def work_id(app, make_user):
    app.login(make_user(roles=["admin"]))
    with app.services() as services:
        return dead_work(services)


def state(app, work_id):
    with app.reading() as session:
        work = session.get(QueuedWork, work_id)
        return work and work.state


def act(app, work_id, word):
    page = app.get(f"/admin/jobs/{work_id}")
    form = next(form for form in page.forms.values() if form.action.endswith(f"/{word}"))
    return form.submit(expect_errors=True)


def test_dead_work_shows_with_its_error_and_counts(app, work_id):
    page = app.get("/admin/jobs")
    assert "no space left on device" in page.text
    current = page.html.select_one(".tabs [aria-current]")
    assert current.text.split() == ["已终止", "1"]
    assert "会议" in page.html.select_one("[aria-labelledby=h-periodic]").text, "periodic jobs of plugins too"


def test_it_is_run_again(app, work_id):
    act(app, work_id, "again").follow()
    assert state(app, work_id) == "waiting"


def test_it_is_dropped_and_two_who_act_do_not_act_twice(app, work_id):
    page = app.get(f"/admin/jobs/{work_id}")
    forms = {form.action.rsplit("/", 1)[1]: form for form in page.forms.values() if "/admin/jobs/" in (form.action or "")}
    forms["drop"].submit().follow()
    assert state(app, work_id) is None
    assert forms["again"].submit(expect_errors=True).status_int == 404


def test_work_that_waits_cannot_be_dropped(app, work_id):
    page = app.get(f"/admin/jobs/{work_id}")
    forms = {form.action.rsplit("/", 1)[1]: form for form in page.forms.values() if "/admin/jobs/" in (form.action or "")}
    forms["again"].submit()
    assert forms["drop"].submit(expect_errors=True).status_int == 409
    assert state(app, work_id) == "waiting"
    assert not any("/admin/jobs/" in (form.action or "") for form in app.get(f"/admin/jobs/{work_id}").forms.values())


def test_unknown_work_is_not_found(app, work_id):
    app.get(f"/admin/jobs/{work_id + 1000}", status=404)
    app.get("/admin/jobs/x", status=404)
