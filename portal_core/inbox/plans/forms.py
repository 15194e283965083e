"""The form of an approval plan: its stages as rows that can be added, removed and moved."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, FieldList, FormField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from portal_core.i18n import _
from portal_core.inbox.plans import stages as s
from portal_core.web.forms import PortalForm, VersionField

LOGINS_MAX = 400


def _choices(titles):
    return [SelectChoice(code, title) for code, title in titles.items()]


class StageForm(PortalForm):
    """One stage. People are named by login, because names are shared."""

    title = StringField(_("Name of the stage"), [Length(max=s.TITLE_MAX)])
    rule = SelectField(_("Who approves"), choices=_choices(s.RULES), default=s.DEFAULT)
    role = SelectField(_("Role"), choices=[], default="", validate_choice=False)
    users = StringField(_("Accounts"), [Length(max=LOGINS_MAX)], description=_("Logins with spaces between them, in order"))
    field = SelectField(_("Field of the form"), choices=[], default="", validate_choice=False)
    mode = SelectField(_("How many must agree"), choices=_choices(s.MODES), default=s.ANY)
    due_hours = StringField(_("Due after working hours"), [Length(max=6)], description=_("Empty: as usual"))
    own = SelectField(_("If the applicant is asked"), choices=_choices(s.SELF_APPROVALS), default=s.FORBIDDEN)


class PlanForm(PortalForm):
    """A plan. ``stages`` are ``StageForm``; ``applicant`` is for whom the path is to be shown before saving."""

    version = VersionField()
    stages = FieldList(FormField(StageForm), _("Stages"), min_entries=1, max_entries=s.STAGES_MAX)
    once = BooleanField(_("Whoever agreed in one stage need not agree again in the next"))
    applicant = StringField(_("Login of an applicant"), [Length(max=64)])


def form_data(plan: s.Plan, version: int, logins: Mapping[int, str]) -> dict[str, Any]:
    """The values of the form for ``plan``; ``logins`` of the people that it names."""
    return {"version": str(version), "once": plan.once, "stages": [_row(stage, logins) for stage in plan.stages]}


def _row(stage, logins):
    due = "" if stage.due_hours is None else f"{stage.due_hours:g}"
    users = " ".join(logins[user] for user in stage.users if user in logins)
    values = {name: getattr(stage, name) for name in ("title", "rule", "role", "field", "mode", "own")}
    return values | {"users": users, "due_hours": due}


def moved(form: PlanForm, post: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The rows in the order that a button ``_up``, ``_down``, ``_add`` or ``_remove`` asks for; None when none was pressed."""
    rows = [entry.form.data for entry in form.stages.entries]
    names = [entry.name for entry in form.stages.entries]
    if post.get("_add"):
        return [*rows, {}] if len(rows) < s.STAGES_MAX else rows
    for button, step in (("_up", -1), ("_down", 1), ("_remove", 0)):
        if button not in post:
            continue
        if post[button] in names:
            place = names.index(post[button])
            row = rows.pop(place)
            if step:
                rows.insert(max(0, place + step), row)
        return rows or [{}]
    return None


def offer(form: PlanForm, roles: Mapping[str, Any], fields: Mapping[str, Any], translate) -> None:
    """Fill the lists of roles and of form fields, which are known only now: titles by code."""
    nothing = SelectChoice("", "—")
    for entry in form.stages.entries:
        entry.form.role.choices = [nothing, *_choices(roles)]
        entry.form.field.choices = [nothing, *(SelectChoice(code, translate(label)) for code, label in fields.items())]


def logins_of(text: str) -> list[str]:
    """The logins in ``text``, which people separate as they like."""
    for sign in "，、,;；":
        text = text.replace(sign, " ")
    return list(dict.fromkeys(text.lower().split()))


def read_stages(form: PlanForm, people: Mapping[str, int], roles: set[str], fields: set[str]) -> tuple[s.Stage, ...] | None:
    """The stages of a form that is valid by itself; None after messages were put at its fields.

    ``people``: ids of active people by login; ``roles`` and ``fields``: the codes there are.
    """
    stages = tuple(_read(entry.form, people, roles, fields) for entry in form.stages.entries)
    wrong = any(field.errors for entry in form.stages.entries for field in entry.form)
    return None if wrong else stages


def _read(row, people, roles, fields) -> s.Stage:
    rule = row.rule.data
    logins = logins_of(row.users.data or "")
    unknown = [login for login in logins if login not in people]
    if rule == s.USER:
        if not logins:
            _refuse(row, row.users, _("Please name at least one person"))
        elif unknown:
            _refuse(row, row.users, _("There is no active account ${login}", mapping={"login": "、".join(unknown)}))
        elif len(logins) > s.USERS_MAX:
            _refuse(row, row.users, _("At most ${max} people", mapping={"max": s.USERS_MAX}))
    if rule == s.ROLE and row.role.data not in roles:
        _refuse(row, row.role, _("Please choose a role"))
    if rule == s.FIELD and row.field.data not in fields:
        _refuse(row, row.field, _("Please choose a field"))
    return s.Stage(
        title=row.title.data,
        rule=rule,
        role=row.role.data if rule == s.ROLE else "",
        users=tuple(people[login] for login in logins if login in people) if rule == s.USER else (),
        field=row.field.data if rule == s.FIELD else "",
        mode=row.mode.data,
        due_hours=_hours(row),
        own=row.own.data,
    )


def _hours(row) -> float | None:
    field = row.due_hours
    if not field.data:
        return None
    try:
        hours = float(field.data)
    except ValueError:
        hours = 0
    if not 0 < hours <= s.DUE_MAX:  # False for what is no number at all, too.
        _refuse(row, field, _("Please give a number of hours between 0.5 and ${max}", mapping={"max": s.DUE_MAX}))
        return None
    return hours


def _refuse(row, field, message):
    field.errors = [*field.errors, row.meta.translate(message)]
