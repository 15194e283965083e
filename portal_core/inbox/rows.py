"""Rows of the inbox's lists, ready for the template; the home page shows the same rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from portal_core.accounts.identity import Identity
from portal_core.calendar.services import CalendarService
from portal_core.i18n import _
from portal_core.inbox.batch import yes_to
from portal_core.inbox.flow import APPLICANT
from portal_core.inbox.models import DONE, READ, Case, Task
from portal_core.inbox.queries import CASE_TABS, DRAFT_STATE
from portal_core.inbox.whose import BEFORE, absent_name
from portal_core.inbox.wording import ABSENT_ICON, ABSENT_TITLE, ABSENT_TONE, due_text, is_late, short_moment, state_of, verb_of
from portal_core.services import Services

# Values of the summary that a row repeats; all of them are on the case's page.
SUMMARY_VALUES = 2
OVERDUE = _("Overdue")


@dataclass(frozen=True)
class Drop:
    """A button that ends a draft by the flow's ``action``; ``version`` is the one that was seen."""

    url: str
    action: str
    version: int
    label: str


@dataclass(frozen=True)
class Row:
    """One line, its texts in the reader's language. ``meta`` begins with the kind of case.

    ``mark`` says for whom the reader stands in; ``batch`` is what its tick box sends, empty where there is none; ``drop`` is the
    button that throws a draft away. ``icon`` and ``tone`` make the chip, ``label`` and ``label_tone`` the status; ``late``
    colours ``when``. ``verb_url`` is where the one button leads, ``url`` where the rest of the row does; ``verb_note`` tells
    screen readers what the button is about.
    """

    url: str
    title: str
    icon: str
    tone: str
    meta: tuple[str, ...]
    label: str
    label_tone: str
    when: str
    late: bool
    verb: str
    verb_note: str
    verb_url: str
    mark: str = ""
    drop: Drop | None = None
    batch: str = ""


class Rows:
    """Makes rows for one reader. ``translate`` is the request's translator; what people typed does not pass through it.

    Rows that are late ask for the working calendar: one statement, whatever their number.
    """

    def __init__(self, services: Services, translate: Callable[..., str], reader: Identity):
        self.services, self.translate, self.reader = services, translate, reader
        self.portal, self.clock = services.portal, services.clock

    def of(self, tab: str, found) -> tuple[Row, ...]:
        """Rows for what ``queries.tab_page`` found for ``tab``."""
        make = self._case_row if tab in CASE_TABS else self._task_row
        return tuple(make(item) for item in found)

    def _task_row(self, task: Task) -> Row:
        case = task.case
        flow = self.portal.flows.get(case.kind)
        if task.status == DONE:
            return self._row(case, short_moment(task.done_at, self.clock))
        if task.kind == READ or flow is None:
            return self._row(case, short_moment(task.created, self.clock))
        verb, late = self.translate(verb_of(flow, task)), is_late(task, self.clock)
        title = self.translate(_("${title} · awaiting you: ${verb}", mapping={"title": case.title, "verb": verb}))
        when = self.translate(due_text(task, self.clock, self.services.get(CalendarService)))
        row = self._row(case, when, title, verb, flow.handler.task_url(case, task))
        if yes_to(flow, case.state, task.step) and task.sign != BEFORE:
            row = replace(row, batch=f"{task.id}:{case.version}")
        if absent := absent_name(task, self.reader):
            row = replace(row, mark=self.translate(_("for ${name}", mapping={"name": absent})))
        return replace(row, label=self.translate(OVERDUE), label_tone="bad", late=True) if late else row

    def _case_row(self, case: Case) -> Row:
        row, flow = self._row(case, short_moment(case.changed, self.clock)), self.portal.flows.get(case.kind)
        if case.state != DRAFT_STATE or flow is None:
            return row
        url, verb = flow.handler.draft_url(case), self.translate(_("Continue"))
        return replace(row, verb=verb, url=url or row.url, verb_url=url or row.url, drop=self._drop(flow, case))

    def _drop(self, flow, case):
        """The act that ends a draft, if the flow has one that asks for nothing more."""
        ends = (t for t in flow.out_of(case.state) if t.offered and APPLICANT in t.who and flow.state(t.target).final)
        act = next(ends, None)
        return Drop(f"{case_url(case)}/act", act.action, case.version, self.translate(act.label)) if act else None

    def _row(self, case, when, title="", verb="", verb_url="") -> Row:
        flow, translate, url = self.portal.flows.get(case.kind), self.translate, case_url(case)
        state, title = state_of(flow, case), title or case.title
        who = " ".join(filter(None, (case.department.name if case.department else "", case.applicant.name)))
        kind = translate(flow.title if flow else ABSENT_TITLE)
        return Row(
            url=url,
            title=title,
            icon=flow.icon if flow else ABSENT_ICON,
            tone=flow.tone if flow else ABSENT_TONE,
            meta=(kind, who, *(value for _label, value in case.summary[:SUMMARY_VALUES])),
            label=translate(state.label),
            label_tone=state.tone,
            when=when,
            late=False,
            verb=verb or translate(_("View")),
            verb_note=f"{translate(_(': '))}{title}",
            verb_url=verb_url or url,
        )


def case_url(case: Case) -> str:
    """The address of the case's page."""
    return f"/cases/{case.number}"
