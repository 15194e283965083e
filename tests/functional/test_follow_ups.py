"""A low rating is put right: from the rating over the inbox of those in charge to the answer that the rater reads."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from webtest import Upload as Sent

from portal_core.evaluations.models import Evaluation, EvaluationReminder, FollowUpRow
from portal_core.evaluations.reminders import close_overdue, remind
from portal_core.evaluations.services import EvaluationService
from portal_core.files.models import KeptUpload, StoredFile
from portal_core.inbox.models import Case, Task
from portal_core.notifications.models import Notification
from portal_core.testing.fixtures import count_statements
from portal_meetings.services.states import RATING_FORM
from tests import scene as scenes
from tests.parts.files_evaluations import LOW, RESULTS, _past_meeting, follow_up
from tests.scene import picture

scene = scenes.scene
GOOD = dict.fromkeys(LOW, 5)


@pytest.fixture
def meeting(scene):
    """Number and id of a meeting of staff's that is over and not rated."""
    number = _past_meeting(scene, scene.app.portal.clock.now())
    return number, scene.ids[number]


def rate(browser, case_id, values, comment="", complaint=False):
    page = browser.get(f"/evaluations/{RATING_FORM}/case:{case_id}")
    form = page.forms["evaluation"]
    for code, value in values.items():
        form[f"q_{code}"] = str(value)
    form["comment"] = comment
    form["complaint"] = complaint
    return form.submit(status="*")


def follow_ups(scene, case_id):
    with scene.app.reading() as session:
        query = sa.select(FollowUpRow, Case.number, Case.state).join(Case, Case.id == FollowUpRow.case_id)
        query = query.join(Evaluation, Evaluation.id == FollowUpRow.evaluation_id)
        return session.execute(query.where(Evaluation.subject == f"case:{case_id}")).all()


def messages(scene, who, type_code):
    with scene.app.reading() as session:
        query = sa.select(Notification.params).where(Notification.user_id == scene.people[who].id)
        return list(session.scalars(query.where(Notification.code == type_code)))


def act(browser, number, action, opinion=""):
    page = browser.get(f"/cases/{number}")
    form = next(f for f in page.forms.values() if f.action.endswith(f"/cases/{number}/act") and "opinion" in f.fields)
    form["opinion"] = opinion
    return form.submit("action", value=action, status="*")


# -- opening ---------------------------------------------------------------------------------------------------------


def test_a_low_answer_opens_one_follow_up_for_those_in_charge(scene, meeting):
    number, case_id = meeting
    assert rate(scene.browsers["staff"], case_id, LOW, "茶水凉了").status_int == 303
    ((row, follow, state),) = follow_ups(scene, case_id)
    assert (state, row.permission, row.scope) == ("open", "meetings:room:manage", f"meetings.room:{scene.rooms.first}")
    assert re.fullmatch(r"ZG\d{8}-\d{3}", follow)
    for who in ("meetings-admin", "keeper"):
        assert follow in str(scene.browsers[who].get("/inbox?tab=todo").html.select_one(".inbox"))
    for who in ("staff2", "guest"):
        scene.browsers[who].get(f"/cases/{follow}", status=404)
    with scene.app.reading() as session:
        task = session.scalars(sa.select(Task).where(Task.case_id == row.case_id, Task.status == "open")).one()
        due, created = scene.app.portal.clock.local(task.due), scene.app.portal.clock.local(task.created)
    # From Tuesday: Wednesday, Thursday, Friday, Monday, Tuesday.
    assert (due.date() - created.date(), due.time()) == (dt.timedelta(days=7), dt.time(17))


def test_a_good_answer_opens_none_and_a_complaint_does(scene, meeting):
    _number, case_id = meeting
    browser = scene.browsers["staff"]
    rate(browser, case_id, GOOD, "很好")
    assert follow_ups(scene, case_id) == []
    refused = rate(browser, case_id, GOOD, "", complaint=True)
    assert refused.status_int == 422
    assert refused.html.select_one("#comment-err")
    assert refused.forms["evaluation"]["complaint"].checked
    rate(browser, case_id, GOOD, "投影仪坏了没有人来", complaint=True)
    assert len(follow_ups(scene, case_id)) == 1


