"""审批设置: the pages on which administrators set the stages of approvals."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyramid.httpexceptions import HTTPSeeOther

from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.errors import Invalid, Stale
from portal_core.i18n import _
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.forms import PlanForm, form_data, logins_of, moved, offer, read_stages
from portal_core.inbox.plans.path import PathService, PathStage
from portal_core.inbox.plans.rules import Rules
from portal_core.inbox.plans.services import PlanService
from portal_core.services import Services

PERMISSION = "core:approval:manage"
LIST = "portal_core:templates/approvals/list.pt"
EDIT = "portal_core:templates/approvals/edit.pt"
# A plan that is only looked at has no row yet; with an id it is not taken for the flow's own rule.
UNSAVED = 0


@dataclass(frozen=True)
class StepLine:
    """A step that can be configured; ``version`` is 0 while it follows the flow's own rule."""

    kind: Any
    verb: Any
    url: str
    version: int
    stages: tuple[Any, ...]
    saved: dt.datetime | None


@dataclass(frozen=True)
class ListPage:
    """Context of ``list.pt``."""

    lines: tuple[StepLine, ...]


@dataclass(frozen=True)
class VersionLine:
    """A version of the plan: its stages by name, who saved it and when."""

    number: int
    stages: tuple[Any, ...]
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class EditPage:
    """Context of ``edit.pt``. ``path`` is the preview for ``applicant``; ``warnings`` are what saving does not refuse."""

    kind: Any
    verb: Any
    url: str
    form: PlanForm
    versions: tuple[VersionLine, ...]
    path: tuple[PathStage, ...]
    applicant: str
    warnings: tuple[Any, ...]
    form_page: bool = True


def index(request) -> ListPage:
    """Kinds and steps with the plan in force."""
    plans = Services(request.reader, request.registry.portal).get(PlanService)
    saved = plans.all_in_force()
    lines = []
    for flow, spec in plans.steps():
        row = saved.get((flow.kind, spec.step))
        stages = [s.from_data(data) for data in row.stages] if row else s.OWN_RULE.stages
        titles = tuple(s.heading(stage, spec) for stage in stages)
        version, at = (row.version, row.created) if row else (0, None)
        lines.append(StepLine(flow.title, spec.verb, url_of(flow.kind, spec.step), version, titles, at))
    return ListPage(tuple(lines))


