"""Pages of the questionnaires in the browser's place: list, form, errors, changes, and a plugin's own address for the list."""

import datetime as dt
import importlib
import sys
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from portal_core.accounts.services import AccountService
from portal_core.declarations import Choice, EvaluationForm, Question, Subject
from portal_core.evaluations.models import Evaluation
from portal_core.testing.fixtures import NOW, count_statements

PAGE = "/evaluations/canteen.meal/meal:1"
GUEST = "guest"


def subjects():
    return [
        Subject("meal:1", "工作午餐", "第一餐厅 · 11 月 23 日", NOW + dt.timedelta(days=3), "/cases/ST1"),
        Subject("meal:2", "接待晚餐", "第二餐厅 · 11 月 22 日"),
    ]


def form_for(user_ids):
    def mine(session, user_id, now):
        return subjects() if user_id in user_ids else []

    def find(session, user_id, key, now):
        return next((s for s in mine(session, user_id, now) if s.key == key), None)

    return EvaluationForm(
        "canteen.meal",
        1,
        "餐饮服务评价",
        (Question("taste", "菜品口味"), Question("tidy", "环境卫生"), Question("music", "背景音乐", required=False)),
        (Choice(5, "非常满意"), Choice(3, "满意"), Choice(1, "不满意")),
        mine,
        find,
    )


@pytest.fixture
def guest(app, make_user, monkeypatch):
    person = make_user(GUEST, name="沈宏")
    monkeypatch.setitem(app.portal.evaluation_forms, "canteen.meal", form_for({person.id}))
    app.login(person)
    return person


def fill(page, **chosen):
    form = page.forms["evaluation"]
    for code, value in chosen.items():
        form[f"q_{code}"] = str(value)
    return form


def stored(app):
    with app.reading() as session:
        return [(e.subject, e.answers, e.comment) for e in session.scalars(sa.select(Evaluation).order_by(Evaluation.id))]


def test_from_the_list_to_a_stored_answer(app, guest):
    page = app.get("/evaluations/canteen.meal")
    assert [a.text for a in page.html.select(".inbox a.t")] == ["工作午餐", "接待晚餐"]
    page = page.click("工作午餐", index=0)
    assert page.request.path == PAGE
    assert page.html.select_one("h1").text == "餐饮服务评价"
    assert [r["name"] for r in page.html.select("input[type=radio]")] == ["q_taste"] * 3 + ["q_tidy"] * 3 + ["q_music"] * 3
    assert not page.html.select("input[checked]")
    form = fill(page, taste=5, tidy=3)
    form["comment"] = "很好，<b>谢谢</b>"
    answer = form.submit()
    assert (answer.status_int, answer.headers["Location"]) == (303, "http://localhost/evaluations/canteen.meal")
    page = answer.follow()
    assert page.html.select_one(".flash-ok")
    assert [a.text for a in page.html.select(".inbox a.t")] == ["接待晚餐"]
    done = app.get("/evaluations/canteen.meal?tab=done")
    assert [a.text for a in done.html.select(".inbox a.t")] == ["工作午餐"]
    assert stored(app) == [("meal:1", {"taste": 5, "tidy": 3}, "很好，<b>谢谢</b>")]


def test_required_rows_carry_a_star_and_every_radio_a_name(app, guest):
    page = app.get(PAGE)
    assert [bool(row.select(".req")) for row in page.html.select("table.matrix tbody tr")] == [True, True, False]
    for radio in page.html.select("input[type=radio]"):
        named = [page.html.find(id=i) for i in radio["aria-labelledby"].split()]
        assert all(named)


def test_missing_answers_are_shown_at_their_rows_and_nothing_is_lost(app, guest):
    form = fill(app.get(PAGE), tidy=1)
    form["comment"] = "汤凉了"
    page = form.submit(status=422)
    assert page.html.select_one("textarea").text.strip() == "汤凉了"
    assert [r["value"] for r in page.html.select("input[checked]")] == ["1"]
    rows = page.html.select("tr.bad-row")
    assert len(rows) == 1
    assert rows[0].select_one(".err").text.strip() == "请选择评价"
    links = page.html.select(".error-summary a")
    assert [page.html.find(id=a["href"][1:])["name"] for a in links] == ["q_taste"]
    assert stored(app) == []


@pytest.mark.parametrize("value", ["99", "abc", "", "٣x", "9" * 5000, "-1", "5.0"])
def test_an_answer_that_is_not_on_the_scale_is_refused(app, guest, value):
    form = fill(app.get(PAGE), taste=5)
    sent = dict(form.submit_fields(), q_tidy=value)
    page = app.post(PAGE, sent, status=422)
    assert len(page.html.select("tr.bad-row")) == 1
    assert stored(app) == []


def test_a_comment_that_is_too_long_is_refused_and_kept(app, guest):
    form = fill(app.get(PAGE), taste=5, tidy=5)
    form["comment"] = "长" * 1001
    page = form.submit(status=422)
    assert page.html.select_one("textarea").text.strip() == "长" * 1001
    assert "1000" in page.html.select_one("#comment-err").text


def test_files_instead_of_answers_are_refused(app, guest):
    token = app.get(PAGE).forms["evaluation"]["csrf_token"].value
    files = [(name, "x.txt", b"x") for name in ("q_taste", "q_tidy", "comment", "seen")]
    answer = app.post(PAGE, {"csrf_token": token}, upload_files=files, expect_errors=True)
    assert 400 <= answer.status_int < 500
    assert stored(app) == []