def test_a_changed_answer_opens_no_second_one(scene, meeting):
    _number, case_id = meeting
    browser = scene.browsers["staff"]
    rate(browser, case_id, LOW)
    rate(browser, case_id, LOW | {"room": 2}, "还是不满意")
    rate(browser, case_id, GOOD)
    rate(browser, case_id, LOW, "再次", complaint=True)
    assert len(follow_ups(scene, case_id)) == 1


# -- answering -------------------------------------------------------------------------------------------------------


def answer(browser, number, text, photo=None):
    form = next(f for f in browser.get(f"/followups/{number}").forms.values() if f.action == f"/followups/{number}")
    form["opinion"] = text
    if photo:
        form["photo"] = Sent("后.jpg", photo)
    return form.submit(status="*")


def test_the_rater_reads_the_answer_and_is_content(scene):
    number, _version = follow_up(scene)
    ((row, _number, _state),) = by_number(scene, number)
    answered = answer(scene.browsers["keeper"], number, "已更换保温壶", picture())
    assert answered.headers["Location"].endswith(f"/cases/{number}")
    assert scene.state(number)[0] == "answered"
    assert number in {params["number"] for params in messages(scene, "staff", "core.followup_answered")}
    staff = scene.browsers["staff"]
    subject = evaluation_of(scene, row).subject
    page = staff.get(f"/evaluations/{RATING_FORM}/{subject}")
    assert "已更换保温壶" in page.html.select_one("[aria-labelledby=h-follow-up]").text
    photo = page.html.select_one(".follow-photo")["src"]
    assert staff.get(photo).content_type == "image/jpeg"
    scene.browsers["guest"].get(photo, status=404)
    assert number in str(staff.get("/inbox?tab=todo").html.select_one(".inbox"))
    assert act(staff, number, "accept").status_int == 303
    assert scene.state(number)[0] == "closed"
    ((row, _number, _state),) = by_number(scene, number)
    assert (row.satisfied, row.closed is not None) == (True, True)


def test_the_rater_may_ask_once_more_and_only_once(scene):
    number, _version = follow_up(scene)
    staff, keeper = scene.browsers["staff"], scene.browsers["keeper"]
    answer(keeper, number, "已处理", picture(colour="red"))
    assert act(staff, number, "reopen").status_int == 422
    assert act(staff, number, "reopen", "并没有处理").status_int == 303
    assert scene.state(number)[0] == "open"
    page = keeper.get(f"/followups/{number}")
    assert "已处理" in page.text
    answer(keeper, number, "真的处理了")
    ((row, _number, _state),) = by_number(scene, number)
    # A second answer without a photo keeps the first one's.
    assert (row.answer, row.photo_id is not None, row.reopened) == ("真的处理了", True, True)
    buttons = {b.get("value") for b in staff.get(f"/cases/{number}").html.select("button[name=action]")}
    assert {"accept", "refuse"} <= buttons
    assert "reopen" not in buttons
    act(staff, number, "refuse", "仍不满意")
    ((row, _number, state),) = by_number(scene, number)
    assert (row.satisfied, state) == (False, "closed")


def test_a_photo_survives_a_missing_answer(scene):
    number, _version = follow_up(scene)
    keeper = scene.browsers["keeper"]
    refused = answer(keeper, number, "", picture(colour="navy"))
    assert refused.status_int == 422
    assert refused.html.select_one("#opinion-err")
    kept = refused.html.select_one("input[name=photo_kept]")
    assert "后.jpg" in kept.parent.text
    form = next(f for f in refused.forms.values() if f.action == f"/followups/{number}")
    form["opinion"] = "已处理"
    assert form.submit().status_int == 303
    ((row, _number, _state),) = by_number(scene, number)
    assert row.photo_id
    with scene.app.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(KeptUpload)) == 0


