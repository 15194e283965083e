"""The leaders' page through the application: numbers and lists, rights, exports, and what it all costs."""

import datetime as dt
import io
import random
import re

import openpyxl
import pytest

from portal_core.accounts.models import RolePermission
from portal_core.accounts.rights import RightsService
from portal_core.jobs import queue
from portal_core.testing.fixtures import count_statements
from portal_meetings.permissions import VIEW_STATISTICS
from tests.unit.statistics.facts import World, any_booking

TODAY = dt.date(2026, 11, 24)
PAGE, CASES = "/statistics/meetings.bookings", "/statistics/core.cases"


@pytest.fixture
def leader(app, make_user):
    return make_user("leader", name="沈立群", department="市府办公室", roles=["leader"])


@pytest.fixture
def world(app, make_user):
    """Sixty meetings of the last weeks in three rooms and four departments."""
    owners = [make_user(f"owner{number}").id for number in range(3)]
    with app.services() as services:
        world = World(services.session, owners)
        write(world, app, 60)
        services.session.expunge_all()
        return world


def write(world, app, count):
    chance = random.Random(count)
    noon = app.portal.clock.at(TODAY, dt.time(12))
    starts = [noon - dt.timedelta(hours=chance.randrange(24 * 50)) for _number in range(count)]
    world.write([any_booking(chance, start) for start in starts], first_number=count * 1000)


def tile(page, title):
    """Address and digits of a key figure."""
    (found,) = (a for a in page.html.select("a.kpi") if a.span.text == title)
    return found["href"], re.match(r"[\d.,]+", found.b.text)[0]


@pytest.mark.parametrize("title", ["会议场次", "取消率", "未使用率", "满意率", "会议时长", "会议室使用率"])
def test_a_number_opens_its_list_which_says_the_same(app, leader, world, title):
    app.login(leader)
    url, digits = tile(app.get(PAGE), title)
    shown = app.get(url)
    assert shown.html.select_one(".stat-sum b").text == digits
    assert int(re.search(r"共 (\d+) 条", shown.text)[1]) == len(rows_of_all_pages(app, shown))


def rows_of_all_pages(app, page):
    found = page.html.select("tbody tr")
    while following := page.html.select_one("a[rel=next]"):
        page = app.get(following["href"])
        found += page.html.select("tbody tr")
    return found


def test_the_list_of_a_count_has_as_many_rows(app, leader, world):
    app.login(leader)
    url, digits = tile(app.get(f"{PAGE}?period=quarter"), "会议场次")
    assert int(digits) == len(rows_of_all_pages(app, app.get(url))) > 20


def test_the_period_and_the_department_are_kept(app, leader, world):
    app.login(leader)
    unit = world.units[0].id
    page = app.get(f"{PAGE}?from=2026-10-20&to=2026-11-10&department={unit}")
    url, digits = tile(page, "会议场次")
    assert "from=2026-10-20&to=2026-11-10" in url
    assert f"department={unit}" in url
    assert page.html.select_one(f"option[value='{unit}']").has_attr("selected")
    back = app.get(url).html.select(".crumbs a")[1]["href"]
    assert tile(app.get(back), "会议场次")[1] == digits


def test_the_form_keeps_the_name_of_a_period_whose_days_were_not_changed(app, leader):
    app.login(leader)
    (form,) = (form for form in app.get(PAGE).forms.values() if "period" in form.fields)
    assert (form["from"].value, form["to"].value) == ("2026-11-01", "2026-11-24")
    page = form.submit()
    assert page.html.select_one(".page-head .tabs [aria-current]").text == "本月"
    form["from"] = "2026-11-02"
    assert form.submit().html.select_one(".page-head .tabs [aria-current]") is None


def test_wrong_dates_are_named_beside_the_field(app, leader):
    app.login(leader)
    page = app.get(f"{PAGE}?from=2026-11-24&to=2026-11-01", status=400)
    assert page.html.select_one("#f-to-err").text.strip() == "结束日期早于开始日期"
    assert page.html.select_one("#f-from")["value"] == "2026-11-24", "what was typed stays"
    assert app.get(f"{PAGE}?from=2026-11-24", status=400).html.select_one("#f-to-err")
    app.get(f"{PAGE}/list?from=2026-11-24&to=2026-11-01", status=400)


