"""Accounts as xlsx files: the template to fill in, what was filled in, and the initial passwords to hand out.

Files come from outside: they are unpacked only when what they promise to hold is small, read row by row without links and macros,
and formulas are not computed but refused, because what they show depends on who opens the file.
"""

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.web.text import clean_line

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 5 * 2**20
MAX_UNPACKED = 60 * 2**20
MAX_PARTS = 300
MAX_ROWS = 5000
# Rows that look used although nothing stands in them, e.g. with a border, are passed over, but not without end.
MAX_LINES = 20_000
MAX_COLUMNS = 30
MAX_CELL = 300

FORMULA, TOO_LONG = "formula", "long"
# Field and its head in the file; the ones that must be there first.
COLUMNS = {
    "login": _("User name"),
    "name": _("Name"),
    "department": _("Unit"),
    "further": _("Further units"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "roles": _("Roles"),
}
REQUIRED = ("login", "name", "department")


@dataclass(frozen=True)
class SheetRow:
    """A row of the file: its number as the spreadsheet shows it, texts by field, and fields that could not be read with why."""

    number: int
    values: dict[str, str]
    unread: dict[str, str]


def read(data: bytes, heads: dict[str, str]) -> list[SheetRow]:
    """The rows of the first sheet below the heads. ``heads`` maps what may stand in the first row to a field.

    Raises Invalid (field ``file``) when the file as a whole is unfit.
    """
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False, keep_vba=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise _unfit(_("This is no readable xlsx file.")) from error
    try:
        return _rows(book.worksheets[0], heads)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, zipfile.BadZipFile, SyntaxError, EOFError) as error:
        raise _unfit(_("This is no readable xlsx file.")) from error
    finally:
        book.close()


def _check_archive(data):
    if len(data) > MAX_BYTES:
        raise _unfit(_("The file is larger than ${size} MB.", mapping={"size": MAX_BYTES // 2**20}))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            # What is unpacked is never longer than promised here: zipfile stops reading at this size.
            promised = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or promised > MAX_UNPACKED:
                raise _unfit(_("The file holds too much."))
            if not {"xl/workbook.xml", "[Content_Types].xml"} <= names:
                raise _unfit(_("This is no readable xlsx file."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_entities(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise _unfit(_("This is no readable xlsx file.")) from error


def _refuse_entities(archive, part):
    """No spreadsheet program writes a document type; with one, a few lines can grow into gigabytes."""
    with archive.open(part) as stream:
        if b"<!DOCTYPE" in stream.read(4096).upper():
            raise _unfit(_("This is no readable xlsx file."))


def _rows(sheet, heads):
    # What the file says about its size may be wrong; only what is read counts.
    sheet.reset_dimensions()
    lines = sheet.iter_rows(max_row=MAX_LINES + 1, max_col=MAX_COLUMNS)
    first = next(lines, ())
    fields = [heads.get(_text(cell)[0].casefold().lstrip("*").strip()) for cell in first]
    missing = [name for name in REQUIRED if name not in fields]
    if missing or len({f for f in fields if f}) != len([f for f in fields if f]):
        raise _unfit(_("The first row must name the columns as in the template, each once."))
    rows: list[SheetRow] = []
    for number, line in enumerate(lines, 2):
        row = _row(number, fields, line)
        if row is None:
            continue
        if len(rows) == MAX_ROWS:
            raise _unfit(_("A file may hold at most ${count} accounts.", mapping={"count": MAX_ROWS}))
        rows.append(row)
        if number > MAX_LINES:
            raise _unfit(_("The file holds too much."))
    if not rows:
        raise _unfit(_("No accounts stand in the file."))
    return rows


def _row(number, fields, line):
    values, unread = {}, {}
    for field, cell in zip(fields, line, strict=False):
        if field is None:
            continue
        values[field], problem = _text(cell)
        if problem:
            unread[field] = problem
    if not any(values.values()) and not unread:
        return None
    return SheetRow(number, values, unread)


def _text(cell) -> tuple[str, str]:
    """What stands in a cell as one line, and why it cannot be used or nothing. Numbers lose the ``.0`` of the format."""
    value: Any = cell.value
    if value is None:
        return "", ""
    if cell.data_type in ("f", "e") or (isinstance(value, str) and value.startswith("=")):
        return "", FORMULA
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        value = value.isoformat()
    text = str(value)
    if len(text) > MAX_CELL:
        return clean_line(text[:MAX_CELL]), TOO_LONG
    return clean_line(text), ""


def _unfit(message):
    return Invalid(fields={"file": message})


def template(translate, units: list[str], roles: list[tuple[str, str]]) -> bytes:
    """An empty file with the heads, and sheets that list what may be written for units and roles."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
        # Telephone numbers and logins are text: a spreadsheet would make 1.38E+10 of them.
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(translate(_("Accounts")))
        sheet.set_column(0, len(COLUMNS) - 1, 20, text)
        for column, (name, title) in enumerate(COLUMNS.items()):
            sheet.write_string(0, column, ("*" if name in REQUIRED else "") + translate(title), head)
        sheet.freeze_panes(1, 0)
        for title, rows in ((_("Units"), [(unit,) for unit in units]), (_("Roles"), roles)):
            listed = book.add_worksheet(translate(title))
            listed.set_column(0, 1, 40)
            for number, row in enumerate(rows):
                for column, word in enumerate(row):
                    listed.write_string(number, column, word)
    return output.getvalue()


def password_sheet(translate, rows: list[tuple[str, str, str, str]]) -> bytes:
    """The list to hand out: user name, name, unit, initial password."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
        sheet = book.add_worksheet(translate(_("Initial passwords")))
        sheet.set_column(0, 3, 24)
        for column, title in enumerate((_("User name"), _("Name"), _("Unit"), _("Initial password"))):
            sheet.write_string(0, column, translate(title), head)
        for number, row in enumerate(rows, 1):
            for column, word in enumerate(row):
                # As a string whatever it looks like: no cell of ours is a formula.
                sheet.write_string(number, column, word)
        sheet.freeze_panes(1, 0)
    return output.getvalue()
