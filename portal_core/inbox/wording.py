"""How cases and tasks are put into words. Texts are translation strings; declared ones are preferred to stored ones, because
stored ones know only the default language. What people typed is never translated.
"""

import datetime as dt

from portal_core.clock import Clock
from portal_core.i18n import _
from portal_core.inbox.flow import Flow, State
from portal_core.inbox.models import Case, Task

# A plugin that is absent leaves cases behind; they are listed with these.
ABSENT_TITLE = _("Module switched off")
ABSENT_ICON, ABSENT_TONE = "ban", "mute"


def state_of(flow: Flow | None, case: Case) -> State:
    """The state of ``case`` as its flow declares it, else as it was stored (plugin absent, or newer than the case)."""
    try:
        return flow.state(case.state)
    except (AttributeError, KeyError):
        return State(case.state, case.state_label, case.tone or "mute", case.closed is not None)


def verb_of(flow: Flow | None, task: Task):
    """What the task asks for ("审核")."""
    spec = flow.task_specs.get(task.step) if flow else None
    return spec.verb if spec else task.verb


def why_of(flow: Flow | None, task: Task):
    """The rule that sent the task to its reader; the empty string when the flow gives none."""
    spec = flow.task_specs.get(task.step) if flow else None
    return spec.why if spec else task.why


def is_late(task: Task, clock: Clock) -> bool:
    """Is the task overdue?"""
    return task.due is not None and task.due < clock.now()


def due_text(task: Task, clock: Clock):
    """When a task is due, as people say it; without a due time, when it came."""
    if task.due is None:
        return short_moment(task.created, clock)
    left = task.due - clock.now()
    if left < dt.timedelta():
        return _overdue_text(-left)
    days = (clock.local(task.due).date() - clock.today()).days
    if days == 0:
        return _("by ${time} today", mapping={"time": f"{clock.local(task.due):%H:%M}"})
    return _("${count} days left", mapping={"count": days})


def _overdue_text(late: dt.timedelta):
    minutes = int(late.total_seconds() // 60)
    if minutes < 60:
        return _("${count} minutes overdue", mapping={"count": max(minutes, 1)})
    if minutes < 48 * 60:
        return _("${count} hours overdue", mapping={"count": minutes // 60})
    return _("${count} days overdue", mapping={"count": minutes // (24 * 60)})


def short_moment(moment: dt.datetime, clock: Clock) -> str:
    """``09:30`` today, ``11-23`` this year, else ``2025-11-23``."""
    local, today = clock.local(moment), clock.today()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"
