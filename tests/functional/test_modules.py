"""Modules are switched off and on, and parameters changed, while the portal runs."""

import pytest
import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.errors import Conflict
from portal_core.inbox.services import CaseService
from portal_core.modules.runtime import Runtime
from portal_core.modules.services import ParameterService
from tests import scene as scenes

scene = scenes.scene
PARAMETERS = "/admin/parameters"


def switch(scene, act, reason="检修"):
    fields = {"act": act, "reason": reason, "csrf_token": scene.token("admin")}
    return scene.browsers["admin"].post("/admin/modules/meetings", fields, status="*")


@pytest.fixture
def switched_off(scene):
    assert switch(scene, "off").status_int == 303
    yield
    assert switch(scene, "on").status_int == 303


def test_a_module_that_is_off_has_no_pages_and_no_menu(scene, switched_off):
    for address in ("/meetings/", "/meetings/book", "/meetings/mine", "/meetings/admin/rooms"):
        assert scene.browsers["meetings-admin"].get(address, status=404)
    page = scene.browsers["meetings-admin"].get("/")
    assert 'href="/meetings/' not in page.text


def test_what_is_unknown_and_what_is_off_look_alike(scene, switched_off):
    off = scene.browsers["staff"].get("/meetings/mine", status=404)
    unknown = scene.browsers["staff"].get("/no-such-page", status=404)
    assert scenes.settled(off, "/meetings/mine") == scenes.settled(unknown, "/no-such-page")


def test_cases_stay_readable_and_cannot_be_handled(scene, switched_off):
    browser, number = scene.browsers["meetings-admin"], scene.cases["pending"]
    page = browser.get(f"/cases/{number}")
    assert "模块已停用" in page.text and not page.html.select("button[name=action]")
    fields = {"action": "approve", "version": "2", "csrf_token": scene.token("meetings-admin")}
    before = scene.state(number)
    assert browser.post(f"/cases/{number}/act", fields, status="*").status_int == 409
    assert scene.state(number) == before
    listed = browser.get("/inbox?tab=todo")
    assert f"/cases/{number}" in listed.text and "模块停用" in listed.text


def test_its_jobs_and_forms_are_gone_and_come_back(scene):
    portal = scene.app.portal
    scene.browsers["staff"].get("/")
    jobs = set(portal.jobs)
    switch(scene, "off")
    scene.browsers["staff"].get("/")
    assert (
        not [name for name in portal.jobs if name.startswith("meetings.")]
        and "meetings.satisfaction" not in portal.evaluation_forms
    )
    switch(scene, "on")
    scene.browsers["staff"].get("/")
    assert set(portal.jobs) == jobs and "meetings.booking" in portal.flows


def test_another_process_learns_of_it_by_itself(scene, switched_off):
    portal, browser = scene.app.portal, scene.browsers["staff"]
    # As a process that has not heard of the change yet.
    portal.apply(frozenset(), {})
    portal.__dict__["runtime"] = Runtime(portal)
    assert browser.get("/meetings/", status=404)
    portal.apply(frozenset(), {})
    portal.__dict__["runtime"] = Runtime(portal)
    portal.runtime.glance(0)
    assert portal.plugins.off == {"meetings"}


def test_nothing_can_be_done_by_the_program_either(scene, switched_off):
    scene.browsers["staff"].get("/")
    with scene.services() as services:
        case = services.get(CaseService).get(scene.ids[scene.cases["pending"]])
        with pytest.raises(Conflict):
            services.get(CaseService).perform(case, "approve", scene.people["meetings-admin"].identity)


def test_switching_off_needs_a_reason_and_is_written_down(scene):
    answer = switch(scene, "off", reason=" ")
    assert answer.status_int == 422 and "请填写" in answer.text
    assert scene.browsers["staff"].get("/meetings/").status_int == 200
    switch(scene, "off", reason="升级")
    switch(scene, "on")
    with scene.app.reading() as session:
        acts = list(
            session.scalars(sa.select(AuditEntry.action).where(AuditEntry.object_type == "core.module").order_by(AuditEntry.id))
        )
    assert acts[-2:] == ["core.module_off", "core.module_on"]


def test_an_unknown_module_is_not_found(scene):
    assert scene.browsers["admin"].get("/admin/modules/nothing", status=404)


def save(scene, **changes):
    form = next(form for form in scene.browsers["admin"].get(PARAMETERS).forms.values() if form.action == PARAMETERS)
    return scene.browsers["admin"].post(PARAMETERS, dict(form.submit_fields()) | changes, status="*")


def test_a_parameter_is_in_force_at_once_and_can_be_taken_back(scene):
    assert save(scene, portal__site_title="后勤一号").status_int == 303
    assert "后勤一号" in scene.browsers["staff"].get("/").text
    assert "meetings.max_advance_days" in scene.browsers["admin"].get(PARAMETERS).text
    given = scene.app.portal.settings.given["portal.site_title"]
    assert save(scene, portal__site_title=given).status_int == 303
    assert "后勤一号" not in scene.browsers["staff"].get("/").text


def test_a_parameter_that_its_own_rule_refuses_is_not_stored(scene):
    answer = save(scene, portal__login_lock_after="0", portal__site_title="改了")
    assert answer.status_int == 422 and "这个值在此不可用" in answer.text and 'value="改了"' in answer.text
    assert scene.app.portal.settings["portal.login_lock_after"] == 5
    assert "改了" not in scene.browsers["staff"].get("/").text


def test_a_switch_is_a_choice_of_yes_and_no_however_the_file_writes_it(scene, monkeypatch):
    monkeypatch.setitem(scene.app.portal.settings.given, "portal.single_session", "Off")
    with scene.services() as services:
        (state,) = (s for s in services.get(ParameterService).states() if s.name == "portal.single_session")
    assert state.switch and (state.value, state.given, state.changed) == ("false", "false", False)
    field = scene.browsers["admin"].get(PARAMETERS).html.find("select", attrs={"name": "portal__single_session"})
    assert [(o["value"], o.text, o.has_attr("selected")) for o in field.find_all("option")] == [
        ("true", "是", False),
        ("false", "否", True),
    ]
    assert save(scene, portal__single_session="perhaps").status_int == 422
