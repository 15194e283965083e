"""Spreadsheets for tests."""

import io

from openpyxl import Workbook


def xlsx(rows) -> bytes:
    """An xlsx file whose first sheet holds ``rows``, lists of cells."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()