@pytest.mark.parametrize(
    "query",
    ["department=999999", "by=room&value=abc", "measure=meetings&by=room&value=99999999999999999999"],
)
def test_what_does_not_exist_is_not_found(app, leader, query):
    app.login(leader)
    app.get(f"{PAGE}/list?{query}", status=404)


@pytest.mark.parametrize("query", ["measure=nothing", "by=nothing", "before=x", "before=1-99999999999999999999"])
def test_nonsense_is_refused(app, leader, query):
    app.login(leader)
    app.get(f"{PAGE}/list?{query}", status=400)


def test_who_may_see_what(app, leader, make_user):
    app.login(make_user("clerk", roles=["clerk"]))
    assert "统计" not in [a.text.strip() for a in app.get("/").html.select(".nav a")]
    app.get("/statistics", status=403)
    app.get(PAGE, status=403)
    reviewer = app.another()
    reviewer.login(make_user("reviewer", roles=["meetings-admin"]))
    assert reviewer.get("/statistics").html.select_one(".tabs-page") is None, "of meetings only"
    reviewer.get(CASES, status=404)
    boss = app.another()
    boss.login(leader)
    assert "统计" in [a.text.strip() for a in boss.get("/").html.select(".nav a")]
    boss.get(CASES)


def test_a_reach_of_the_own_tree_limits_numbers_lists_and_departments(app, world, make_user):
    upper, below = world.units[0], world.units[2]
    person = make_user("head", department=upper.name, roles=["leader"])
    with app.services() as services:
        role = services.get(RightsService).role("leader")
        services.session.get_one(RolePermission, (role.id, VIEW_STATISTICS)).reach = "tree"
    app.login(person)
    page = app.get(f"{PAGE}?period=quarter")
    assert {option.text.strip() for option in page.html.select("#f-unit option")} == {"全部", "甲", "甲一", "甲二"}
    url, digits = tile(page, "会议场次")
    units = {row.select("td")[2].text for row in rows_of_all_pages(app, app.get(url))}
    assert units <= {"甲", "甲一", "甲二"}
    app.get(f"{PAGE}?department={below.id}")
    app.get(f"{PAGE}?department={world.units[1].id}", status=404)


def run_worker(portal):
    """Do what is waiting."""
    for work_id in queue.due(portal):
        queue.execute(portal, work_id)


def test_an_export_from_the_button_to_the_file(app, leader, world, make_user):
    app.login(leader)
    listed = app.get(tile(app.get(f"{PAGE}?period=quarter"), "会议场次")[0])
    (form,) = (form for form in listed.forms.values() if form.action.endswith("/export"))
    progress = form.submit().follow()
    assert "正在排队" in progress.text
    assert progress.html.select_one("#export")["hx-trigger"] == "every 1s"
    run_worker(app.portal)
    ready = app.get(progress.request.path)
    assert not ready.html.select_one("#export").has_attr("hx-get"), "nothing more to ask"
    link = ready.html.select_one("#export a.btn-p")["href"]
    file = app.get(link)
    assert file.headers["Content-Disposition"].startswith("attachment")
    sheet = openpyxl.load_workbook(io.BytesIO(file.body)).active
    assert sheet.max_row - 3 == int(re.search(r"共 (\d+) 条", listed.text)[1])
    other = app.another()
    other.login(make_user("admin", roles=["admin"]))
    other.get(link, status=404)
    other.get(progress.request.path, status=404)


def test_the_cost_does_not_grow(app, leader, world):
    app.login(leader)
    pages = (f"{PAGE}?period=year", f"{CASES}?period=year", f"{PAGE}/list?measure=satisfaction", f"{CASES}/list?measure=hours")

    def costs():
        found = []
        for page in pages:
            app.get(page)
            with count_statements(app.portal.database.engine) as seen:
                app.get(page)
            found.append(seen.count)
        return found

    few = costs()
    with app.services() as services:
        world.session = services.session
        write(world, app, 600)
    assert costs() == few
    assert all(cost <= most for cost, most in zip(few, (14, 10, 12, 10), strict=True)), few
