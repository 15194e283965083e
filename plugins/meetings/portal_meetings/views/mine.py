"""我的预约: one's own bookings with filters, and 会议取消申请."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest

from portal_core.api import CaseService, Conflict, Invalid, choice_param, date_param, int_param, reading, text_param
from portal_meetings import permissions
from portal_meetings.forms.cancel import cancel_form
from portal_meetings.i18n import _
from portal_meetings.services import states
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.grid import GridService
from portal_meetings.services.mine import GROUPS, PAGE, MineFilter, MineService
from portal_meetings.views.common import go_to, state_label, translator

UPCOMING, ALL, DRAFTS = "upcoming", "all", "drafts"
TITLES = {UPCOMING: _("Coming up"), ALL: _("All"), DRAFTS: _("Drafts")}
STATES = tuple(state for group in GROUPS.values() for state in group)
CURSOR = re.compile(r"([0-9]{1,11})-([0-9]{1,18})")


@dataclass(frozen=True)
class Filters:
    """What the address narrows the list to; empty values narrow nothing."""

    title: str = ""
    room_id: int | None = None
    state: str = ""
    day: dt.date | None = None

    def wanted(self, tab: str, today: dt.date) -> MineFilter:
        """The same for the service; what comes up is open and not of the past."""
        chosen = (self.state,) if self.state else GROUPS["open"] if tab == UPCOMING else ()
        first = max(self.day or today, today) if tab == UPCOMING else self.day
        return MineFilter(self.title, self.room_id, chosen, first, self.day)


@dataclass(frozen=True)
class Line:
    """A booking of the list; ``change_url`` and ``cancel_url`` are None when it is too late."""

    number: str
    title: str
    room: str
    when: str
    state: Any
    tone: str
    url: str
    change_url: str | None
    cancel_url: str | None


@dataclass(frozen=True)
class MinePage:
    """Context of ``mine.pt``. ``lines`` are bookings, or drafts in that tab; ``may_book``: whether to offer a new one."""

    tab: str
    tabs: list[tuple[str, str, bool]]
    lines: list[Line]
    drafts: list
    filters: "Filters"
    is_filtered: bool
    rooms: list
    states: list[tuple[str, Any]]
    first_url: str | None
    next_url: str | None
    may_book: bool


@dataclass(frozen=True)
class CancelPage:
    """Context of ``cancel.pt``."""

    number: str
    form: Any
    title: str
    room: str
    when: str
    alert: Any = ""
    form_page: bool = True


def show(request) -> MinePage:
    """``/meetings/mine?tab=&title=&room=&state=&date=&after=``"""
    tab = choice_param(request, "tab", TITLES, UPCOMING)
    filters = Filters(
        text_param(request, "title"),
        int_param(request, "room", low=1),
        choice_param(request, "state", STATES, ""),
        date_param(request, "date"),
    )
    after = _cursor(request)
    service, today = request.services.get(MineService), request.registry.portal.clock.today()
    rows = [] if tab == DRAFTS else service.bookings(request.identity, filters.wanted(tab, today), after, PAGE + 1)
    following = rows[PAGE - 1] if len(rows) > PAGE else None
    if tab == UPCOMING and not after and not following:
        # All of them fit on one page: the next meeting comes first. Longer lists stay as paging needs them.
        rows.reverse()
    query = _query(tab, filters)
    return MinePage(
        tab=tab,
        tabs=[(title, f"/meetings/mine?tab={code}", code == tab) for code, title in TITLES.items()],
        lines=[_line(request, row) for row in rows[:PAGE]],
        drafts=service.drafts(request.identity) if tab == DRAFTS else [],
        filters=filters,
        is_filtered=filters != Filters(),
        rooms=[] if tab == DRAFTS else request.services.get(GridService).rooms(),
        states=[(code, state_label(request, code)) for code in STATES],
        first_url=f"/meetings/mine?{urlencode(query)}" if after else None,
        next_url=f"/meetings/mine?{urlencode(query | {'after': _cursor_text(following)})}" if following else None,
        may_book=request.identity.may(permissions.CREATE),
    )


def _cursor(request):
    """Start and id of the last line of the page before, from the parameter ``after``."""
    text = text_param(request, "after", 40)
    if not text:
        return None
    match = CURSOR.fullmatch(text)
    if not match:
        raise HTTPBadRequest()
    return dt.datetime.fromtimestamp(int(match[1]), dt.UTC), int(match[2])


def _cursor_text(row):
    return f"{int(row.starts_at.timestamp())}-{row.case_id}"


def _query(tab, filters):
    values = {"tab": tab, "title": filters.title, "room": filters.room_id, "state": filters.state, "date": filters.day}
    return {name: value for name, value in values.items() if value}


def _line(request, row):
    now = request.registry.portal.clock.now()
    coming = row.starts_at > now
    running = row.state == states.APPROVED and row.starts_at <= now < row.ends_at
    return Line(
        number=row.number,
        title=row.title,
        room=row.room_name,
        when=request.fmt.span(row.starts_at, row.ends_at),
        state=_("In progress") if running else state_label(request, row.state),
        tone="info" if running else row.tone,
        url=f"/cases/{row.number}",
        change_url=f"/meetings/change/{row.number}" if coming and row.state in states.CHANGEABLE else None,
        cancel_url=f"/meetings/cancel/{row.number}" if coming and row.state in states.CANCELLABLE else None,
    )


def cancel(request):
    """会议取消申请: the reason is asked for."""
    booking = _cancellable(request)
    return _cancel_page(request, booking, cancel_form(request, values={"version": str(booking.case.version)}))


def save_cancel(request):
    """The meeting is cancelled; its room is free at once."""
    booking = _cancellable(request)
    form = cancel_form(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _cancel_page(request, booking, form)
    service = request.services.get(BookingService)
    try:
        own = service.get(booking.case.number, request.identity)
        service.cancel(own, request.identity, form.reason.data, form.text.data or "", form.version.seen)
    except (Invalid, Conflict) as error:
        request.roll_back()
        request.response.status_int = 422 if isinstance(error, Invalid) else 409
        if isinstance(error, Invalid):
            form.add_errors(error)
        return _cancel_page(request, booking, form, error.message if isinstance(error, Conflict) else "")
    request.flash("ok", translator(request)(_("The meeting has been cancelled; the room is free.")))
    return go_to(request, f"/cases/{booking.case.number}")


def _cancellable(request):
    """The booking of the address; 404 for others' and unknown ones, 409 when it is too late."""
    services = reading(request)
    booking = services.get(BookingService).get(request.matchdict["number"], request.identity)
    if "cancel" not in {t.action for t in services.get(CaseService).available(booking.case, request.identity)}:
        raise Conflict(_("This booking can no longer be cancelled."))
    return booking


def _cancel_page(request, booking, form, alert=""):
    return CancelPage(
        booking.case.number, form, booking.title, booking.room.name, request.fmt.span(booking.starts_at, booking.ends_at), alert
    )


def includeme(config):
    """Routes and views."""
    config.add_route("meetings.mine", "/meetings/mine", request_method="GET")
    config.add_view(show, route_name="meetings.mine", renderer="portal_meetings:templates/mine.pt", permission="authenticated")
    config.add_route("meetings.cancel", "/meetings/cancel/{number}")
    options = {"route_name": "meetings.cancel", "renderer": "portal_meetings:templates/cancel.pt", "permission": "authenticated"}
    config.add_view(cancel, request_method="GET", **options)
    config.add_view(save_cancel, request_method="POST", **options)
