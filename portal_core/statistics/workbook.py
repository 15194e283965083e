"""Writing a list as an xlsx workbook: row by row, so that memory does not grow with the list.

Cells that hold text are written as text, whatever they begin with: a title ``=HYPERLINK(…)`` stays a title (formula injection).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from xlsxwriter import Workbook

from portal_core.statistics.rows import Cell

# What a sheet of Excel can hold (Microsoft, "Excel specifications and limits").
MAX_ROWS = 1_048_576
REPORT_EVERY = 500
_WIDTHS = {dt.datetime: 17, int: 10}
_TEXT_WIDTH = 22


def write(
    target: BinaryIO,
    heading: Sequence[str],
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    progress: Callable[[int], None],
) -> int:
    """Write ``heading`` (lines above the table), ``titles`` and ``rows`` to ``target``; returns the number of rows.

    ``progress(done)`` is called every ``REPORT_EVERY`` rows. The first lines are also the header of every printed page.
    """
    workbook = Workbook(target, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", "remove_timezone": True})
    bold, note = workbook.add_format({"bold": True, "bg_color": "#EDF0F5", "border": 1}), workbook.add_format({"italic": True})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet = workbook.add_worksheet()
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{_plain(heading[0])}&R&P / &N")
    for index, text in enumerate(heading):
        sheet.write_string(index, 0, text, note)
    top = len(heading)
    for index, title in enumerate(titles):
        sheet.write_string(top, index, title, bold)
    sheet.repeat_rows(top)
    sheet.set_column(0, max(len(titles) - 1, 0), _TEXT_WIDTH)
    done = 0
    for done, row in enumerate(rows, 1):
        if top + done >= MAX_ROWS:
            done -= 1
            break
        for index, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(top + done, index, value)
            elif isinstance(value, dt.datetime):
                sheet.write_datetime(top + done, index, value, moment)
            elif value is not None:
                sheet.write_number(top + done, index, value)
        if done % REPORT_EVERY == 0:
            progress(done)
    workbook.close()
    return done


def _plain(text: str) -> str:
    """``text`` for a page header, where & begins a command and 255 characters are the limit."""
    return text.replace("&", "&&")[:200]
