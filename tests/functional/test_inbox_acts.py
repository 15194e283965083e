"""The pages of the acts besides the answer, of phrases, delegations and the hand-over, in a browser without JavaScript."""

import re

import pytest
import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.inbox.models import Case, Delegation, Phrase, Task
from portal_core.testing.fixtures import count_statements
from tests import trial
from tests.trial import apply_for, draft

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people


@pytest.fixture
def case(app, people):
    """The number of an application of 杨晓 that awaits its review."""
    with app.services() as services:
        return apply_for(services, people.clerk).number


@pytest.fixture
def as_(app):
    """``as_(person)``: a browser in which the person is logged in."""
    browsers = {}

    def login(person):
        if person.login not in browsers:
            browsers[person.login] = app.another()
            browsers[person.login].login(person)
        return browsers[person.login]

    return login


def form_to(page, ending):
    return next(form for form in page.forms.values() if form.action.endswith(ending))


def further(page):
    """What the case page offers besides the answer: labels of buttons and links."""
    return [element.text.strip() for element in page.html.select(".further .actions .btn")]


def task_of(app, number):
    with app.reading() as session:
        found = sa.select(Task).join(Case).where(Case.number == number).order_by(Task.id)
        return list(session.scalars(found))


def lines(page):
    return [line.select_one("b").text for line in page.html.select(".timeline li:not(.wait)")]


def todo(browser):
    return [link.text for link in browser.get("/inbox").html.select(".inbox a.t")]


def pick(form, text, *names, **fields):
    """Search for ``text``, tick the people with ``names`` and return the form as it came back."""
    form["q"] = text
    for name, value in fields.items():
        form[name] = value
    page = form.submit("_find", value="1")
    form = form_to(page, form.action.rsplit("/", 1)[1].partition("?")[0])
    boxes = {label.select_one("b").text: label.select_one("input")["value"] for label in page.html.select(".people-list label")}
    for name in names:
        for box in form.fields["people"]:
            if boxes[name] in (getattr(box, "_value", None), *(option for option, *_rest in getattr(box, "options", ()))):
                box.value = boxes[name]
    return form


def test_claim_and_put_back(as_, app, people, case):
    page = as_(people.li).get(f"/cases/{case}")
    assert further(page) == ["认领", "转办", "加签", "抄送"]
    page = form_to(page, "/claim").submit().follow()
    assert page.html.select_one(".flash-ok span").text == "已认领，由您办理。"
    assert further(page) == ["取消认领", "转办", "加签", "抄送"]
    assert todo(as_(people.zhou)) == []
    assert "待 李静 办理" in page.html.select_one(".timeline .wait").text
    page = form_to(page, "/release").submit().follow()
    assert (lines(page), len(todo(as_(people.zhou)))) == (["提交", "认领", "取消认领"], 1)


def test_who_claims_second_reads_who_was_first(as_, people, case):
    late = as_(people.zhou).get(f"/cases/{case}")
    form_to(as_(people.li).get(f"/cases/{case}"), "/claim").submit()
    for ending, button in (("/claim", ()), ("/act", ("action", None, "approve"))):
        answer = form_to(late, ending).submit(*button, expect_errors=True)
        assert (answer.status_int, answer.html.select_one("h1").text) == (409, "已由 李静 认领")
        assert "2026-11-24 09:30" in answer


def test_hand_over_by_name(as_, app, people, case):
    browser = as_(people.li)
    page = browser.get(f"/cases/{case}").click("转办")
    form = form_to(page, "/transfer")
    missing = form.submit(expect_errors=True)
    assert (missing.status_int, missing.html.select_one("#people-err").text.strip()) == (422, "请选择人员")
    form = pick(form, "王", "王磊", opinion="请您把关")
    assert form["opinion"].value == "请您把关"
    page = form.submit().follow()
    assert page.html.select_one(".flash-ok span").text == "已移交给 王磊。"
    assert lines(page) == ["提交", "转办"]
    assert page.html.select(".decide .actions.hide-s button") == []
    (task,) = task_of(app, case)
    assert (task.assignee_id, task.owner_id) == (people.stranger.id, people.li.id)
    assert len(todo(as_(people.stranger))) == 1
    page = as_(people.stranger).get(f"/cases/{case}")
    decide = form_to(page, "/act")
    assert decide.submit("action", value="approve").status_int == 303