def test_readers_and_others_cannot_answer(scene):
    number, version = follow_up(scene)
    for who in ("leader", "staff"):
        assert scene.browsers[who].get(f"/followups/{number}").status_int == 303
        fields = {"csrf_token": scene.token(who), "opinion": "x", "version": str(version)}
        assert scene.browsers[who].post(f"/followups/{number}", fields, status="*").status_int == 403
    scene.browsers["guest"].get(f"/followups/{number}", status=404)
    scene.browsers["keeper"].get(f"/followups/{scene.cases['pending']}", status=404)
    assert scene.state(number) == ("open", version)


def test_of_two_answers_the_slower_is_refused_and_keeps_its_text(scene):
    number, version = follow_up(scene)
    answer(scene.browsers["keeper"], number, "先到")
    fields = {"csrf_token": scene.token("meetings-admin"), "opinion": "后到", "version": str(version)}
    refused = scene.browsers["meetings-admin"].post(f"/followups/{number}", fields, status=409)
    assert "后到" in refused.html.select_one("textarea").text


def by_number(scene, number):
    with scene.app.reading() as session:
        query = sa.select(FollowUpRow, Case.number, Case.state).join(Case, Case.id == FollowUpRow.case_id)
        return session.execute(query.where(Case.number == number)).all()


def evaluation_of(scene, row):
    with scene.app.reading() as session:
        return session.get_one(Evaluation, row.evaluation_id)


# -- time ------------------------------------------------------------------------------------------------------------


def run(scene, job, moment):
    with scene.services(moment) as services:
        job(services.session, scene.app.portal, services.clock)


def test_reminders_come_once_each_and_the_time_for_rating_ends(scene, meeting):
    number, case_id = meeting
    with scene.app.reading() as session:
        task = session.scalars(sa.select(Task).where(Task.case_id == case_id, Task.step == "rate")).one()
    hour = dt.timedelta(hours=1)

    def sent():
        with scene.app.reading() as session:
            query = sa.select(sa.func.count()).select_from(Notification).where(Notification.case_id == case_id)
            return session.scalar(query.where(Notification.code == "core.rating_reminder"))

    early, late = task.created + dt.timedelta(days=3), task.due - dt.timedelta(days=1)
    counts = []
    for moment in sorted((early - hour, early + hour, early + 2 * hour, late + hour, late + 2 * hour)):
        run(scene, remind, moment)
        counts.append(sent())
    assert counts[0] <= 1
    assert counts[-1] == len(set(counts) - {0}) <= 2
    with scene.app.reading() as session:
        kinds = set(session.scalars(sa.select(EvaluationReminder.kind).where(EvaluationReminder.task_id == task.id)))
    assert "late" in kinds
    run(scene, close_overdue, task.due - hour)
    assert open_tasks(scene, case_id) == ["rate"]
    run(scene, close_overdue, task.due)
    assert open_tasks(scene, case_id) == []
    assert scene.state(number)[0] == "ended"
    with scene.services(task.due) as services:
        staff = scene.people["staff"].identity
        with pytest.raises(Exception, match="time for this evaluation is over"):
            services.get(EvaluationService).answer(RATING_FORM, f"case:{case_id}", staff, GOOD)
        services.session.rollback()


def open_tasks(scene, case_id):
    with scene.app.reading() as session:
        return list(session.scalars(sa.select(Task.step).where(Task.case_id == case_id, Task.status == "open")))


def test_an_answer_to_which_the_rater_says_nothing_is_closed(scene):
    number, _version = follow_up(scene)
    answer(scene.browsers["keeper"], number, "已处理")
    with scene.app.reading() as session:
        case_id = scene.ids[number]
        due = session.scalar(sa.select(Task.due).where(Task.case_id == case_id, Task.step == "judge", Task.status == "open"))
    run(scene, close_overdue, due - dt.timedelta(minutes=1))
    assert scene.state(number)[0] == "answered"
    run(scene, close_overdue, due)
    ((row, _number, state),) = by_number(scene, number)
    assert (state, row.satisfied) == ("closed", None)


