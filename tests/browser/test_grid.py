"""The week grid by keyboard (WAI-ARIA pattern "grid"), and the dialog that its cells open."""

import pytest
from playwright.sync_api import expect

from tests.browser import acts

pytestmark = pytest.mark.browser

# Row of a cell among the rows, and the column where it begins, counting spans; null outside of the grid.
WHERE = """
() => {
  const cell = document.activeElement.closest('x-grid td');
  if (!cell) return null;
  const row = cell.parentElement;
  let column = 0;
  for (let before = cell.previousElementSibling; before; before = before.previousElementSibling) {
    if (before.matches('td')) column += before.colSpan;
  }
  return [[...row.parentElement.children].indexOf(row), column];
}
"""


@pytest.fixture
def grid(open_as):
    """Next week's grid: nothing of it is past, so that every cell is a link."""
    return open_as("staff", acts.NEXT_WEEK)


def press(page, keys):
    """Press ``keys`` one after the other; returns row and column of the focus."""
    for key in keys.split():
        page.keyboard.press(key)
    return page.evaluate(WHERE)


def test_the_grid_is_one_tab_stop(grid):
    assert grid.locator("x-grid td a[tabindex='0']").count() == 1
    grid.locator("x-grid td a[tabindex='0']").focus()
    grid.keyboard.press("Tab")
    assert grid.evaluate(WHERE) is None
    grid.keyboard.press("Shift+Tab")
    assert grid.evaluate(WHERE) is not None


def test_keys_move_between_cells(grid):
    assert grid.locator("x-grid table").get_attribute("role") == "grid"
    rows = grid.locator("x-grid tbody tr").count()
    grid.locator("x-grid td a").first.focus()
    assert press(grid, "Control+Home") == [0, 0]
    assert press(grid, "ArrowRight ArrowRight ArrowRight ArrowLeft") == [0, 2]
    assert press(grid, "ArrowDown") == [1, 2]
    assert press(grid, "ArrowUp ArrowUp") == [0, 2], "there is nothing above the first row"
    assert press(grid, "PageDown") == [5, 2]
    assert press(grid, "PageUp") == [0, 2]
    assert press(grid, "End") == [0, 14]
    assert press(grid, "Home") == [0, 0]
    assert press(grid, "Control+End")[0] == rows - 1
    assert press(grid, "Control+Home") == [0, 0]


def test_going_down_keeps_the_column_across_a_closure_of_two_days(grid):
    grid.locator("x-grid td a").first.focus()
    last = press(grid, "Control+End")
    assert press(grid, "ArrowUp ArrowDown") == last


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_dialog_opens_with_a_key_and_gives_the_focus_back(grid, key):
    cell = acts.free_cells(grid, "第二会议室").first
    cell.focus()
    grid.keyboard.press(key)
    expect(grid.locator("#dialog #dlg-t")).to_be_focused()
    expect(grid.locator("#dialog")).to_have_attribute("open", "")
    grid.keyboard.press("Escape")
    expect(grid.locator("#dialog")).not_to_have_attribute("open", "")
    expect(cell).to_be_focused()


def test_the_dialogs_own_button_closes_it_too(grid):
    cell = acts.free_cells(grid, "第二会议室").first
    cell.click()
    grid.locator("#dialog .dlg-f [data-close]").click()
    expect(grid.locator("#dialog")).to_be_empty()
    expect(cell).to_be_focused()


def test_the_focus_stays_inside_the_dialog(grid):
    acts.free_cells(grid, "第二会议室").first.click()
    expect(grid.locator("#dialog #dlg-t")).to_be_focused()
    for _ in range(40):
        grid.keyboard.press("Tab")
        assert grid.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#dialog')")


def test_a_taken_slot_is_seen_while_filling_in_and_refused_with_alternatives(open_as, watch):
    watch.expect(409)
    page = open_as("staff", "/meetings/book")
    page.select_option("#room", label="305 培训室（2 号楼 3 层，50 人）")
    acts.fill_in(page, "业务培训", date="2026-12-04")
    page.select_option("#start", "14:00")
    page.select_option("#end", "16:00")
    expect(page.locator("#slot-check")).to_contain_text("空闲")
    # Somebody else is faster while this form is open.
    other = open_as("staff2", page.url + "?room=10&date=2026-12-04&part=pm")
    acts.fill_in(other, "主题党日活动")
    acts.send(other)
    acts.number_of(other)
    acts.send(page)
    refusal = page.locator(".error-summary")
    expect(refusal).to_be_focused()
    expect(refusal).to_contain_text("机关工委")
    expect(page.locator("#slot-check")).not_to_contain_text("空闲")
    page.locator(".alts button").first.click()
    expect(page.locator("#title")).to_have_value("业务培训")
    acts.send(page)
    acts.number_of(page)
    acts.expect_state(page, "待审核")