def test_to_the_applicant_or_to_nobody(as_, app, people, case):
    browser = as_(people.li)
    (task,) = task_of(app, case)
    form = form_to(browser.get(f"/cases/{case}/transfer?task={task.id}"), "/transfer")
    answer = pick(form, "杨晓", "杨晓", opinion="x").submit(expect_errors=True)
    assert answer.status_int == 422
    assert "不能由申请人审批自己的申请" in answer.html.select_one(".error-summary").text
    assert form_to(answer, "/transfer")["opinion"].value == "x"


def test_people_with_the_same_name_are_told_apart(as_, app, people, case, make_user):
    make_user("wang2", name="王磊", department="财政局")
    page = as_(people.li).get("/people", {"q": "王磊", "several": "1", "people": str(people.zhou.id)})
    labels = [" ".join(label.text.split()) for label in page.html.select("label")]
    assert labels == ["周敏 机关事务中心 zhou", "王磊 机关事务中心 wang", "王磊 财政局 wang2"]
    assert [box.get("checked") for box in page.html.select("input")] == ["checked", None, None]
    assert "<html" not in page
    assert "没有找到" in as_(people.li).get("/people", {"q": "没有此人"})


def test_signature_before(as_, app, people, case):
    (task,) = task_of(app, case)
    form = form_to(as_(people.li).get(f"/cases/{case}/add-sign?task={task.id}"), "/add-sign")
    form = pick(form, "w", "王磊")
    answer = form.submit(expect_errors=True)
    assert (answer.status_int, answer.html.select_one("#sign-err").text.strip()) == (422, "请选择")
    form = form_to(answer, "/add-sign")
    form["sign"] = "before"
    page = form.submit().follow()
    assert further(page) == ["收回加签", "抄送"]
    assert "正在等待加签意见" in page.html.select_one(".further").text
    asked = as_(people.stranger).get(f"/cases/{case}")
    assert further(asked) == ["抄送"]
    sign = form_to(asked, "/sign")
    refused = sign.submit("answer", value="disagree", expect_errors=True)
    assert (refused.status_int, refused.html.select_one("#opinion-err").text.strip()) == (422, "请填写理由")
    sign["opinion"] = "数量偏多"
    page = sign.submit("answer", value="disagree").follow()
    assert lines(page) == ["提交", "加签", "加签意见：不同意"]
    again = sign.submit("answer", value="agree", expect_errors=True)
    assert (again.status_int, again.html.select_one("h1").text) == (409, "王磊 已出具加签意见")
    assert form_to(as_(people.li).get(f"/cases/{case}"), "/act").submit("action", value="approve").status_int == 303


def test_copy(as_, app, people, case):
    browser = as_(people.clerk)
    form = form_to(browser.get(f"/cases/{case}").click("抄送"), "/copy")
    page = pick(form, "王磊", "王磊", opinion="请知悉").submit().follow()
    assert page.html.select_one(".flash-ok span").text == "已抄送给 王磊。"
    again = pick(form_to(browser.get(f"/cases/{case}/copy"), "/copy"), "王磊", "王磊").submit(expect_errors=True)
    assert (again.status_int, again.html.select_one("#people-err").text.strip()) == (422, "王磊 已可查看此事项，无需重复抄送")
    reader = as_(people.stranger)
    assert [link.text for link in reader.get("/inbox?tab=read").html.select(".inbox a.t")] == ["打印纸 20 箱"]
    reader.get(f"/cases/{case}")
    assert reader.get("/inbox?tab=read").html.select(".inbox a.t") == []
    assert [link.text for link in reader.get("/inbox?tab=read&seen=1").html.select(".inbox a.t")] == ["打印纸 20 箱"]


def test_urge(as_, app, people, case):
    page = form_to(as_(people.clerk).get(f"/cases/{case}"), "/urge").submit().follow()
    assert page.html.select_one(".flash-ok span").text == "已向 2 人催办。"
    assert "已催办 1 次，11-24 15:30 起可再次催办。" in page.html.select_one(".further").text
    assert further(page) == ["抄送"]
    token = page.html.select_one("input[name=csrf_token]")["value"]
    answer = as_(people.clerk).post(f"/cases/{case}/urge", {"csrf_token": token, "version": "2"}, status=409)
    assert "11-24 15:30 起可再次催办" in answer
    app.portal.clock.advance(hours=6)
    browser = app.another()
    browser.login(people.clerk)
    assert "催办（已催 1/3 次）" in further(browser.get(f"/cases/{case}"))


