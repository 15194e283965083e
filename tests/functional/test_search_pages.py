"""The search shows each person what they may see, and nothing else; the number of statements does not depend on the data."""

import pytest
import sqlalchemy as sa

from portal_core.inbox.models import Case
from portal_core.inbox.services import CaseService
from portal_core.search.cases import visible_cases
from portal_core.testing.fixtures import count_statements
from tests import scene as scenes

scene = scenes.scene
PEOPLE = ("staff", "staff2", "leader", "meetings-admin", "admin", "keeper", "guest")


@pytest.mark.parametrize("who", PEOPLE)
def test_the_condition_in_sql_is_the_rule_of_the_case_page(scene, who):
    person = scene.people[who].identity
    with scene.services() as services:
        cases = services.get(CaseService)
        every = list(services.session.scalars(sa.select(Case)))
        allowed = {case.number for case in every if cases.may_view(case, person)}
        listed = set(services.session.scalars(sa.select(Case.number).where(visible_cases(services, person))))
    assert listed == allowed


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_finds_what_they_may_open_and_nothing_else(scene, who):
    page = scene.browsers[who].get("/search?q=%E5%85%9A%E5%BB%BA")
    number = scene.cases["foreign"]
    may_open = scene.browsers[who].get(f"/cases/{number}", status="*").status_int == 200
    assert (f"/cases/{number}" in page.text) is may_open


def test_by_number_pinyin_and_room(scene):
    browser, number = scene.browsers["staff"], scene.cases["pending"]
    assert f"/cases/{number}" in browser.get(f"/search?q={number}").text
    assert "西会议室" in browser.get("/search?q=xhys").text
    assert "旧会议室" not in browser.get("/search?q=jhys").text
    assert "沈立群" in browser.get("/search?q=slq").text


def test_a_secret_meeting_is_not_found_by_its_title(scene):
    for who in ("staff2", "guest"):
        assert scene.cases["secret"] not in scene.browsers[who].get("/search?q=%E7%BB%9D%E5%AF%86").text


def test_one_kind_page_by_page(scene):
    page = scene.browsers["staff"].get("/search?q=hui&kind=meetings.rooms")
    assert "西会议室" in page.text and "显示全部" in page.text
    assert scene.browsers["staff"].get("/search?q=hui&kind=nonsense", status=400)


def test_nothing_found_says_so(scene):
    assert "没有找到" in scene.browsers["staff"].get("/search?q=zzzzzz").text


def test_statements_do_not_grow_with_what_is_found(scene):
    browser = scene.browsers["staff"]
    browser.get("/search?q=hui")
    with count_statements(scene.app.portal.database.engine) as few:
        browser.get("/search?q=zzzz")
    with count_statements(scene.app.portal.database.engine) as many:
        browser.get("/search?q=hui")
    assert len(many.texts) <= len(few.texts) + 1 <= 12
