"""The home page and the page of all services."""

import datetime as dt

import pytest

from portal_core.testing.fixtures import NOW, count_statements
from tests import trial
from tests.trial import apply_for

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people
MAX_STATEMENTS = 12


@pytest.fixture
def home(app, people):
    """Logs 李静 in and gives a function that loads the home page."""
    app.login(people.li)
    return lambda query="": app.get(f"/{query}")


def apply(app, people, *titles):
    with app.services() as services:
        for title in titles:
            apply_for(services, people.clerk, title)


@pytest.mark.parametrize(
    ("hour", "greeting"), [(0, "晚上好"), (5, "上午好"), (11, "中午好"), (13, "下午好"), (18, "晚上好"), (23, "晚上好")]
)
def test_the_greeting_follows_the_users_clock(app, people, hour, greeting):
    app.portal.clock.moment = NOW.replace(hour=hour).astimezone(dt.UTC)
    assert app.login(people.li).html.select_one("h1").text == f"{greeting}，李静"


def test_the_greeting_names_the_day_and_what_waits(app, people, home):
    assert home().html.select_one(".hero p").text == "11 月 24 日 周二 · 您有 2 件领取"
    apply(app, people, "一", "二")
    assert home().html.select_one(".hero p").text == "11 月 24 日 周二 · 您有 2 件待办、2 件领取"


def test_five_newest_todos_and_the_way_to_the_others(app, people, home):
    apply(app, people, *"一二三四五六七")
    page = home()
    assert [a.text for a in page.html.select(".inbox a.t")] == [f"{title} · 待您审核" for title in "七六五四三"]
    assert [a.text.split() for a in page.html.select(".tabs a")] == [["待处理", "7"], ["我发起的"], ["已办"]]
    assert [a["href"] for a in page.html.select(".tabs a")] == ["/inbox?tab=todo", "/inbox?tab=mine", "/inbox?tab=done"]
    assert len(page.click("更多").html.select(".inbox li")) == 7


def test_without_todos_there_is_a_kind_sentence(home):
    assert "没有待办，辛苦了" in home()


def test_tiles_and_cards_of_plugins(home):
    page = home()
    tiles = page.html.select(".tile")
    assert [tile.select_one("b").text for tile in tiles] == ["报修", "物品申领", "帮助"]
    assert (tiles[1]["href"], tiles[1].select_one("small").text) == ("/trial/", "办公用品")
    assert [card.text for card in page.html.select(".card h2")] == ["服务", "待办事项", "今日领取", "服务电话"]
    assert page.html.select_one('a[href^="tel:"]')["href"] == "tel:88001234"


def test_a_broken_card_costs_only_itself(home):
    page = home("?broken=1")
    assert "今日领取" in page
    assert "坏卡片" not in page


def test_nothing_on_the_page_is_dead(home):
    page = home().html
    assert [a for a in page.select("a") if a.get("href") in (None, "", "#")] == []
    assert [form["action"] for form in page.select("form[role=search]")] == ["/search"]


def test_the_home_page_is_cheap(app, people, home):
    apply(app, people, *"一二三四五六")
    home()
    with count_statements(app.portal.database.engine) as seen:
        home()
    # The trial plugin asks nothing; what is left is for the tiles, cards and phrases of real ones.
    assert seen.count <= MAX_STATEMENTS - 5, seen.texts


def test_all_services_have_a_page(home, app):
    home()
    page = app.get("/services")
    assert [tile.select_one("b").text for tile in page.html.select(".tile")] == ["报修", "物品申领", "帮助"]


def test_both_pages_need_a_login(app):
    for path in ("/", "/services"):
        assert "/login" in app.get(path, status=303).headers["Location"]