class Editor:
    """Shows and answers the form of one step."""

    def __init__(self, request):
        self.request = request
        self.services = Services(request.reader, request.registry.portal)
        self.plans = self.services.get(PlanService)
        self.flow, self.spec = self.plans.step(request.matchdict["kind"], request.matchdict["step"])
        self.roles = {role.code: role.title for role in self.services.get(RightsService).roles()}
        self.fields = {c: label for c, (label, _ids) in self.flow.handler.approver_fields(self.services, None).items()}

    def show(self) -> EditPage:
        """The plan in force."""
        plan = self.plans.in_force(self.flow.kind, self.spec.step)
        newest = next(iter(self.plans.versions(self.flow.kind, self.spec.step)), None)
        people = {user for stage in plan.stages for user in stage.users}
        logins = dict(self.services.session.execute(sa.select(User.id, User.login).where(User.id.in_(people))).all())
        data = form_data(plan, newest.version if newest else 0, logins)
        return self._page(PlanForm(self.request, data=data))

    def receive(self):
        """The form as it was sent: rows are moved, the path is shown, or a new version is saved."""
        post = self.request.POST
        form = PlanForm(self.request, post)
        rows = moved(form, post)
        if rows is not None:
            data = {"version": form.version.data, "once": form.once.data, "applicant": form.applicant.data, "stages": rows}
            return self._page(PlanForm(self.request, data=data))
        plan = self._plan(form)
        if plan is None:
            return self._page(form, 422)
        if "_preview" in post:
            return self._preview(form, plan)
        return self._save(form, plan)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _plan(self, form) -> s.Plan | None:
        """The plan that the form describes; None when something in it is wrong."""
        if not form.validate():
            return None
        logins = {login for entry in form.stages.entries for login in logins_of(entry.form.users.data)}
        query = sa.select(User.login, User.id).where(User.login.in_(logins), User.active)
        people = dict(self.services.session.execute(query).all())
        stages = read_stages(form, people, set(self.roles), set(self.fields))
        return None if stages is None else s.Plan(stages, form.once.data, UNSAVED)

    def _preview(self, form, plan):
        """Who would be asked if the named person filed a case, in whatever scope."""
        login = (form.applicant.data or "").lower()
        user = self.services.session.scalar(sa.select(User.id).where(User.login == login, User.active))
        if user is None:
            form.applicant.errors = [self._translate(_("There is no active account ${login}", mapping={"login": login or "—"}))]
            return self._page(form, 422)
        applicant = self.services.get(RightsService).identity_of(user)
        path = self.services.get(PathService).of_plan(plan, self.spec, applicant)
        return self._page(form, path=path, applicant=applicant.name, warnings=self._warnings(plan))

    def _save(self, form, plan):
        request = self.request
        try:
            plans = request.services.get(PlanService)
            plans.save(request.identity, self.flow.kind, self.spec.step, plan, form.version.seen)
        except (Invalid, Stale) as error:
            request.roll_back()
            form.add_errors(error)
            return self._page(form, 409 if isinstance(error, Stale) else 422)
        request.flash("ok", self._translate(_("Saved. New cases follow this version, those under way keep theirs.")))
        for warning in self._warnings(plan):
            request.flash("warn", self._translate(warning))
        return HTTPSeeOther(url_of(self.flow.kind, self.spec.step))

    def _warnings(self, plan) -> tuple[Any, ...]:
        """What is allowed and may yet be a mistake: a role that nobody holds."""
        rules = self.services.get(Rules)
        named = sorted({stage.role for stage in plan.stages if stage.rule == s.ROLE})
        empty = [self.roles[code] for code in named if not rules.with_role(code)]
        text = _("Nobody holds the role ${role} now; administrators would be asked instead.")
        return tuple(text % {"role": title} for title in empty)

    def _page(self, form, status=200, path=(), applicant="", warnings=()) -> EditPage:
        self.request.response.status_int = status
        offer(form, self.roles, self.fields, self._translate)
        kind, step = self.flow.kind, self.spec.step
        versions = tuple(self._version(row) for row in self.plans.versions(kind, step))
        return EditPage(self.flow.title, self.spec.verb, url_of(kind, step), form, versions, path, applicant, tuple(warnings))

    def _version(self, row):
        stages = tuple(s.heading(s.from_data(data), self.spec) for data in row.stages)
        return VersionLine(row.version, stages, row.created_by.name if row.created_by else "", row.created)

    def _translate(self, message):
        return self.request.translator()(message)


def url_of(kind: str, step: str) -> str:
    """The address of a step's plan."""
    return f"/admin/approvals/{kind}/{step}"


def edit(request) -> EditPage:
    """The plan of a step, its versions, and the form for a new one."""
    return Editor(request).show()


def save(request):
    """The form was sent."""
    return Editor(request).receive()


def includeme(config):
    """Routes, views and the entry in the menu of 系统管理."""
    config.add_route("approvals", "/admin/approvals")
    config.add_route("approvals.step", "/admin/approvals/{kind:[a-z_.]{1,64}}/{step:[a-z_]{1,32}}")
    config.add_view(index, route_name="approvals", request_method="GET", permission=PERMISSION, renderer=LIST)
    options = {"route_name": "approvals.step", "permission": PERMISSION, "renderer": EDIT}
    config.add_view(edit, request_method="GET", **options)
    config.add_view(save, request_method="POST", **options)
    config.add_admin_page(
        "approvals",
        _("Approval steps"),
        "/admin/approvals",
        permission=PERMISSION,
        group="work",
        order=20,
        note=_("Who approves which kind of case, in which order"),
    )
