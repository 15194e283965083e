"""Pages of message settings and of deliveries, and what opening a case does to messages."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.accounts.rights import sync_permissions
from portal_core.audit.models import AuditEntry
from portal_core.inbox.services import CaseService
from portal_core.notifications.channels import Outcome
from portal_core.notifications.models import ChannelState, Delivery, Notification
from portal_core.notifications.preferences import ALL, OFF, TODO, Choice, PreferenceService, QuietHours
from portal_core.notifications.sending import deliver_due
from portal_core.notifications.services import NotificationService
from portal_core.testing.fixtures import NOW, count_statements
from tests import pager as pagers
from tests import trial
from tests.trial import apply_for

_sides, _as_new, _loaded_portal, pager, letter = (
    pagers._sides,
    pagers._as_new,
    pagers._loaded_portal,
    pagers.pager,
    pagers.letter,
)
people = trial.people
_application = pagers._application
SETTINGS, DESK = "/account/notifications", "/admin/deliveries"


@pytest.fixture
def manager(app, make_user):
    with app.portal.database.writing() as session:
        sync_permissions(session, app.portal)
    return make_user("boss", name="何主任", permissions=["core:delivery:manage", "core:admin:view"])


def send(app, person, *outcomes, pager=None, code="trial.passed", **options):
    """Messages to a person, tried by the worker with these outcomes when there are any."""
    with app.services() as services:
        for _number in range(max(1, len(outcomes))):
            services.get(NotificationService).send(code, [person.id], {"title": "绝密专题会", "actor": "李静"}, **options)
    if outcomes:
        pager.outcomes = list(outcomes)
        deliver_due(app.portal)


def preferences(app, person):
    with app.services() as services:
        return services.get(PreferenceService).get(person.id)


def settings_form(page):
    return next(form for form in page.forms.values() if form.action == SETTINGS)


def states(app):
    with app.reading() as session:
        return list(session.scalars(sa.select(Delivery.state).order_by(Delivery.id)))


def test_settings_begin_with_everything_and_the_usual_night(app, people):
    app.login(people.clerk)
    form = settings_form(app.get(SETTINGS))
    assert form["mode_pager_call"].value == "all" and form["quiet"].checked
    assert (form["quiet_from"].value, form["quiet_to"].value) == ("22:00", "07:30")
    assert all(box.checked for box in form.fields["groups_pager_call"])


def test_settings_are_kept(app, people, letter):
    letter.on = True
    app.login(people.clerk)
    form = settings_form(app.get(SETTINGS))
    form["mode_pager_call"], form["mode_pager_letter"], form["first"] = "todo", "off", "pager.letter"
    next(box for box in form.fields["groups_pager_call"] if box._value == "trial").checked = False
    form["quiet_from"], form["quiet_to"] = "21:00", "08:00"
    page = form.submit().follow()
    assert "设置已保存" in page.text
    kept = preferences(app, people.clerk)
    assert kept.choices == (Choice("pager.letter", OFF), Choice("pager.call", TODO, ("trial",)))
    assert kept.quiet == QuietHours(dt.time(21), dt.time(8))
    assert settings_form(page)["first"].value == "pager.letter"
    form = settings_form(page)
    form["quiet"].checked = False
    form.submit()
    assert preferences(app, people.clerk).quiet is None
    assert preferences(app, people.li).choices == (), "everybody has their own"


def test_choices_of_a_channel_that_is_off_today_are_kept(app, people, letter):
    letter.on = True
    app.login(people.clerk)
    form = settings_form(app.get(SETTINGS))
    form["mode_pager_letter"] = "off"
    form.submit()
    letter.on = False
    settings_form(app.get(SETTINGS)).submit()
    assert {choice.channel: choice.mode for choice in preferences(app, people.clerk).choices} == {
        "pager.call": ALL,
        "pager.letter": OFF,
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quiet_from": "", "quiet_to": "07:00"}, "开始时间"),
        ({"quiet_from": "07:00", "quiet_to": "07:00"}, "结束时间不能与开始时间相同"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from"),
    ],
)
def test_wrong_quiet_hours_are_refused_at_their_field(app, people, fields, message):
    app.login(people.clerk)
    form = settings_form(app.get(SETTINGS))
    for name, value in fields.items():
        form[name] = value
    page = form.submit(status=422)
    assert message in page.html.select_one(".error-summary").decode()
    assert preferences(app, people.clerk).choices == ()


def test_without_a_channel_there_is_nothing_to_choose(app, people, pager):
    pager.on = False
    app.login(people.clerk)
    page = app.get(SETTINGS)
    assert "目前只有站内消息" in page.text and "quiet_from" not in page.text


def test_the_desk_shows_causes_in_words_and_no_titles_of_cases(app, people, manager, pager):
    send(app, people.clerk, Outcome.permanent("busy", "line 3"), pager=pager)
    app.login(manager)
    page = app.get(DESK)
    assert "占线" in page.text and "line 3" in page.text and "杨晓" in page.text
    assert "已通过：…" in page.text and "绝密专题会" not in page.text
    assert "消息发送" in app.get("/admin/").text


def test_only_managers_see_the_desk(app, people):
    app.login(people.clerk)
    app.get(DESK, status=403)


def test_a_letter_is_sent_again_from_the_desk(app, people, manager, pager):
    send(app, people.clerk, Outcome.permanent("busy"), pager=pager)
    app.login(manager)
    page = app.get(DESK)
    form = next(form for form in page.forms.values() if form.action.endswith("/act"))
    page = form.submit("act", value="resend").follow()
    assert "已重新排队 1 条" in page.text and states(app) == ["queued"]
    # Somebody else was faster.
    page = form.submit("act", value="ignore").follow()
    assert "情况已有变化" in page.text and states(app) == ["queued"]


def test_all_letters_of_a_cause_are_put_aside(app, people, manager, pager):
    send(app, people.clerk, *[Outcome.permanent("busy")] * 3, pager=pager)
    app.login(manager)
    form = next(form for form in app.get(DESK).forms.values() if form.action.endswith("/batch"))
    assert "已忽略 3 条" in form.submit("act", value="ignore").follow().text
    assert states(app) == ["ignored"] * 3
    with app.reading() as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "core.delivery_ignore")).one()
    assert entry.detail == {"channel": "pager.call", "cause": "busy", "count": 3}


def test_a_channel_is_paused_and_resumed(app, people, manager, pager):
    app.login(manager)
    form = next(form for form in app.get(DESK).forms.values() if form.action.endswith("/channel"))
    page = form.submit("act", value="hold").follow()
    assert "管理员已暂停" in page.text
    with app.reading() as session:
        assert session.get_one(ChannelState, "pager.call").held
    form = next(form for form in page.forms.values() if form.action.endswith("/channel"))
    assert "管理员已暂停" not in form.submit("act", value="resume").follow().text


def test_lists_filters_and_pages(app, people, manager, pager):
    send(app, people.clerk, *[Outcome.permanent("busy")] * 3, pager=pager)
    for _turn in range(7):
        send(app, people.clerk, *[Outcome.permanent("unknown_number")] * 3, pager=pager)
    app.login(manager)
    page = app.get(DESK)
    assert page.html.select_one('.tabs [aria-current="page"]').get_text(" ").split() == ["发送失败", "24"]
    assert len(page.html.select("form[action$='/act']")) == 20
    assert len(page.click("下一页").html.select("form[action$='/act']")) == 4
    page = app.get(DESK + "?state=dead&channel=pager.call&cause=busy")
    assert len(page.html.select("form[action$='/act']")) == 3
    assert not app.get(DESK + "?state=sent").html.select("form[action$='/act']")
    for bad in ("state=x", "channel=x", "before=x", "cause=" + "x" * 65):
        app.get(f"{DESK}?{bad}", status=400)


def test_the_desk_costs_the_same_with_many_letters(app, people, manager, pager):
    app.login(manager)
    send(app, people.clerk, Outcome.permanent("busy"), pager=pager)

    def cost():
        app.get(DESK)
        with count_statements(app.portal.database.engine) as seen:
            app.get(DESK)
        return seen.count

    before = cost()
    for _turn in range(10):
        send(app, people.clerk, *[Outcome.permanent("busy")] * 3, pager=pager)
    assert cost() == before <= 8


def test_messages_are_filtered(app, people):
    send(app, people.clerk)
    send(app, people.clerk, code="pager.task")
    app.login(people.clerk)
    page = app.get("/notifications")
    assert [tab.text for tab in page.html.select(".card-h .tabs a")] == ["全部", "未读", "平台", "Trial", "Pager"][:5]
    assert len(page.click("Trial").html.select(".notices li")) == 1
    page.click("待办：绝密专题会")
    assert [a.text for a in app.get("/notifications?show=unread").html.select(".notices a.t")] == ["未读 已通过：绝密专题会"]
    app.get("/notifications?show=nothing", status=400)


def test_opening_a_case_reads_what_was_told_of_it(app, people):
    with app.services() as services:
        case = apply_for(services, people.clerk)
        services.get(CaseService).perform(case, "approve", people.li.identity, opinion="同意", version=2)
        services.get(NotificationService).send("pager.task", [people.clerk.id], {"title": "另一件"})
    app.login(people.clerk)
    app.get(f"/cases/{case.number}")
    with app.reading() as session:
        mine = session.scalars(sa.select(Notification).where(Notification.user_id == people.clerk.id))
        read = {message.code: message.read_at for message in mine}
    assert (read["trial.passed"], read["pager.task"]) == (NOW, None)


def test_a_case_that_one_may_not_see_reads_nothing(app, people):
    with app.services() as services:
        case = apply_for(services, people.clerk)
        services.get(NotificationService).send("pager.task", [people.stranger.id], {"title": "x"}, case_id=case.id)
    app.login(people.stranger)
    app.get(f"/cases/{case.number}", status=404)
    with app.reading() as session:
        to_stranger = sa.select(Notification.read_at).where(Notification.user_id == people.stranger.id)
        assert session.scalars(to_stranger).all() == [None]


def test_what_told_of_a_task_is_read_when_somebody_has_done_it(app, people):
    with app.services() as services:
        case = apply_for(services, people.clerk)
        services.get(NotificationService).send("pager.task", [people.zhou.id], {"title": "x"}, case_id=case.id)
    with app.services() as services:
        cases = services.get(CaseService)
        cases.perform(cases.visible(case.number, people.li.identity), "approve", people.li.identity, opinion="同意", version=2)
    with app.reading() as session:
        told = sa.select(Notification.read_at).where(Notification.user_id == people.zhou.id, Notification.code == "pager.task")
        assert session.scalars(told).all() == [NOW]