@pytest.mark.parametrize("act", ["claim", "release", "recall", "sign", "transfer", "add-sign", "urge", "copy"])
def test_acts_that_are_not_offered_are_refused(as_, app, people, case, act):
    """By a clerk who may not, by one who may not even see the case, without the token, and with nonsense."""
    (task,) = task_of(app, case)
    fields = {"version": "2", "task": str(task.id), "people": str(people.zhou.id), "sign": "before", "answer": "agree"}
    for person, expected in ((people.clerk, (403, 409, 422)), (people.stranger, (404,))):
        if person is people.clerk and act in ("urge", "copy"):
            continue
        browser = as_(person)
        token = browser.get("/inbox").html.select_one("input[name=csrf_token]")["value"]
        answer = browser.post(f"/cases/{case}/{act}", {**fields, "csrf_token": token}, expect_errors=True)
        assert answer.status_int in expected
    browser = as_(people.li)
    token = browser.get("/inbox").html.select_one("input[name=csrf_token]")["value"]
    assert browser.post(f"/cases/{case}/{act}", fields, status=400)
    assert browser.post(f"/cases/{case}/{act}", {"csrf_token": token, "version": "x", "task": "y"}, status=400)
    assert task_of(app, case)[0].assignee_id is None
    assert len(task_of(app, case)) == 1


def test_phrases(as_, app, people, case):
    browser = as_(people.li)
    page = browser.get(f"/cases/{case}")
    assert [button.text for button in page.html.select("[data-phrases=opinion] button")] == ["同意", "已阅", "请办理"]
    page = browser.get("/account/phrases")
    form = form_to(page, "/account/phrases")
    form["text"] = "按程序办理"
    page = form.submit().follow()
    values = [field["value"] for field in page.html.select(".rowed input[name=text]")]
    assert values == ["同意", "已阅", "请办理", "按程序办理"]
    with app.reading() as session:
        last = session.scalar(sa.select(Phrase.id).where(Phrase.text == "按程序办理"))
    up = form_to(page, f"/phrases/{last}")
    page = up.submit("act", value="up").follow()
    form = form_to(page, f"/phrases/{last}")
    form["text"] = "同意"
    refused = form.submit("act", value="change", expect_errors=True)
    assert (refused.status_int, "已有相同的常用意见" in refused) == (422, True)
    form["text"] = "依规办理"
    page = form.submit("act", value="change").follow()
    assert [field["value"] for field in page.html.select(".rowed input[name=text]")] == ["同意", "已阅", "依规办理", "请办理"]
    other = as_(people.zhou)
    token = other.get("/account/phrases").html.select_one("input[name=csrf_token]")["value"]
    other.post(f"/account/phrases/{last}", {"csrf_token": token, "act": "delete"}, status=404)
    page = form_to(page, f"/phrases/{last}").submit("act", value="delete").follow()
    assert len(page.html.select(".rowed input[name=text]")) == 3
    for number in range(17):
        form = form_to(page, "/account/phrases")
        form["text"] = f"意见 {number}"
        page = form.submit().follow()
    assert "新增常用意见" not in page
    browser.post("/account/phrases", {"csrf_token": token_of(page), "text": "x"}, status=422)


def token_of(page):
    return page.html.select_one("input[name=csrf_token]")["value"]


def test_a_phrase_is_sent_without_javascript(as_, app, people, case):
    form = form_to(as_(people.li).get(f"/cases/{case}"), "/act")
    form["phrase"] = "请办理"
    form.submit("action", value="return")
    assert task_of(app, case)[0].opinion == "请办理"


def test_a_delegation_from_the_form_to_both_names(as_, app, people, case):
    browser = as_(people.zhou)
    form = form_to(browser.get("/account/delegations"), "/account/delegations")
    form = pick(form, "王磊", "王磊", reason="出差")
    page = form.submit().follow()
    assert "王磊" in page.html.select_one("#h-given").find_parent("section").text
    stand_in = as_(people.stranger)
    for one in (browser, stand_in):
        assert "王磊 代 周敏 办理" in one.get("/").html.select_one("#h-delegations").find_parent("section").text
    row = stand_in.get("/inbox").html.select_one(".inbox li")
    assert row.select_one(".tag").text == "代 周敏"
    page = stand_in.get(f"/cases/{case}")
    assert "您正代 周敏 办理" in page.html.select_one(".why").text
    page = form_to(page, "/act").submit("action", value="approve").follow()
    assert "王磊 代 周敏" in page.html.select(".timeline li")[1].text
    assert "周敏" in stand_in.get("/account/delegations").html.select_one("#h-received").find_parent("section").text
    with app.reading() as session:
        made = session.scalar(sa.select(Delegation.id))
    end = form_to(browser.get("/account/delegations"), f"/{made}/end")
    assert end.submit().follow().html.select_one(".st-mute").text == "已结束"
    assert end.submit(expect_errors=True).status_int == 409
    stand_in.post(f"/account/delegations/{made}/end", {"csrf_token": token_of(stand_in.get("/inbox"))}, status=404)


