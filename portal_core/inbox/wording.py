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
# Up to how many working hours are counted as hours, and how long days are counted at all.
HOURS_COUNTED = 16
COUNTED = dt.timedelta(days=365)


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
    if task.plan_id is not None or (spec and spec.configurable and not task.permission):
        return task.why  # It says which stage it is, or why administrators are asked.
    return spec.why if spec else task.why


def is_late(task: Task, clock: Clock) -> bool:
    """Is the task overdue?"""
    return task.due is not None and task.due < clock.now()


def due_text(task: Task, clock: Clock, calendar):
    """When a task is due, as people say it; without a due time, when it came. What is late is late by working time.

    ``calendar``: a ``CalendarService``, or the ``Calendar`` of one.
    """
    if task.due is None:
        return short_moment(task.created, clock)
    now = clock.now()
    if task.due < now:
        return _overdue_text(task.due, now, clock, calendar)
    days = (clock.local(task.due).date() - clock.today()).days
    if days == 0:
        return _("by ${time} today", mapping={"time": f"{clock.local(task.due):%H:%M}"})
    return _("${count} days left", mapping={"count": days})


def _overdue_text(due: dt.datetime, now: dt.datetime, clock: Clock, calendar):
    if now - due >= COUNTED:
        return _("More than ${count} days overdue", mapping={"count": COUNTED.days})
    minutes = int(calendar.working_time(due, now).total_seconds() // 60)
    if minutes < 60:
        return _("${count} working minutes overdue", mapping={"count": max(minutes, 1)})
    if minutes < HOURS_COUNTED * 60:
        return _("${count} working hours overdue", mapping={"count": minutes // 60})
    first = clock.local(due).date()
    days = (clock.local(now).date() - first).days
    worked = sum(calendar.is_working_day(first + dt.timedelta(days=day)) for day in range(1, days + 1))
    return _("${count} working days overdue", mapping={"count": worked})


def short_moment(moment: dt.datetime, clock: Clock) -> str:
    """``09:30`` today, ``11-23`` this year, else ``2025-11-23``."""
    local, today = clock.local(moment), clock.today()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"
