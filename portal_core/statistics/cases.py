"""The core's own dataset: cases of all kinds, once when they were filed and once when they were closed."""

from typing import Any

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.i18n import _
from portal_core.inbox.models import Case, Task
from portal_core.inbox.wording import ABSENT_TITLE
from portal_core.statistics.datasets import LABEL, MOMENT, NUMBER, YES, Chart, Column, Dataset, Dimension, average, count, ratio
from portal_core.statistics.handling import others_act
from portal_core.statistics.models import CaseHandling

VIEW = "core:statistics:view"
DRAFT_STATE = "draft"

# A draft that was thrown away was never filed: its first act closed it.
FIRST_ACT = 2


def _facts() -> sa.CompoundSelect[Any]:
    late = (
        sa.exists().where(Task.case_id == Case.id, Task.due.is_not(None), Task.done_at > Task.due, others_act()).correlate(Case)
    )
    was_filed = sa.and_(Case.state != DRAFT_STATE, sa.or_(Case.closed.is_(None), Case.version > FIRST_ACT))
    zero, one = sa.literal(0, sa.Integer()), sa.literal(1, sa.Integer())
    filed = (
        sa.select(
            (Case.id * 2).label("key"),
            Case.created.label("at"),
            *_shared(),
            one.label("filed"),
            zero.label("closed"),
            sa.null().cast(sa.Integer()).label("on_time"),
            zero.label("measured"),
            sa.null().cast(sa.Integer()).label("minutes"),
        )
        .join(User, User.id == Case.applicant_id)
        .where(was_filed)
    )
    closed = (
        sa.select(
            (Case.id * 2 + 1).label("key"),
            Case.closed.label("at"),
            *_shared(),
            zero.label("filed"),
            one.label("closed"),
            sa.case((late, 0), else_=1).label("on_time"),
            sa.case((CaseHandling.minutes.is_(None), 0), else_=1).label("measured"),
            CaseHandling.minutes.label("minutes"),
        )
        .join(User, User.id == Case.applicant_id)
        .outerjoin(CaseHandling, sa.and_(CaseHandling.case_id == Case.id, CaseHandling.closed == Case.closed))
        .where(Case.closed.is_not(None), was_filed)
    )
    return sa.union_all(filed, closed)


def _shared() -> tuple[Any, ...]:
    return (
        Case.department_id.label("department_id"),
        Case.kind.label("kind"),
        Case.number.label("number"),
        Case.title.label("title"),
        Case.state_label.label("state_label"),
        Case.applicant_id.label("applicant_id"),
        Case.handler_id.label("handler_id"),
        User.name.label("applicant"),
    )


def _kinds(services: Any) -> dict[str, str]:
    """Titles of all kinds of cases, also those of modules that are switched off."""
    portal = services.portal
    names = {kind: flow.title for kind, flow in portal.declared["flows"].items()}
    return {kind: names.get(kind, ABSENT_TITLE) for kind in (*portal.flows, *names)}


CASES = Dataset(
    code="core.cases",
    title=_("Cases"),
    permission=VIEW,
    select=_facts(),
    dimensions=(Dimension("kind", _("Kind"), _kinds),),
    measures=(
        count(
            "filed", _("Cases filed"), "filed", unit=_("cases"), definition=_("Cases begun in the period; drafts do not count.")
        ),
        count(
            "closed", _("Cases closed"), "closed", unit=_("cases"), definition=_("Cases that came to their end in the period.")
        ),
        ratio(
            "on_time",
            _("On-time rate"),
            "on_time",
            "closed",
            better="up",
            definition=_(
                "Closed by due / closed. A case is on time when no act awaited from others than its applicant was done after its"
                " due time."
            ),
        ),
        average(
            "hours",
            _("Mean handling time"),
            "minutes",
            "measured",
            scale=60,
            decimals=1,
            unit=_("hours"),
            better="down",
            definition=_(
                "Working hours, by the working calendar, during which closed cases awaited acts of others than their applicant;"
                " measured within a few minutes after the end of a case."
            ),
        ),
    ),
    columns=(
        Column("number", _("Case number")),
        Column("title", _("Title")),
        Column("kind", _("Kind"), LABEL),
        Column("department_id", _("Department"), LABEL),
        Column("applicant", _("Applicant")),
        Column("at", _("Time"), MOMENT),
        Column("state_label", _("State")),
        Column("on_time", _("On time"), YES),
        Column("minutes", _("Handling minutes"), NUMBER),
    ),
    charts=(
        Chart(_("Cases over time"), "bar", ("filed", "closed")),
        Chart(_("Kinds of cases"), "pie", ("filed",), "kind"),
        Chart(_("By kind"), "table", ("filed", "closed", "on_time", "hours"), "kind"),
        Chart(_("By department"), "table", ("filed", "closed", "on_time", "hours"), "department_id"),
    ),
    tiles=("filed", "closed", "on_time", "hours"),
    url=lambda row: f"/cases/{row.number}",
    owners=("applicant_id", "handler_id"),
    order=900,
)
