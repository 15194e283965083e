"""Messages: the list, opening one, marking all as read, the bell."""

import pytest
import sqlalchemy as sa

from portal_core.inbox.services import CaseService
from portal_core.notifications.models import Notification
from portal_core.notifications.queries import unread
from portal_core.notifications.services import NotificationService
from portal_core.testing.fixtures import count_statements
from tests import trial
from tests.trial import apply_for

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people


@pytest.fixture
def send(app, people):
    """Sends ``count`` messages to a person."""

    def send(person, count=1, code="trial.passed", url="/inbox?tab=mine", **params):
        with app.services() as services:
            for number in range(1, count + 1):
                params = {"title": f"第 {number} 件", "actor": "李静", "opinion": "同意"} | params
                services.get(NotificationService).send(code, [person.id], dict(params), url)
                params.pop("title")

    return send


def ids(app):
    with app.reading() as session:
        return list(session.scalars(sa.select(Notification.id).order_by(Notification.id)))


def titles(page):
    return [a.text for a in page.html.select(".notices a.t")]


def bell(page):
    badge = page.html.select_one('.top a[href="/notifications"] .badge-n')
    return badge.text if badge else ""


def test_an_act_tells_the_applicant(app, people):
    with app.services() as services:
        case = apply_for(services, people.clerk)
        services.get(CaseService).perform(case, "approve", people.li.identity, opinion="同意", version=2)
    app.login(people.clerk)
    page = app.get("/notifications")
    assert titles(page) == ["未读 已通过：打印纸 20 箱"]
    assert page.html.select_one(".notices .m").text.strip() == "李静：同意"
    assert bell(page) == "1"
    answer = page.click("已通过：打印纸 20 箱")
    assert answer.headers["Location"].endswith(f"/cases/{case.number}")
    page = app.get("/notifications")
    assert (titles(page), bell(page)) == (["已通过：打印纸 20 箱"], "")


def test_a_message_without_an_opinion_does_not_end_in_a_colon(app, people, send):
    send(people.clerk, opinion="")
    app.login(people.clerk)
    assert app.get("/notifications").html.select_one(".notices .m").text.strip() == "李静"


def test_messages_of_the_core_do_not_wear_the_icon_of_one_of_its_flows(app, people, send):
    send(people.clerk, code="core.todo", title="x", verb="审核", number="1", actor="李静")
    app.login(people.clerk)
    assert app.get("/notifications").html.select_one(".notices .chip use")["href"].endswith("#bell")


def test_parameters_are_text(app, people, send):
    send(people.clerk, title="<b>${actor}</b>", opinion="<script>alert(1)</script>")
    app.login(people.clerk)
    page = app.get("/notifications")
    assert titles(page) == ["未读 已通过：<b>${actor}</b>"]
    assert "<script>alert" not in page


def test_messages_of_an_absent_plugin_can_be_read(app, people, send, monkeypatch):
    send(people.clerk)
    monkeypatch.delitem(app.portal.notification_types, "trial.passed")
    app.login(people.clerk)
    page = app.get("/notifications")
    assert titles(page) == ["未读 已停用模块的消息"]
    assert page.html.select_one(".notices .m").text.strip() == "第 1 件"


def test_undeclared_messages_are_a_mistake_of_the_sender(people, app):
    with app.services() as services, pytest.raises(KeyError):
        services.get(NotificationService).send("trial.unknown", [people.clerk.id], {})


def test_pages(app, people, send):
    send(people.clerk, 45)
    app.login(people.clerk)
    page, seen = app.get("/notifications"), []
    while True:
        seen += titles(page)
        following = page.html.select_one('a[rel="next"]')
        if following is None:
            break
        page = app.get(following["href"])
        assert "全部已读" not in page
    assert len(seen) == len(set(seen)) == 45
    assert titles(page.click("回到第一页"))[0] == "未读 已通过：第 45 件"


def test_all_read_means_all_that_were_shown(app, people, send):
    send(people.clerk, 3)
    send(people.li)
    app.login(people.clerk)
    page = app.get("/notifications")
    send(people.clerk, title="刚到的")
    form = next(form for form in page.forms.values() if form.action == "/notifications/read-all")
    page = form.submit().follow()
    assert [a.text for a in page.html.select(".notices .unread a.t")] == ["未读 已通过：刚到的"]
    with app.reading() as session:
        assert session.scalar(sa.select(unread(people.li.id))) == 1


def test_foreign_messages_do_not_exist(app, people, send):
    send(people.li)
    (foreign,) = ids(app)
    app.login(people.clerk)
    for message in (foreign, foreign + 1, 0, "x", 2**70):
        app.get(f"/notifications/{message}/open", status=404)
    with app.reading() as session:
        assert session.scalar(sa.select(unread(people.li.id))) == 1


def test_looking_ahead_does_not_count_as_reading(app, people, send):
    send(people.clerk)
    app.login(people.clerk)
    (message,) = ids(app)
    app.head(f"/notifications/{message}/open", status=303)
    assert bell(app.get("/notifications")) == "1"


@pytest.mark.parametrize("query", ["before=x", "before=0", f"before={2**70}", "before="])
def test_nonsense_in_the_address_is_no_fault_of_the_server(app, people, query):
    app.login(people.clerk)
    assert app.get(f"/notifications?{query}", expect_errors=True).status_int in (200, 400)


@pytest.mark.parametrize("upto", ["", "x", str(2**70)])
def test_all_read_needs_a_number(app, people, upto):
    app.login(people.clerk)
    token = app.get("/notifications").html.select_one("input[name=csrf_token]")["value"]
    app.post("/notifications/read-all", {"csrf_token": token, "upto": upto}, status=400)


def test_the_bell_counts_to_99_and_costs_one_statement(app, people, send):
    send(people.clerk, 120)
    app.login(people.clerk)
    app.get("/notifications")
    with count_statements(app.portal.database.engine) as seen:
        assert bell(app.get("/notifications")) == "99+"
    assert sum("count" in text and "core_notification" in text for text in seen.texts) == 1
    assert seen.count <= 5, seen.texts


def test_an_empty_list_says_so(app, people):
    app.login(people.clerk)
    assert "没有消息" in app.get("/notifications")
