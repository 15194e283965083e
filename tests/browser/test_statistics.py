"""The leaders' page in a browser: charts, numbers that open their lists, tables without scripts, an export that reports."""

import re
import threading

import pytest
from playwright.sync_api import expect

from portal_core.jobs import queue
from portal_core.testing.served import PHONE

pytestmark = pytest.mark.browser

PAGE = "/statistics/meetings.bookings?period=quarter"
# How many different colours the canvas shows: one means that nothing was drawn.
COLOURS = """
(canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const found = new Set();
  for (let index = 0; index < pixels.length; index += 4) {
    if (pixels[index + 3] === 255) found.add(pixels.slice(index, index + 3).join());
  }
  return found.size;
}
"""


def chart(page, kind):
    """The canvas of the first chart of that kind, drawn."""
    island = page.locator(f"x-island[data-kind={kind}]").first
    island.scroll_into_view_if_needed()
    expect(island).to_have_attribute("ready", "")
    return island.locator("canvas").first


@pytest.mark.parametrize("kind", ["bar", "pie"])
def test_charts_are_drawn_from_their_tables(open_as, kind):
    page = open_as("leader", PAGE)
    canvas = chart(page, kind)
    page.wait_for_timeout(500)
    assert canvas.evaluate(COLOURS) > 2
    # The table is there for whoever asks for it.
    expect(page.locator("details.source table").first).to_be_hidden()
    page.locator("details.source summary").first.click()
    expect(page.locator("details.source table").first).to_be_visible()


def test_a_tooltip_breaks_no_policy(open_as):
    # A style attribute in it would be reported, and the test would fail by itself.
    page = open_as("leader", PAGE)
    box = chart(page, "bar").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".chart-tip")).to_contain_text("会议场次")


def test_a_number_opens_its_list(open_as):
    page = open_as("leader", PAGE)
    tile = page.locator("a.kpi").first
    digits = re.match(r"[\d,]+", tile.locator("b").inner_text())[0]
    tile.click()
    expect(page.locator(".stat-sum b")).to_have_text(digits)
    expect(page.locator(".stat-sum")).to_contain_text(f"共 {digits} 条")
    page.go_back()
    page.locator("details.source summary").first.click()
    cell = page.locator("details.source td[data-value] a", has_text=re.compile(r"^[1-9]\d*$")).first
    digits = cell.inner_text()
    cell.click()
    expect(page.locator(".stat-sum b")).to_have_text(digits)


def test_the_tables_are_open_without_scripts(open_as):
    page = open_as("leader", PAGE, java_script_enabled=False)
    expect(page.locator("details.source table").first).to_be_visible()
    assert page.locator("canvas").count() == 0


def test_on_paper_there_are_tables_and_no_charts(open_as):
    # As wide as an A4 sheet inside its margins.
    page = open_as("leader", PAGE, viewport={"width": 690, "height": 980})
    chart(page, "bar")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("details.source table").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_hidden()
    is_whole = "[...document.querySelectorAll('.tbl-wrap')].every((box) => box.scrollWidth <= box.clientWidth)"
    assert page.evaluate(is_whole), "no column is cut off"


def test_an_export_reports_until_it_can_be_fetched(open_as, demo_portal):
    page = open_as("leader", PAGE, **PHONE)
    page.get_by_role("button", name="导出 Excel").click()
    expect(page.locator("#export")).to_contain_text("正在排队")
    worker = threading.Thread(target=lambda: [queue.execute(demo_portal.portal, each) for each in queue.due(demo_portal.portal)])
    worker.start()
    # Nobody loads the page again: it asks by itself.
    expect(page.locator("#export")).to_contain_text("已生成，可以下载")
    worker.join()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载文件").click()
    assert download.value.suggested_filename.endswith(".xlsx")