def test_an_answer_can_be_changed_and_later_only_be_read(app, guest):
    fill(app.get(PAGE), taste=5, tidy=5).submit()
    page = app.get(PAGE)
    assert [r["value"] for r in page.html.select("input[checked]")] == ["5", "5"]
    fill(page, taste=1).submit(status=303)
    assert stored(app) == [("meal:1", {"taste": 1, "tidy": 5}, "")]
    app.portal.clock.advance(days=7)
    app.login(guest)
    page = app.get(PAGE)
    assert not page.html.select("main input, main button")
    assert [dd.text for dd in page.html.select("main dd")][:3] == ["不满意", "非常满意", "未评价"]


def test_a_form_that_is_too_late_keeps_what_was_typed(app, guest, monkeypatch):
    form = fill(app.get(PAGE), taste=5, tidy=5)
    form["comment"] = "迟到的意见"
    app.portal.clock.advance(days=3)
    app.login(guest)
    form["csrf_token"] = app.get("/evaluations/canteen.meal/meal:2").forms["evaluation"]["csrf_token"].value
    page = form.submit(status=409)
    assert "评价时间已过" in page.html.select_one(".flash-bad").text
    assert page.html.select_one("textarea").text.strip() == "迟到的意见"
    app.get(PAGE, status=409)


def test_two_windows_do_not_overwrite_each_other_silently(app, guest):
    first, second = app.get(PAGE), app.get(PAGE)
    fill(first, taste=5, tidy=5).submit(status=303)
    page = fill(second, taste=1, tidy=1).submit(status=409)
    assert "另一个窗口" in page.html.select_one(".flash-bad").text
    assert stored(app) == [("meal:1", {"taste": 5, "tidy": 5}, "")]
    page.forms["evaluation"].submit(status=303)
    assert stored(app) == [("meal:1", {"taste": 1, "tidy": 1}, "")]


def test_the_button_pressed_twice_is_one_answer(app, guest):
    form = fill(app.get(PAGE), taste=5, tidy=5)
    form.submit(status=303)
    form.submit(status=303)
    assert len(stored(app)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/evaluations/canteen.meal/meal:3",
        "/evaluations/canteen.meal/%00",
        "/evaluations/canteen.meal/..%2fmeal:1",
        "/evaluations/canteen.nothing",
        "/evaluations/canteen.nothing/meal:1",
        "/evaluations/x/y/z",
    ],
)
def test_unknown_addresses(app, guest, path):
    assert app.get(path, expect_errors=True).status_int in (400, 404)


def test_foreign_subjects_are_not_found(app, guest, make_user):
    other = app.another()
    other.login(make_user("other"))
    other.get(PAGE, status=404)
    page = other.get("/evaluations/canteen.meal")
    assert page.html.select_one(".empty")
    token = page.html.select_one("input[name=csrf_token]")["value"]
    other.post(PAGE, {"csrf_token": token, "q_taste": "5", "q_tidy": "5"}, status=404)


def test_a_login_is_needed(app, guest):
    stranger = app.another()
    assert stranger.get(PAGE).status_int in (302, 303)
    assert stranger.get("/evaluations/canteen.meal").status_int in (302, 303)


def test_a_form_without_token_is_refused(app, guest):
    app.post(PAGE, {"q_taste": "5", "q_tidy": "5"}, status=400)
    assert stored(app) == []


@pytest.mark.parametrize("tab", ["x", "1", "<script>"])
def test_unknown_tabs_are_refused(app, guest, tab):
    app.get("/evaluations/canteen.meal", {"tab": tab}, status=400)


def test_the_list_costs_one_statement_of_its_own(app, guest):
    with count_statements(app.portal.database.engine) as seen:
        app.get("/evaluations/canteen.meal")
    assert len([text for text in seen.texts if "core_evaluation" in text]) == 1


PLUGIN = """
from portal_core.accounts.services import AccountService
from portal_core.declarations import PluginInfo
from portal_core.hookspecs import hookimpl

forms = []

@hookimpl
def portal_plugin_info():
    return PluginInfo("canteen", "Canteen", "1")

@hookimpl
def portal_evaluation_forms():
    return forms

@hookimpl
def portal_includeme(config):
    config.add_route("canteen.ratings", "/canteen/ratings")
    config.add_evaluation_page("canteen.meal", "canteen.ratings")
"""


@pytest.fixture
def canteen(tmp_path, monkeypatch):
    """A plugin that has nothing but a questionnaire, as a package on the path."""
    package = tmp_path / "site" / "portal_canteen"
    (package / "locale").mkdir(parents=True)
    (package / "__init__.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(package.parent)
    yield importlib.import_module("portal_canteen")
    del sys.modules["portal_canteen"]


def test_a_plugin_shows_the_list_at_its_own_address(make_app, canteen):
    user_ids = set()
    canteen.forms.append(form_for(user_ids))
    app = make_app(extra_plugins=[("canteen", canteen)])
    with app.services() as services:
        user, password = services.get(AccountService).create(GUEST, "沈宏", None)
        user.must_change_password = False
        user_ids.add(user.id)
    app.login(SimpleNamespace(login=GUEST, password=password))
    page = app.get("/canteen/ratings").click("工作午餐", index=0)
    assert page.html.select('.crumbs a[href="/canteen/ratings"]')
    assert fill(page, taste=5, tidy=5).submit().headers["Location"].endswith("/canteen/ratings")
    assert [a.text for a in app.get("/canteen/ratings?tab=done").html.select(".inbox a.t")] == ["工作午餐"]
