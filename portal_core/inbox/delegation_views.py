"""我的代理 (``/account/delegations``) and, for administrators, the delegations of everybody (``/admin/delegations``)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from wtforms import DateField, StringField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from portal_core.accounts.policy import AUTHENTICATED, redirect
from portal_core.errors import Conflict, Invalid
from portal_core.i18n import _
from portal_core.inbox.delegations import MANAGE, REASON_LENGTH, DelegationLine, DelegationService, NewDelegation
from portal_core.inbox.people_form import ABSENT, FIND, People, chosen_one, people_of
from portal_core.inbox.persons import PersonService
from portal_core.services import Services
from portal_core.web.forms import PortalForm, TickBoxes
from portal_core.web.params import int_param, path_id

OWN, ALL = "/account/delegations", "/admin/delegations"
STATES = {"active": (_("In force"), "ok"), "planned": (_("Not begun"), "info"), "over": (_("Delegation over"), "mute")}


class DelegationForm(PortalForm):
    """The period, the modules and the reason; the people are chosen beside it."""

    starts = DateField(_("First day"), [InputRequired()])
    starts_time = TimeField(_("From what time"), [InputRequired()])
    ends = DateField(_("Last day"), [InputRequired()])
    ends_time = TimeField(_("Until what time"), [InputRequired()])
    modules = TickBoxes(_("Modules"), description=_("None ticked: all of them"))
    reason = StringField(_("Reason"), [Length(max=REASON_LENGTH)], description=_("Like: business trip, leave"))

    def validate_starts(self, field):
        """A date that calendars and databases know how to handle."""
        if field.data and not 2000 <= field.data.year < 2200:
            raise ValidationError(_("Please choose a date between 2000 and 2199"))

    validate_ends = validate_starts


@dataclass(frozen=True)
class DelegationsPage:
    """Context of ``delegations.pt`` and ``all_delegations.pt``. ``absent`` chooses for whom, for administrators only.

    ``problem`` is a message about the whole form; ``titles`` names the modules.
    """

    form: DelegationForm
    people: People
    absent: People | None
    given: tuple[DelegationLine, ...]
    received: tuple[DelegationLine, ...]
    titles: dict
    states: dict
    problem: Any = ""
    next_url: str | None = None


class OwnDelegations:
    """One's own: leave the to-dos to somebody, end it early, see for whom one stands in."""

    url = OWN

    def __init__(self, request):
        self.request = request

    def show(self) -> DelegationsPage:
        """The lists and the form."""
        return self._page(self.request.services, self._form())

    def send(self):
        """The form as it was sent: search for people, or set the delegation."""
        request, form = self.request, self._form(self.request.POST)
        if FIND in request.POST:
            return self._page(Services(request.reader, request.registry.portal), form)
        valid = form.validate()
        try:
            if not valid:
                raise Invalid()
            request.services.get(DelegationService).create(self._from(), self._wanted(form), request.identity)
        except Invalid as error:
            return self._again(form, error)
        request.flash("ok", _("The delegation was set."))
        return redirect(request, self.url)

    def end(self):
        """End one before its time."""
        request = self.request
        try:
            request.services.get(DelegationService).end(path_id(request), request.identity)
        except Conflict as error:
            request.roll_back()
            request.response.status_int = 409
            return self._page(request.services, self._form(), problem=error.message)
        request.flash("ok", _("The delegation was ended."))
        return redirect(request, self.url)

    def _from(self) -> int:
        return self.request.identity.user_id

    def _wanted(self, form):
        clock = self.request.registry.portal.clock
        starts, ends = clock.at(form.starts.data, form.starts_time.data), clock.at(form.ends.data, form.ends_time.data)
        to = chosen_one(self.request)
        return NewDelegation(to, starts, ends, tuple(form.modules.data or ()), form.reason.data or "")

    def _again(self, form, error):
        self.request.roll_back()
        self.request.response.status_int = 422
        form.add_errors(error)
        return self._page(self.request.services, form, error.fields)

    def _form(self, post=None):
        request = self.request
        today = request.registry.portal.clock.today()
        tomorrow = today + dt.timedelta(days=1)
        preset = {"starts": today, "starts_time": dt.time(0, 0), "ends": tomorrow, "ends_time": dt.time(23, 59)}
        form, translate = DelegationForm(request, post, data=preset), request.translator()
        modules = request.services.get(DelegationService).modules()
        form.modules.choices = [SelectChoice(name, translate(title)) for name, title in modules.items()]
        return form

    def _page(self, services, form, errors=None, problem=""):
        delegations, errors, user_id = services.get(DelegationService), errors or {}, self.request.identity.user_id
        return DelegationsPage(
            form=form,
            people=people_of(self.request, services, False, errors.get("people", "")),
            absent=None,
            given=tuple(delegations.given(user_id)),
            received=tuple(delegations.received(user_id)),
            titles=delegations.modules(),
            states=STATES,
            problem=problem,
        )


class AllDelegations(OwnDelegations):
    """Everybody's, for administrators: set one for somebody who is ill."""

    url = ALL

    def _from(self):
        number = chosen_one(self.request, ABSENT)
        if not self.request.services.get(PersonService).named([number]):
            raise Invalid(fields={ABSENT: _("This person has no active account; please choose somebody else")})
        return number

    def _page(self, services, form, errors=None, problem=""):
        lines, following = services.get(DelegationService).page(int_param(self.request, "before", low=1))
        errors = errors or {}
        return DelegationsPage(
            form=form,
            people=people_of(self.request, services, False, errors.get("people", "")),
            absent=people_of(self.request, services, False, errors.get(ABSENT, ""), name=ABSENT),
            given=tuple(lines),
            received=(),
            titles=services.get(DelegationService).modules(),
            states=STATES,
            problem=problem,
            next_url=f"{ALL}?before={following}" if following else None,
        )


def standing(request) -> list[DelegationLine]:
    """The person's delegations in both directions that hold now, for the home page; asked only where there are any."""
    identity = request.identity
    if not (identity.away or identity.stand_ins):
        return []
    return request.services.get(DelegationService).present(identity.user_id)


def includeme(config):
    """Routes, views and the entry in the menu of 系统管理."""
    for view, name, permission, page in (
        (OwnDelegations, "account.delegations", AUTHENTICATED, "delegations"),
        (AllDelegations, "core.admin.delegations", MANAGE, "all_delegations"),
    ):
        options = {"permission": permission, "renderer": f"portal_core:templates/inbox/{page}.pt"}
        config.add_route(name, view.url)
        config.add_route(f"{name}.end", f"{view.url}/{{id}}/end")
        config.add_view(view, attr="show", route_name=name, request_method="GET", **options)
        config.add_view(view, attr="send", route_name=name, request_method="POST", **options)
        config.add_view(view, attr="end", route_name=f"{name}.end", request_method="POST", **options)
    config.add_admin_page(
        "delegations",
        _("Delegations"),
        ALL,
        permission=MANAGE,
        group="work",
        order=40,
        note=_("Who stands in for whom; set one for somebody who is ill"),
    )
