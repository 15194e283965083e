"""One booking from the grid to its approval over PostgreSQL: what the browser sees must not depend on the database."""

import pytest
from playwright.sync_api import expect

from portal_core import demo
from portal_core.testing.fixtures import running
from tests.browser import acts

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


@pytest.fixture(scope="module")
def demo_portal(request, served_application, demo_folder, _stores):
    """The served portal over a PostgreSQL database with the demo, in place of the copy of the SQLite one."""
    if request.config.getoption("--db") == "sqlite":
        pytest.skip("only SQLite was asked for")
    store = _stores("postgres")
    url = store.create(migrated=True)
    with running(*served_application, url, demo_folder / "data") as app:
        demo.load(app.portal)
        yield app
    store.drop(url)


def test_a_booking_is_filed_approved_and_cancelled(open_as):
    clerk = open_as("staff")
    number = acts.book(clerk, "数据库迁移协调会", "西会议室")
    acts.expect_state(clerk, "待审核")
    reviewer = open_as("meetings-admin")
    reviewer.locator(".inbox .t", has_text="数据库迁移协调会").click()
    acts.decide(reviewer, "approve", "同意")
    acts.expect_state(reviewer, "已通过")
    clerk.goto(f"/meetings/cancel/{number}")
    clerk.locator("[name=reason]").first.check()
    acts.send(clerk, "form[action^='/meetings/cancel']")
    expect(clerk.locator(".flash-ok")).to_be_visible()
    clerk.goto(f"/cases/{number}")
    acts.expect_state(clerk, "已取消")
