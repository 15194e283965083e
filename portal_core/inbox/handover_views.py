"""离岗交接 (``/admin/handover?user=``): all that is open with a person, what would become of it, and doing it."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPNotFound

from portal_core.accounts.models import User
from portal_core.accounts.policy import redirect
from portal_core.errors import Invalid, NotFound
from portal_core.i18n import _
from portal_core.inbox.handover import HandoverService, OpenItems
from portal_core.inbox.people_form import ABSENT, FIND, People, chosen_ids, people_of
from portal_core.inbox.rows import case_url
from portal_core.inbox.wording import ABSENT_TITLE, state_of, verb_of
from portal_core.services import Services
from portal_core.web.params import int_param

MANAGE = "core:user:manage"
URL = "/admin/handover"
PREVIEW = "_preview"


@dataclass(frozen=True)
class Line:
    """A task of the list; ``blocked`` says why it stays."""

    url: str
    title: str
    kind: Any
    verb: Any
    state: Any
    blocked: Any


@dataclass(frozen=True)
class HandoverPage:
    """Context of ``handover.pt``. Without ``leaver`` only the choice of one is shown.

    ``to`` is the person who was chosen, for whom ``tasks`` say what would happen; only then it can be done.
    """

    leaver: User | None
    absent: People
    people: People
    to: User | None
    tasks: tuple[Line, ...]
    orphans: tuple[Line, ...]
    delegations: int


def show(request) -> HandoverPage:
    """What is open, and with ``people`` what would become of it."""
    return _page(request, request.services)


def hand_over(request):
    """Search, look at what would happen, or do it."""
    if FIND in request.POST or PREVIEW in request.POST:
        reading = Services(request.reader, request.registry.portal)
        to = _to(request, reading)
        missing = PREVIEW in request.POST and to is None
        if missing:
            request.response.status_int = 422
        return _page(request, reading, _("Please choose a person") if missing else "")
    service = request.services.get(HandoverService)
    user, to = _user(request, request.services), _to(request, request.services)
    try:
        if user is None:
            raise NotFound()
        if to is None:
            raise Invalid(fields={"people": _("Please choose a person")})
        left = service.hand_over(user, to, request.identity)
    except Invalid as error:
        request.roll_back()
        request.response.status_int = 422
        return _page(request, request.services, error.fields.get("people", error.message))
    text = _("Handed over to ${name}.") if left.nothing else _("Handed over to ${name}; see what is left.")
    request.flash("ok" if left.nothing else "warn", text % {"name": to.name})
    return redirect(request, f"{URL}?user={user.id}")


def _user(request, services):
    """The person of ``user``, or who was chosen as the absent one; None when nobody was named."""
    number = int_param(request, "user", low=1) or (chosen_ids(request, ABSENT) or [None])[0]
    if number is None:
        return None
    user = services.get(HandoverService).person(number)
    if user is None:
        raise HTTPNotFound()
    return user


def _to(request, services):
    ids = chosen_ids(request)
    return services.get(HandoverService).person(ids[0]) if ids else None


def _page(request, services, error=""):
    user, to = _user(request, services), _to(request, services)
    items = services.get(HandoverService).open_items(user, to) if user else OpenItems((), (), 0)
    flows = services.portal.flows
    return HandoverPage(
        leaver=user,
        absent=people_of(request, services, False, name=ABSENT),
        people=people_of(request, services, False, error),
        to=to,
        tasks=tuple(_line(flows, item) for item in items.tasks),
        orphans=tuple(_line(flows, item) for item in items.orphans),
        delegations=items.delegations,
    )


def _line(flows, item):
    case, flow = item.case, flows.get(item.case.kind)
    kind = flow.title if flow else ABSENT_TITLE
    return Line(case_url(case), case.title, kind, verb_of(flow, item.task), state_of(flow, case).label, item.blocked)


def includeme(config):
    """Route, views and the entry in the menu of 系统管理."""
    options = {"permission": MANAGE, "renderer": "portal_core:templates/inbox/handover.pt"}
    config.add_route("core.admin.handover", URL)
    config.add_view(show, route_name="core.admin.handover", request_method="GET", **options)
    config.add_view(hand_over, route_name="core.admin.handover", request_method="POST", **options)
    config.add_admin_page(
        "handover",
        _("Hand-over on leaving"),
        URL,
        permission=MANAGE,
        group="people",
        order=60,
        note=_("Give everything that is open with somebody who leaves to somebody else"),
    )