# -- results ---------------------------------------------------------------------------------------------------------


def listed(browser, url):
    """How many entries the list at ``url`` has, over all its pages."""
    number = 0
    while url:
        page = browser.get(url)
        number += len(page.html.select(".answer-list > li")) + len(page.html.select("main tbody tr"))
        following = page.html.select_one(".pager a[rel=next]")
        url = url.partition("?")[0] + following["href"] if following else ""
    return number


@pytest.mark.parametrize("who", ["leader", "meetings-admin", "keeper"])
def test_every_number_is_the_length_of_its_list(scene, who):
    page = scene.browsers[who].get(RESULTS)
    links = page.html.select("main a[href^='/evaluations/meetings.satisfaction/results/']")
    numbers = [(a.text, a["href"]) for a in links if a.text.isdigit()]
    assert len(numbers) > 25
    assert any(int(text) for text, _url in numbers)
    for text, url in numbers:
        assert int(text) == listed(scene.browsers[who], url), url


def test_sums_agree_with_each_other(scene):
    page = scene.browsers["leader"].get(RESULTS)
    for row in page.html.select("[aria-labelledby=h-questions] tbody tr"):
        cells = [int(a.text) for a in row.select("td.n a")]
        assert sum(cells[:-1]) == cells[-1]
    total = int(page.html.select_one(".kpi a").text)
    months = page.html.select("[aria-labelledby=h-months] tbody tr")
    assert sum(int(row.select_one("td a").text) for row in months) == total
    with scene.app.reading() as session:
        assert total == session.scalar(sa.select(sa.func.count()).select_from(Evaluation))


def test_a_keeper_sees_the_room_only_and_others_nothing(scene):
    with scene.services() as services:
        staff = scene.people["staff"].identity
        number = scene.book("staff", scene.rooms.second, (-1, 16), hours=1, moment=services.clock.now() - dt.timedelta(days=9))
    scene.act("meetings-admin", number, "approve", moment=scene.app.portal.clock.now() - dt.timedelta(days=8))
    with scene.services() as services:
        services.get(EvaluationService).answer(RATING_FORM, f"case:{scene.ids[number]}", staff, GOOD, "只在西会议室")
    total = {w: int(scene.browsers[w].get(RESULTS).html.select_one(".kpi a").text) for w in ("leader", "keeper")}
    assert total["keeper"] < total["leader"]
    assert "只在西会议室" not in scene.browsers["keeper"].get(f"{RESULTS}/answers?comments=1").text
    assert "只在西会议室" in scene.browsers["leader"].get(f"{RESULTS}/answers?comments=1").text
    for who in ("staff", "guest"):
        for ending in ("", "/answers", "/follow-ups"):
            scene.browsers[who].get(RESULTS + ending, status=404)


@pytest.mark.parametrize(
    "query", ["from=2026-13-01", "from=2026-12-01&to=2026-01-01", "question=nothing", "value=x", "content=2", "before=-1"]
)
def test_nonsense_is_refused(scene, query):
    scene.browsers["leader"].get(f"{RESULTS}/answers?{query}", status=400)


def test_an_anonymous_form_shows_nothing_below_five_answers_and_nobody_ever(scene, monkeypatch):
    from dataclasses import replace

    declared = scene.app.portal.evaluation_forms[RATING_FORM]
    form = replace(declared, anonymous=True, follow_up=None, results_permission="")
    monkeypatch.setitem(scene.app.portal.evaluation_forms, RATING_FORM, form)
    leader, today = scene.browsers["leader"], scene.app.portal.clock.today()
    page = leader.get(f"{RESULTS}/answers")
    assert page.html.select(".answer-list > li")
    assert "杨晓" not in page.html.select_one("main").text
    none = leader.get(f"{RESULTS}?from={today + dt.timedelta(days=5)}&to={today + dt.timedelta(days=9)}")
    assert none.html.select_one("[aria-labelledby=h-questions]") is None
    assert not leader.get(f"{RESULTS}/answers?to={today - dt.timedelta(days=1)}").html.select(".answer-list > li")


