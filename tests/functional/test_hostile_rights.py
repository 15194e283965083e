"""Rights over rooms and bookings, asked through the pages: role, grant and scope against what people try to do."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import Department, Role, User
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.audit.models import AuditEntry
from portal_core.testing.fixtures import PASSWORD
from portal_meetings import permissions as p
from portal_meetings.models import Booking, room_scope
from tests import scene as scenes
from tests.forms import booking_fields, free_slot, new_case

scene = scenes.scene

SECRET = "绝密专题会"
# Further people with one right each: login, roles, permission, and the room of its scope (None: everywhere).
GRANTED = (
    ("booker", "clerk", p.BOOK_ROOM, "restricted"),
    ("direct", "clerk", p.DIRECT, "first"),
    ("viewer", "clerk", p.VIEW, "second"),
    ("approver", "", p.APPROVE, None),
)
EVERYBODY = ("staff", "staff2", "leader", "meetings-admin", "admin", "keeper", "guest", *(row[0] for row in GRANTED))


@pytest.fixture(scope="module", autouse=True)
def _granted(scene):
    for login, role, permission, room in GRANTED:
        scope = room_scope(getattr(scene.rooms, room)) if room else ""
        newcomer(scene, login, role, lambda rights, user, grant=(permission, scope): rights.grant(*grant, user_id=user.id))


def newcomer(scene, login, role="", give=None, unit="机关工委"):
    """A person with an account, logged in."""
    with scene.services() as services:
        accounts, rights = services.get(AccountService), services.get(RightsService)
        user, _password = accounts.create(login, login, services.get(DepartmentService).find_or_create(unit), phone="13800000000")
        accounts.set_password(user, PASSWORD, must_change=False)
        if role:
            rights.assign(user, role)
        if give:
            give(rights, user)
        scene.people[login] = SimpleNamespace(id=user.id, login=login, name=login, password=PASSWORD)
    with scene.services() as services:
        scene.people[login].identity = services.get(RightsService).identity_of(scene.people[login].id)
    scene.browsers[login] = scene.login(login)


def who(scene, may):
    """Everybody for whom ``may(browser)`` holds."""
    return {login for login in EVERYBODY if may(scene.browsers[login])}


def post(scene, who_acts, address, **fields):
    return scene.browsers[who_acts].post(address, {"csrf_token": scene.token(who_acts)} | fields, status="*")


def day_of(scene, number):
    with scene.app.reading() as session:
        start = session.scalar(sa.select(Booking.starts_at).where(Booking.case_id == scene.ids[number]))
    return scene.app.portal.clock.local(start).date().isoformat()


# -- what is seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["week", "day", "list"])
def test_who_reads_of_a_confidential_meeting_on_the_grid(scene, view):
    address = f"/meetings/?view={view}&date={day_of(scene, scene.cases['secret'])}"
    assert who(scene, lambda browser: SECRET in browser.get(address).text) == {"staff", "meetings-admin", "viewer", "approver"}
    assert who(scene, lambda browser: "专题研究会" in browser.get(address).text) == set(EVERYBODY)


def test_who_reads_of_a_confidential_meeting_in_its_popup(scene):
    address = f"/meetings/bookings/{scene.ids[scene.cases['secret']]}"
    assert who(scene, lambda browser: SECRET in browser.get(address).text) == {"staff", "meetings-admin", "viewer", "approver"}
    for login in ("staff2", "leader", "admin", "keeper", "guest"):
        page = scene.browsers[login].get(address)
        for word in (SECRET, "杨晓", "机关事务中心</dd>", scene.cases["secret"], "13800000000"):
            assert word not in page.html.select_one("main").text, (login, word)


def test_nothing_of_a_confidential_meeting_leaks_on_other_pages(scene):
    number = scene.cases["secret"]
    pages = ["/", "/inbox", "/inbox?tab=mine", "/inbox?tab=done", "/notifications", "/meetings/mine?tab=all", "/meetings/ratings"]
    pages += [f"/cases/{number}", f"/meetings/change/{number}", f"/meetings/cancel/{number}", "/meetings/pending"]
    pages += [f"/meetings/rooms/{scene.rooms.second}", "/meetings/find?people=5", f"/meetings/check?number={number}"]
    for login in ("staff2", "leader", "admin", "keeper", "guest"):
        for page in pages:
            assert SECRET not in scene.browsers[login].get(page, status="*").text, (login, page)


def test_a_conflict_does_not_tell_what_is_confidential(scene):
    fields = booking_fields(scene, date=day_of(scene, scene.cases["secret"]), start="14:30", end="15:30", _submit="1")
    answer = post(scene, "staff2", "/meetings/book", **fields)
    assert answer.status_int == 409
    assert SECRET not in answer.text


def test_a_look_at_a_confidential_meeting_is_recorded(scene):
    def looks():
        with scene.app.reading() as session:
            query = sa.select(sa.func.count()).where(AuditEntry.action == "meetings.confidential_viewed")
            return session.scalar(query)

    before = looks()
    scene.browsers["staff"].get(f"/cases/{scene.cases['secret']}")
    scene.browsers["leader"].get(f"/cases/{scene.cases['secret']}")
    assert looks() == before
    scene.browsers["meetings-admin"].get(f"/cases/{scene.cases['secret']}")
    assert looks() == before + 1


def test_who_opens_the_case_of_an_ordinary_meeting(scene):
    opened = who(scene, lambda browser: browser.get(f"/cases/{scene.cases['foreign']}", status="*").status_int == 200)
    assert opened == {"staff2", "leader", "admin", "meetings-admin", "viewer", "approver"}


# -- booking -----------------------------------------------------------------------------------------------------------


def test_who_may_book_a_restricted_room(scene):
    booked = set()
    for login in EVERYBODY:
        answer = post(scene, login, "/meetings/book", **booking_fields(scene, room="restricted", _submit="1"))
        if answer.status_int == 303:
            booked.add(login)
        else:
            assert answer.status_int in (403, 422)
    assert booked == {"meetings-admin", "booker"}


def test_a_restricted_room_is_offered_to_those_who_may_book_it(scene):
    def offered(browser):
        page = browser.get("/meetings/book", status="*")
        return bool(page.status_int == 200 and page.html.select(f'select[name="room"] option[value="{scene.rooms.restricted}"]'))

    assert who(scene, offered) == {"meetings-admin", "booker"}


@pytest.mark.parametrize(("room", "state"), [("first", "approved"), ("second", "pending")])
def test_booking_without_review_holds_in_the_room_of_the_grant(scene, room, state):
    answer = post(scene, "direct", "/meetings/book", **booking_fields(scene, room=room, _submit="1"))
    assert answer.status_int == 303
    assert scene.state(answer.headers["Location"].rpartition("/")[2])[0] == state


def test_a_direct_booking_does_not_become_one_of_another_room_by_a_change(scene):
    answer = post(scene, "direct", "/meetings/book", **booking_fields(scene, room="first", _submit="1"))
    number = answer.headers["Location"].rpartition("/")[2]
    fields = booking_fields(scene, room="second", version=str(scene.state(number)[1]), _submit="1")
    assert post(scene, "direct", f"/meetings/change/{number}", **fields).status_int == 303
    assert scene.state(number)[0] == "change_pending"


# -- reviewing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "reviewers"), [("first", {"meetings-admin", "approver", "keeper"}), ("second", {"meetings-admin", "approver"})]
)
@pytest.mark.parametrize("action", ["approve", "return", "reject"])
def test_who_may_review(scene, room, reviewers, action):
    acted = set()
    for login in EVERYBODY:
        number = scene.book("staff", getattr(scene.rooms, room), free_slot(), hours=1)
        before = scene.counts()
        answer = post(scene, login, f"/cases/{number}/act", action=action, opinion="x", version=str(scene.state(number)[1]))
        if answer.status_int == 303:
            acted.add(login)
        else:
            assert answer.status_int in (403, 404), (login, answer.status)
            assert (scene.state(number)[0], scene.counts()) == ("pending", before)
    assert acted == reviewers


def test_a_reviewer_of_one_room_has_its_tasks_only(scene):
    own, _version = new_case(scene)
    foreign = scene.book("staff", scene.rooms.second, free_slot(), hours=1)
    for page in ("/", "/inbox", "/meetings/pending"):
        text = scene.browsers["keeper"].get(page).text
        assert own in text and foreign not in text, page
    scene.browsers["keeper"].get(f"/cases/{own}", status=200)
    scene.browsers["keeper"].get(f"/cases/{foreign}", status=404)


def test_the_batch_does_not_reach_into_other_rooms(scene):
    own, version = new_case(scene)
    foreign = scene.book("staff", scene.rooms.second, free_slot(), hours=1)
    chosen = [("chosen", f"{scene.ids[number]}:{version}") for number in (own, foreign)]
    fields = [("csrf_token", scene.token("keeper")), ("action", "approve"), ("opinion", ""), *chosen]
    page = scene.browsers["keeper"].post("/meetings/pending", fields, status="*")
    assert foreign not in page.text
    assert (scene.state(own)[0], scene.state(foreign)[0]) == ("approved", "pending")


def test_a_change_into_another_room_is_reviewed_there(scene):
    number, _version = new_case(scene, approved=True)
    fields = booking_fields(scene, room="second", version=str(scene.state(number)[1]), _submit="1")
    assert post(scene, "staff", f"/meetings/change/{number}", **fields).status_int == 303
    act = {"action": "approve_change", "opinion": "", "version": str(scene.state(number)[1])}
    assert post(scene, "keeper", f"/cases/{number}/act", **act).status_int == 403
    assert post(scene, "meetings-admin", f"/cases/{number}/act", **act).status_int == 303


def test_nobody_cancels_for_others_but_reviewers(scene):
    cancelled = set()
    for login in EVERYBODY:
        number, version = new_case(scene)
        answer = post(scene, login, f"/meetings/cancel/{number}", reason="moved", text="", version=version)
        if answer.status_int == 303:
            cancelled.add(login)
        assert answer.status_int in (303, 403, 404, 409)
    assert cancelled == {"staff", "meetings-admin", "keeper", "approver"}


# -- administration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("/meetings/admin/rooms/{first}", {"meetings-admin", "admin", "keeper"}),
        ("/meetings/admin/rooms/{second}", {"meetings-admin", "admin"}),
        ("/meetings/admin/rooms/{closed}", {"meetings-admin", "admin"}),
        ("/meetings/admin/rooms/new", {"meetings-admin", "admin"}),
        ("/meetings/admin/services", {"meetings-admin", "admin"}),
        ("/admin/", {"admin"}),
    ],
)
def test_who_manages_what(scene, address, may):
    page = address.format(**vars(scene.rooms))
    assert who(scene, lambda browser: browser.get(page, status="*").status_int == 200) == may


def test_the_list_of_rooms_shows_the_rooms_that_one_manages(scene):
    def rooms(login):
        page = scene.browsers[login].get("/meetings/admin/rooms")
        return {link["href"] for link in page.html.select('a[href^="/meetings/admin/rooms/"]')}

    assert {link for link in rooms("keeper") if f"/{scene.rooms.first}" not in link} == set()
    assert f"/meetings/admin/rooms/{scene.rooms.closed}" in " ".join(rooms("admin"))


@pytest.mark.parametrize("permission", ["core:admin:view", "core:case:view_all", p.MANAGE_SERVICE, p.CREATE, "x"])
def test_only_rights_over_rooms_can_be_granted_there(scene, permission):
    before = scene.counts()
    address = f"/meetings/admin/rooms/{scene.rooms.first}/rights"
    fields = {"permission": permission, "subject": "user", "login": "keeper", "department": "1", "role": "clerk"}
    assert post(scene, "keeper", address, **fields).status_int == 422
    assert post(scene, "keeper", f"{address}/revoke", permission=permission, kind="everyone").status_int in (400, 422)
    assert scene.counts() == before


def test_things_of_another_room_cannot_be_reached_through_the_own_one(scene):
    before = scene.counts()
    for address in (f"pictures/{scene.picture}", f"closures/{scene.closure}/cancel"):
        assert post(scene, "keeper", f"/meetings/admin/rooms/{scene.rooms.first}/{address}", act="remove").status_int == 404
    assert scene.counts() == before


def grant(scene, **subject):
    fields = {"permission": p.BOOK_ROOM, "login": "", "department": "1", "role": "clerk"} | subject
    return post(scene, "admin", f"/meetings/admin/rooms/{scene.rooms.restricted}/rights", **fields)


def revoke(scene, kind, subject=""):
    fields = {"permission": p.BOOK_ROOM, "kind": kind, "subject": str(subject)}
    return post(scene, "admin", f"/meetings/admin/rooms/{scene.rooms.restricted}/rights/revoke", **fields)


def may_book(scene):
    address = f"/meetings/book?room={scene.rooms.restricted}"
    return who(scene, lambda browser: browser.get(address, status="*").status_int == 200) - {"meetings-admin", "booker"}


@pytest.mark.parametrize("kind", ["user", "department", "role", "everyone"])
def test_a_grant_holds_at_once_and_so_does_its_end(scene, kind):
    with scene.app.reading() as session:
        unit = session.scalar(sa.select(Department.id).where(Department.name == "机关工委"))
        leaders = session.scalar(sa.select(Role.id).where(Role.code == "leader"))
        staff2 = session.scalar(sa.select(User.id).where(User.login == "staff2"))
    subjects = {"user": {"login": "staff2"}, "department": {"department": str(unit)}, "role": {"role": "leader"}, "everyone": {}}
    clerks = {"staff", "staff2", "leader", "direct", "viewer"}
    expected = {"user": {"staff2"}, "department": {"staff2", "direct", "viewer"}, "role": {"leader"}, "everyone": clerks}[kind]
    assert may_book(scene) == set()
    for _again in range(2):
        assert grant(scene, subject=kind, **subjects[kind]).status_int == 303
    assert may_book(scene) == expected
    ids = {"user": staff2, "department": unit, "role": leaders, "everyone": ""}
    assert revoke(scene, kind, ids[kind]).status_int == 303
    assert may_book(scene) == set()


def test_a_person_who_was_deactivated_is_out_at_once(scene):
    newcomer(scene, "leaver", "clerk")
    scene.browsers["leaver"].get("/meetings/", status=200)
    with scene.services() as services:
        accounts = services.get(AccountService)
        accounts.deactivate(accounts.get("leaver"))
    assert "/login" in scene.browsers["leaver"].get("/meetings/", status=303).headers["Location"]
