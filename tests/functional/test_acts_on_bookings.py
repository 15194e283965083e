"""The inbox's acts on bookings of meeting rooms, as the demo's people do them."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.inbox.acts import TaskActs
from portal_core.inbox.copies import CopyService
from portal_core.inbox.handover import HandoverService
from portal_core.inbox.models import ACT, OPEN, WAITING, Case, Task
from portal_core.inbox.services import CaseService
from portal_core.inbox.signing import SigningService
from portal_meetings.services.pending import PendingService
from tests import scene as scenes
from tests.forms import new_case

scene = scenes.scene


@pytest.fixture
def booking(scene):
    """Number and version of a booking of staff that awaits its review."""
    number, version = new_case(scene)
    return number, int(version)


def task_of(services, number):
    query = sa.select(Task).join(Case).where(Case.number == number, Task.kind == ACT, Task.status == OPEN)
    return services.session.scalars(query.order_by(Task.id)).one()


def do(scene, who, act, number, version, *more, acts=TaskActs):
    with scene.services() as services:
        cases, identity = services.get(CaseService), scene.people[who].identity
        case = cases.visible(number, identity)
        getattr(services.get(acts), act)(case, task_of(services, number).id, identity, *more, version)


def queue(scene, who):
    with scene.services() as services:
        return {line.number for line in services.get(PendingService).queue(scene.people[who].identity)}


def offers(scene, who, number):
    page = scene.browsers[who].get(f"/cases/{number}")
    return {button["value"] for button in page.html.select(".decide button[name=action]")}


def test_a_claimed_booking_leaves_the_queue_of_the_other_reviewers(scene, booking):
    number, version = booking
    assert number in queue(scene, "keeper") & queue(scene, "meetings-admin")
    do(scene, "keeper", "claim", number, version)
    assert (number in queue(scene, "keeper"), number in queue(scene, "meetings-admin")) == (True, False)
    assert offers(scene, "meetings-admin", number) & {"approve", "reject", "return"} == set()


def test_a_review_that_was_handed_over_is_done_by_somebody_without_any_right(scene, booking):
    number, version = booking
    do(scene, "keeper", "transfer", number, version, scene.people["guest"].id)
    assert offers(scene, "guest", number) == {"approve", "return", "reject"}
    scene.act("guest", number, "approve")
    assert scene.state(number)[0] == "approved"


def ask_after(scene, who, number, version, *signers):
    do(scene, who, "ask", number, version, [scene.people[signer].id for signer in signers], "after", acts=SigningService)


def open_tasks(scene, number):
    with scene.services() as services:
        query = sa.select(User.login, Task.status).join(Case, Case.id == Task.case_id).join(User, User.id == Task.assignee_id)
        mine = query.where(Case.number == number, Task.kind == ACT, Task.step == "review", Task.status.in_((OPEN, WAITING)))
        return [tuple(row) for row in services.session.execute(mine.order_by(Task.id))]


def test_signatures_wanted_after_the_review_move_the_booking_with_the_last_of_them(scene, booking):
    number, version = booking
    ask_after(scene, "keeper", number, version, "guest", "leader")
    assert open_tasks(scene, number) == [("keeper", OPEN), ("guest", WAITING), ("leader", WAITING)]
    assert offers(scene, "guest", number) == set()
    scene.act("keeper", number, "approve", "同意")
    assert (scene.state(number)[0], open_tasks(scene, number)) == ("pending", [("guest", OPEN), ("leader", OPEN)])
    assert offers(scene, "keeper", number) & {"approve", "reject", "return"} == set()
    page = scene.browsers["guest"].get(f"/cases/{number}")
    assert "吴桂芳" in page.html.select_one(".why").text
    form = next(form for form in page.forms.values() if form.action.endswith("/act"))
    assert form.submit("action", value="approve").status_int == 303
    assert (scene.state(number)[0], open_tasks(scene, number)) == ("pending", [("leader", OPEN)])
    scene.act("leader", number, "approve")
    assert (scene.state(number)[0], open_tasks(scene, number)) == ("approved", [])
    names = [line.text for line in scene.browsers["staff"].get(f"/cases/{number}").html.select(".timeline li:not(.wait)")]
    assert [any(name in line for line in names) for name in ("吴桂芳", "何平", "沈立群")] == [True] * 3


@pytest.mark.parametrize("confidential", [False, True])
def test_who_must_decide_reads_what_it_is_about_and_who_gets_a_copy_only_what_is_no_secret(scene, confidential):
    number = scene.book("staff", scene.rooms.first, (20 + confidential, 9), title="干部培训", confidential=confidential)
    with scene.services() as services:
        keeper = scene.people["keeper"].identity
        case = services.get(CaseService).visible(number, keeper)
        services.get(CopyService).send(case, keeper, [scene.people["staff2"].id])
        services.get(TaskActs).transfer(case, task_of(services, number).id, keeper, scene.people["guest"].id, case.version)

    def reads(who):
        return "杨晓 1" in scene.browsers[who].get(f"/cases/{number}").html.select_one("#h-booking").find_parent("section").text

    assert (reads("guest"), reads("staff2")) == (True, not confidential)
    scene.act("guest", number, "approve")
    assert reads("guest")


def test_one_of_those_who_sign_after_the_review_may_refuse_it(scene, booking):
    number, version = booking
    ask_after(scene, "keeper", number, version, "guest")
    scene.act("keeper", number, "approve")
    scene.act("guest", number, "reject", "与活动冲突")
    assert (scene.state(number)[0], open_tasks(scene, number)) == ("rejected", [])


def test_withdrawn_until_the_review_and_not_after_it(scene, booking):
    number, _version = booking
    page = scene.browsers["staff"].get(f"/cases/{number}")
    assert "withdraw" in offers(scene, "staff", number)
    scene.act("keeper", number, "approve")
    assert "withdraw" not in offers(scene, "staff", number)
    form = next(form for form in page.forms.values() if form.action.endswith("/act"))
    answer = form.submit("action", value="withdraw", expect_errors=True)
    assert (answer.status_int, answer.html.select_one("h1").text) == (409, "已由 吴桂芳 办理")
    other, _version = new_case(scene)
    scene.act("staff", other, "withdraw")
    assert scene.state(other)[0] == "withdrawn"


def test_whoever_takes_over_from_a_leaver_rates_the_leavers_meeting(scene):
    number, ended = scene.cases["ended"], scene.ids[scene.cases["ended"]]
    url = f"/evaluations/meetings.satisfaction/case:{ended}"
    scene.browsers["guest"].get(url, status=404)
    with scene.services() as services:
        users = services.session
        leaver, to = (users.get_one(User, scene.people[who].id) for who in ("staff", "guest"))
        services.get(HandoverService).hand_over(leaver, to, scene.people["admin"].identity)
    row = scene.browsers["guest"].get("/inbox").html.select_one(f'.inbox a[href="{url}"]')
    assert row is not None
    assert scene.browsers["guest"].get(url).status_int == 200
    assert scene.browsers["guest"].get(f"/cases/{number}").status_int == 200
