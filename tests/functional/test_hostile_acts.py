"""Old pages, forged versions and second clicks: one act happens once, and who comes late reads why."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from portal_meetings.models import Booking
from tests import scene as scenes
from tests.forms import booking_fields, case_count, free_slot, new_case, room_fields, version_of

scene = scenes.scene

FORGED = ("", "0", "-1", "99", "abc", "1.0", str(2**31), str(2**70), "9" * 5000, "1 OR 1=1", "None")
# Acts that exist but have a form of their own, belong to the program, or are not possible; and some that do not exist.
ACTS_OF_FORMS = (
    *("submit", "submit_direct", "edit", "resubmit", "request_change", "change_direct", "rate"),
    *("finish", "lapse", "lapse_change", "discard", "no_show", "withdraw_change", "approve_change"),
    *("", "x" * 999, "__class__", "<b>"),
)


def post(scene, who, address, fields):
    return scene.browsers[who].post(address, {"csrf_token": scene.token(who)} | fields, status="*")


def problems(answer):
    """The fields that the page marks as wrong."""
    return {element["name"] for element in answer.html.select('[aria-invalid="true"]') if element.get("name")}


@pytest.mark.parametrize("version", FORGED)
def test_forged_versions_do_nothing(scene, version):
    number, _version = new_case(scene)
    before, state = scene.counts(), scene.state(number)
    for who, address, fields in (
        ("staff", f"/meetings/change/{number}", booking_fields(scene, title="偷换", _submit="1")),
        ("staff", f"/meetings/cancel/{number}", {"reason": "moved", "text": ""}),
        ("meetings-admin", f"/cases/{number}/act", {"action": "approve", "opinion": ""}),
        ("meetings-admin", f"/meetings/admin/rooms/{scene.rooms.first}", room_fields(name="偷换")),
    ):
        answer = post(scene, who, address, fields | {"version": version})
        assert answer.status_int in (400, 409, 422), (address, answer.status)
    answer = post(scene, "meetings-admin", "/meetings/pending", {"chosen": f"{scene.ids[number]}:{version}", "action": "approve"})
    assert answer.status_int in (200, 400)
    assert (scene.counts(), scene.state(number)) == (before, state)


def test_a_form_that_was_overtaken_by_the_reviewer(scene):
    number, version = new_case(scene)
    form = scene.browsers["staff"].get(f"/meetings/change/{number}").forms["book-form"]
    scene.act("meetings-admin", number, "approve")
    before = scene.counts()
    form["title"] = "改过的名称"
    answer = form.submit("_submit", status=409)
    assert "已由 周敏 办理" in answer.text
    assert "改过的名称" in answer.text
    answer = post(scene, "staff", f"/meetings/cancel/{number}", {"reason": "moved", "text": "x", "version": version})
    assert answer.status_int == 409
    assert "已由 周敏 办理" in answer.text
    assert scene.counts() == before
    with scene.app.reading() as session:
        assert session.get(Booking, scene.ids[number]).title == "工作例会"


def test_a_review_of_what_was_changed_meanwhile(scene):
    number, version = new_case(scene)
    answer = post(scene, "staff", f"/meetings/change/{number}", booking_fields(scene, room="first", version=version, _submit="1"))
    assert answer.status_int == 303
    answer = post(scene, "meetings-admin", f"/cases/{number}/act", {"action": "approve", "version": version, "opinion": ""})
    assert answer.status_int == 409
    assert scene.state(number)[0] == "pending"


def test_the_same_booking_sent_twice(scene):
    fields, before = booking_fields(scene, _submit="1"), case_count(scene)
    assert post(scene, "staff", "/meetings/book", fields).status_int == 303
    answer = post(scene, "staff", "/meetings/book", fields)
    assert answer.status_int == 409
    assert "工作例会" in answer.text
    assert case_count(scene) == before + 1


def test_the_same_draft_sent_twice(scene):
    page = scene.browsers["staff"].get("/meetings/book")
    form = page.forms["book-form"]
    form["title"] = "草稿"
    address = form.submit("_draft").follow().html.select_one('a[href^="/meetings/drafts/"]')["href"]
    fields = booking_fields(scene, _submit="1")
    assert post(scene, "staff", address, fields).status_int == 303
    before = scene.counts()
    assert post(scene, "staff", address, fields | {"start": "21:00", "end": "21:30"}).status_int == 409
    assert scene.browsers["staff"].get(address, status="*").status_int == 409
    assert scene.counts() == before


@pytest.mark.parametrize("action", ["approve", "return", "reject"])
def test_an_act_sent_twice_happens_once(scene, action):
    number, version = new_case(scene)
    fields = {"action": action, "version": version, "opinion": "原因"}
    assert post(scene, "meetings-admin", f"/cases/{number}/act", fields).status_int == 303
    before = scene.counts()
    for again in ("approve", "reject", action):
        assert post(scene, "meetings-admin", f"/cases/{number}/act", fields | {"action": again}).status_int == 409
    assert scene.counts() == before


def test_two_reviewers_at_once(scene):
    number, version = new_case(scene)
    fields = {"action": "approve", "version": version, "opinion": ""}
    assert post(scene, "keeper", f"/cases/{number}/act", fields).status_int == 303
    answer = post(scene, "meetings-admin", f"/cases/{number}/act", {"action": "reject", "version": version, "opinion": "不行"})
    assert answer.status_int == 409
    assert "已由 吴桂芳 办理" in answer.text


def test_cancelling_twice(scene):
    number, version = new_case(scene)
    fields = {"reason": "moved", "text": "", "version": version}
    assert post(scene, "staff", f"/meetings/cancel/{number}", fields).status_int == 303
    before = scene.counts()
    assert post(scene, "staff", f"/meetings/cancel/{number}", fields).status_int == 409
    assert scene.counts() == before


@pytest.mark.parametrize("action", ACTS_OF_FORMS)
def test_acts_that_nobody_was_offered(scene, action):
    number, version = new_case(scene)
    before = scene.counts()
    for who in ("staff", "meetings-admin"):
        answer = post(scene, who, f"/cases/{number}/act", {"action": action, "version": version, "opinion": "x"})
        assert answer.status_int in (403, 409), (who, answer.status)
    assert scene.state(number)[0] == "pending"
    assert scene.counts() == before


@pytest.mark.parametrize(
    ("key", "action"),
    [
        *[("draft", "submit"), ("draft", "submit_direct"), ("approved", "request_change"), ("approved", "change_direct")],
        *[("approved", "cancel"), ("ended", "rate"), ("secret", "request_change")],
    ],
)
def test_the_case_page_does_not_do_what_another_form_must_ask_for(scene, key, action):
    number = scene.cases[key]
    before, (state, version) = scene.counts(), scene.state(number)
    answer = post(scene, "staff", f"/cases/{number}/act", {"action": action, "version": str(version), "opinion": "x"})
    assert answer.status_int == 409
    assert (scene.counts(), scene.state(number)) == (before, (state, version))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": ""}, {"title"}),
        ({"title": " \u3000\u200b "}, {"title"}),
        ({"title": "会" * 61}, {"title"}),
        ({"room": ""}, {"room"}),
        ({"room": "restricted"}, {"room"}),
        ({"room": "closed"}, {"room"}),
        ({"room": "999999"}, {"room"}),
        ({"kind": "dance"}, {"kind"}),
        ({"date": ""}, {"date"}),
        ({"date": "2026-02-30"}, {"date"}),
        ({"date": "2026-11-23"}, {"start"}),
        ({"date": "2028-01-01"}, {"date"}),
        ({"start": "11:00", "end": "10:00"}, {"end"}),
        ({"start": "10:00", "end": "10:00"}, {"end"}),
        ({"start": "10:07", "end": "11:00"}, {"start"}),
        ({"start": "03:00", "end": "04:00"}, {"start", "end"}),
        ({"start": "25:00"}, {"start"}),
        ({"multiday": "y"}, {"end_date"}),
        ({"multiday": "y", "end_date": "2026-11-25"}, {"end_date"}),
        ({"multiday": "y", "end_date": "2027-11-25"}, {"end"}),
        ({"multiday": "y", "end_date": "morgen"}, {"end_date"}),
        ({"people": ""}, {"people"}),
        ({"people": "0"}, {"people"}),
        ({"people": "-3"}, {"people"}),
        ({"people": "41"}, {"people"}),
        ({"people": str(10**20)}, {"people"}),
        ({"people": "8.5"}, {"people"}),
        ({"people": "acht"}, {"people"}),
        ({"contact": ""}, {"contact"}),
        ({"phone": ""}, {"phone"}),
        ({"phone": "call me"}, {"phone"}),
        ({"svc_1_text": ""}, {"svc_1_text"}),
        ({"leaders-0-name": ""}, {"leaders-0-name"}),
        ({"note": "字" * 1001}, {"note"}),
        ({"title": "", "people": "0", "phone": "x", "start": ""}, {"title", "people", "phone", "start"}),
    ],
)
def test_every_mistake_is_told_at_its_field_and_nothing_is_lost(scene, changes, fields):
    if changes.get("room") in ("restricted", "closed"):
        changes = {"room": str(getattr(scene.rooms, changes["room"]))}
    before = scene.counts()
    sent = booking_fields(scene) | changes
    answer = post(scene, "staff", "/meetings/book", sent | {"_submit": "1"})
    assert (answer.status_int, problems(answer)) == (422, fields)
    linked = {link["href"].removeprefix("#") for link in answer.html.select(".error-summary a")}
    marked = {element["id"] for element in answer.html.select('[aria-invalid="true"]')}
    assert linked == marked
    kept = {element["name"]: element.get("value") for element in answer.html.select("form#book-form input[name]")}
    for name in {"contact", "leaders-0-name", "leaders-0-post", "svc_1_text", "people", "phone"} - fields:
        assert kept[name] == sent[name], name
    assert scene.counts() == before


def test_no_past_meeting_by_the_minute(scene):
    today = scene.app.portal.clock.today()
    for start, status in (("09:15", 422), ("09:45", 303)):
        fields = booking_fields(scene, date=today.isoformat(), start=start, end="10:00", _submit="1")
        assert post(scene, "staff", "/meetings/book", fields).status_int == status


def test_what_people_type_is_never_markup(scene):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    fields = booking_fields(scene, title=evil[:60], contact="<b>x</b>", note=evil, svc_1_text=evil, _submit="1")
    fields["leaders-0-name"] = "<i>沈</i>"
    address = post(scene, "staff", "/meetings/book", fields).headers["Location"]
    case = scene.browsers["meetings-admin"].get(address)
    number = re.search(r"HY[0-9-]+", address)[0]
    with scene.app.reading() as session:
        booking = session.scalar(sa.select(Booking).order_by(Booking.case_id.desc()))
        day = scene.app.portal.clock.local(booking.starts_at).date()
    grids = (f"/meetings/?date={day}", f"/meetings/?view=day&date={day}", f"/meetings/?view=list&date={day}")
    forms = (f"/meetings/change/{number}", f"/meetings/cancel/{number}", "/meetings/mine?tab=all")
    pages = [case, *(scene.browsers["meetings-admin"].get(page) for page in ("/inbox", "/", "/meetings/pending"))]
    pages += [scene.browsers["staff"].get(page) for page in (*grids, *forms)]
    pages.append(scene.browsers["staff2"].get(f"/meetings/bookings/{booking.case_id}"))
    for page in pages:
        assert not page.html.select("img[src=x]"), page.request.path
        assert "<b>x</b>" not in page.text and "<i>沈" not in page.text, page.request.path
        assert "<script>alert" not in page.text, page.request.path
    assert evil in case.html.text


def test_meetings_across_midnight_keep_their_end(scene):
    days, _hour = free_slot()
    day = scene.app.portal.clock.today() + dt.timedelta(days=days + 120)
    fields = booking_fields(scene, date=day.isoformat(), start="20:00", end="09:00", multiday="y", _submit="1")
    answer = post(scene, "staff", "/meetings/book", fields | {"end_date": (day + dt.timedelta(days=1)).isoformat()})
    assert answer.status_int == 303


def test_a_stale_room_form(scene):
    version = version_of(scene, scene.rooms.hall)
    address = f"/meetings/admin/rooms/{scene.rooms.hall}"
    assert post(scene, "admin", address, room_fields(name="多功能厅", version=version)).status_int == 303
    answer = post(scene, "meetings-admin", address, room_fields(name="别名", version=version))
    assert answer.status_int == 409
    assert "别名" in answer.text
    answer = post(scene, "meetings-admin", f"{address}/disable", {"off-reason": "漏水", "off-version": version})
    assert answer.status_int == 409