def test_what_a_delegation_form_says_wrong_comes_back(as_, people):
    form = form_to(as_(people.zhou).get("/account/delegations"), "/account/delegations")
    form["ends"], form["reason"] = "2026-11-23", "出差"
    answer = form.submit(expect_errors=True)
    assert answer.status_int == 422
    form = form_to(answer, "/account/delegations")
    assert form["reason"].value == "出差"
    form["ends"] = "x"
    assert form.submit(expect_errors=True).status_int == 422


def test_the_home_page_and_the_lists_cost_no_more_without_delegations(as_, app, people, case):
    browser = as_(people.li)
    browser.get("/inbox")
    with count_statements(app.portal.database.engine) as seen:
        browser.get("/inbox")
    assert seen.count <= 6, seen.texts


def test_an_administrator_sets_and_ends_delegations(as_, app, people, make_user):
    keeper = make_user("keeper", permissions=["core:delegation:manage", "core:admin:view"])
    browser = as_(keeper)
    form = form_to(browser.get("/admin/delegations"), "/admin/delegations")
    missing = form.submit(expect_errors=True)
    assert missing.status_int == 422
    form = form_to(missing, "/admin/delegations")
    form["absent_q"], form["q"] = "周敏", "王磊"
    page = form.submit("_find", value="1")
    form = form_to(page, "/admin/delegations")
    form["absent"], form["people"] = str(people.zhou.id), str(people.stranger.id)
    page = form.submit().follow()
    assert "周敏" in page.html.select_one("#h-all").find_parent("section").text
    with app.reading() as session:
        made = session.scalar(sa.select(Delegation))
    assert (made.from_user_id, made.to_user_id, made.created_by_id) == (people.zhou.id, people.stranger.id, keeper.id)
    assert form_to(page, "/end").submit().status_int == 303
    as_(people.zhou).get("/admin/delegations", status=403)


def test_hand_over_on_leaving(as_, app, people, make_user, case):
    keeper = make_user("keeper", permissions=["core:user:manage", "core:admin:view"])
    form_to(as_(people.li).get(f"/cases/{case}"), "/claim").submit()
    browser = as_(keeper)
    start = form_to(browser.get("/admin/handover"), "/admin/handover")
    start["absent_q"] = "李静"
    page = start.submit()
    form = form_to(page, "/admin/handover")
    form["absent"] = str(people.li.id)
    page = form.submit()
    assert "打印纸 20 箱" in page
    form = form_to(page, "/admin/handover")
    assert form.submit("_preview", value="1", expect_errors=True).status_int == 422
    form["q"] = "杨晓"
    form = form_to(form.submit("_find", value="1"), "/admin/handover")
    form["people"] = str(people.clerk.id)
    page = form.submit("_preview", value="1")
    assert "这是接收人本人的申请" in page
    form = form_to(page, "/admin/handover")
    form["q"] = "周敏"
    form = form_to(form.submit("_find", value="1"), "/admin/handover")
    form["people"] = str(people.zhou.id)
    page = form.submit("_preview", value="1")
    assert "移交给 周敏" in page
    page = form_to(page, "/admin/handover").submit().follow()
    assert "该人员名下没有未办结事项" in page
    assert task_of(app, case)[0].assignee_id == people.zhou.id
    browser.get("/admin/handover?user=999999", status=404)
    with app.reading() as session:
        assert session.scalar(sa.select(User.active).where(User.id == people.li.id))


def test_drafts_are_thrown_away_from_the_list(as_, app, people):
    with app.services() as services:
        draft(services, people.clerk, "没写完的")
    page = as_(people.clerk).get("/inbox?tab=draft")
    row = page.html.select_one(".inbox li")
    assert row.select_one("a.btn").contents[0] == "继续填写"
    assert re.fullmatch(r"/trial/draft/WP\d+-\d+", row.select_one("a.btn")["href"])
    page = form_to(page, "/act").submit("action").follow()
    assert page.html.select(".inbox li") == []