def test_the_results_cost_the_same_whatever_there_is(scene):
    leader = scene.browsers["leader"]
    counts = []
    for query in ("", "?from=2026-11-24&to=2026-11-24"):
        leader.get(RESULTS + query)
        with count_statements(scene.app.portal.database.engine) as seen:
            leader.get(RESULTS + query)
        counts.append(seen.count)
    assert max(counts) <= min(counts) + 1
    assert max(counts) < 22


# -- files -----------------------------------------------------------------------------------------------------------


def pictures(scene):
    url = f"/meetings/admin/rooms/{scene.rooms.second}/pictures"
    page = scene.browsers["meetings-admin"].get(url)
    return next(f for f in page.forms.values() if "pictures" in f.fields)


def test_chosen_pictures_survive_a_caption_that_is_too_long(scene):
    form = pictures(scene)
    form["caption"] = "长" * 200
    form["pictures"] = [Sent("东侧.jpg", picture(colour="olive"))]
    refused = form.submit(status=422)
    kept = refused.html.select("input[name=pictures_kept]")
    assert [k.parent.select_one("span").text for k in kept] == ["东侧.jpg"]
    form = next(f for f in refused.forms.values() if "pictures" in f.fields)
    form["caption"] = "长" * 200
    form["pictures"] = [Sent("西侧.png", picture("PNG", colour="silver"))]
    refused = form.submit(status=422)
    assert [k.parent.select_one("span").text for k in refused.html.select("input[name=pictures_kept]")] == [
        "东侧.jpg",
        "西侧.png",
    ]
    form = next(f for f in refused.forms.values() if "pictures" in f.fields)
    form["caption"] = "入口"
    form.set("pictures_drop", True, index=0)
    done = form.submit().follow()
    assert done.html.select_one(".flash-ok")
    with scene.app.reading() as session:
        names = set(session.scalars(sa.select(StoredFile.name).where(StoredFile.owner == "meetings")))
        assert session.scalar(sa.select(sa.func.count()).select_from(KeptUpload)) == 0
    assert "西侧.png" in names
    assert "东侧.jpg" not in names


def test_a_file_that_is_no_picture_is_not_kept(scene):
    form = pictures(scene)
    form["pictures"] = [Sent("a.jpg", picture(colour="pink")), Sent("b.jpg", b"<script>")]
    refused = form.submit(status=422)
    assert [k.parent.select_one("span").text for k in refused.html.select("input[name=pictures_kept]")] == ["a.jpg"]


@pytest.mark.parametrize("token", ["x", "中", "a" * 43, "a" * 500, ""])
def test_tokens_of_others_are_worth_nothing(scene, token):
    url = f"/meetings/admin/rooms/{scene.rooms.second}/pictures"
    fields = {"csrf_token": scene.token("meetings-admin"), "kind": "photo", "caption": "", "pictures_kept": token}
    refused = scene.browsers["meetings-admin"].post(url, fields, content_type="multipart/form-data", status=422)
    assert refused.html.select_one("#pictures-err")
    assert not refused.html.select("input[name=pictures_kept]")


def test_the_administrator_sees_what_is_stored(scene):
    admin = scene.browsers["admin"]
    page = admin.get("/admin/files")
    assert "会议室" in page.html.select_one("[aria-labelledby=h-totals]").text or "meeting" in page.text
    assert page.html.select_one("[aria-labelledby=h-store] .st-ok")
    form = next(f for f in page.forms.values() if f.action == "/admin/files")
    page = form.submit().follow()
    assert page.html.select_one(".flash-ok")
    scene.browsers["staff"].get("/admin/files", status=403)
