"""Rows of the inbox's lists, ready for the template; the home page shows the same rows."""

from dataclasses import dataclass
from typing import Any

from portal_core.i18n import _
from portal_core.inbox.models import DONE, READ, Case, Task
from portal_core.inbox.queries import CASE_TABS
from portal_core.inbox.wording import ABSENT_ICON, ABSENT_TITLE, ABSENT_TONE, due_text, is_late, short_moment, state_of, verb_of
from portal_core.portal import Portal

# Values of the summary that a row repeats; all of them are on the case's page.
SUMMARY_VALUES = 2
OVERDUE = _("Overdue")


@dataclass(frozen=True)
class Row:
    """One line. ``title``, ``kind``, ``label``, ``when`` and ``verb`` go through ``_()``; ``meta`` is plain text.

    ``icon`` and ``tone`` make the chip, ``label`` and ``label_tone`` the status; ``late`` colours ``when``.
    ``verb_url`` is where the one button leads, ``url`` where the rest of the row does.
    """

    url: str
    title: Any
    kind: Any
    icon: str
    tone: str
    meta: tuple[str, ...]
    label: Any
    label_tone: str
    when: Any
    late: bool
    verb: Any
    verb_url: str


def rows_of(portal: Portal, tab: str, found) -> tuple[Row, ...]:
    """Rows for what ``queries.tab_page`` found for ``tab``."""
    make = _case_row if tab in CASE_TABS else _task_row
    return tuple(make(portal, item) for item in found)


def _task_row(portal, task: Task) -> Row:
    flow, case, clock = portal.flows.get(task.case.kind), task.case, portal.clock
    verb, state = verb_of(flow, task), state_of(flow, case)
    if task.status == DONE:
        return _row(portal, case, case.title, state.label, state.tone, short_moment(task.done_at, clock), False, _("View"))
    if task.kind == READ or flow is None:
        return _row(portal, case, case.title, state.label, state.tone, short_moment(task.created, clock), False, _("View"))
    late = is_late(task, clock)
    title = _("${title} · awaiting you: ${verb}", mapping={"title": case.title, "verb": verb})
    label, tone = (OVERDUE, "bad") if late else (state.label, state.tone)
    return _row(portal, case, title, label, tone, due_text(task, clock), late, verb, flow.handler.task_url(case, task))


def _case_row(portal, case: Case) -> Row:
    state = state_of(portal.flows.get(case.kind), case)
    return _row(portal, case, case.title, state.label, state.tone, short_moment(case.changed, portal.clock), False, _("View"))


def _row(portal, case, title, label, label_tone, when, late, verb, verb_url="") -> Row:
    flow, url = portal.flows.get(case.kind), case_url(case)
    who = " ".join(filter(None, (case.department.name if case.department else "", case.applicant.name)))
    return Row(
        url=url, title=title, kind=flow.title if flow else ABSENT_TITLE, icon=flow.icon if flow else ABSENT_ICON,
        tone=flow.tone if flow else ABSENT_TONE, meta=(who, *(value for _label, value in case.summary[:SUMMARY_VALUES])),
        label=label, label_tone=label_tone, when=when, late=late, verb=verb, verb_url=verb_url or url,
    )


def case_url(case: Case) -> str:
    """The address of the case's page."""
    return f"/cases/{case.number}"
