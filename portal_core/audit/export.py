"""The audit log as a workbook."""

import io

import xlsxwriter

from portal_core.i18n import _

# More belongs into an archive (``portal audit archive``); this much takes about a second.
ENTRIES_MAX = 10_000

_HEADS = (
    (_("Time"), 24),
    (_("Person"), 12),
    (_("User name"), 16),
    (_("Act"), 24),
    (_("Object"), 16),
    (_("Number of the object"), 20),
    (_("Result"), 8),
    (_("IP address"), 16),
    (_("Request number"), 34),
    (_("Changes"), 60),
)


def workbook(lines, say, clock, reader) -> bytes:
    """An xlsx file of ``lines`` (as on the page), in the words of ``say``; its foot names who took it and when."""
    target = io.BytesIO()
    # A value that begins with = stays text: nobody's input becomes a formula on the auditor's machine.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        for column, (head, width) in enumerate(_HEADS):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, say(head), bold)
        for row, line in enumerate(lines, 1):
            for column, text in enumerate(_cells(line, say, clock)):
                sheet.write_string(row, column, text)
        sheet.freeze_panes(1, 0)
        sheet.set_footer(f"&C{reader.name} {reader.login} {_moment(clock, clock.now())}")
    return target.getvalue()


def _cells(line, say, clock):
    entry = line.entry
    changed = "\n".join(f"{name}: {old} -> {new}" for name, old, new in entry.detail.get("changes") or ())
    return (
        *(_moment(clock, entry.at), line.who, line.login, say(line.action), say(line.object), entry.object_id),
        *(say(_("Successful")) if entry.success else say(_("Unsuccessful")), entry.ip, entry.request_id, changed),
    )


def _moment(clock, moment):
    return clock.local(moment).isoformat(" ", "milliseconds")[:23]
