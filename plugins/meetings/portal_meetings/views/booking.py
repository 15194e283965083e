"""会议预约单: a new booking, a draft that is continued, and 变更 of a booking. One form, three ways in and out."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webob.multidict import MultiDict

from portal_core.api import CaseService, Conflict, Forbidden, Invalid, Stale, change_rows, reading
from portal_meetings import permissions
from portal_meetings.forms.booking import booking_form, form_values, offer
from portal_meetings.i18n import _
from portal_meetings.models import room_scope
from portal_meetings.services import states
from portal_meetings.services.approvers import path_ahead
from portal_meetings.services.bookings import BookingService, SlotTaken
from portal_meetings.services.data import BookingData, of_booking
from portal_meetings.services.grid import GridRoom, GridService
from portal_meetings.services.items import ServiceItemService
from portal_meetings.views.common import cover_url, go_to, translator
from portal_meetings.views.prefill import new_values

BUTTONS = ("csrf_token", "_add", "_remove", "_use", "_draft", "_submit")
TEMPLATE = "portal_meetings:templates/book.pt"
CHANGES = frozenset(("edit", "resubmit", "request_change", "change_direct"))


@dataclass(frozen=True)
class Way:
    """A way through the form: texts, the address it is sent to, and what happens with the valid form.

    ``submit(data, version)`` files it and returns the address to go on to. ``number`` is the case that is changed or continued.
    ``step`` is the approval that begins with it, empty for a case that is under review already and keeps its way.
    """

    title: Any
    action: str
    close_url: str
    submit_label: Any
    submit: Callable[[BookingData, int], str]
    number: str = ""
    note: Any = ""
    drafts: bool = True
    step: str = "review"


@dataclass(frozen=True)
class BookPage:
    """Context of ``book.pt``.

    ``path`` are the stages of the review, with names. ``taken`` and ``alternatives`` answer a conflict; ``alert`` is a sentence
    above the form.
    """

    way: Way
    form: Any
    room: GridRoom | None
    cover: str | None
    when: str
    path_note: Any
    path: tuple
    taken: list
    alternatives: list
    alert: Any = ""
    alert_url: str = ""
    form_page: bool = True


class Editor:
    """Answers GET and POST of the form for one ``Way``. ``kept``: ids of services that a booking already has."""

    def __init__(self, request, way: Way, kept=()):
        self.request = request
        self.way = way
        self.items = reading(request).get(ServiceItemService).offered(kept)

    @cached_property
    def rooms(self):
        """The rooms that the person may book; read when the form is shown, not when it is accepted."""
        return reading(self.request).get(GridService).bookable(self.request.identity)

    def show(self, values=None, post=None):
        """The form as it begins."""
        return self._page(booking_form(self.request, self.items, post, values))

    def receive(self):
        """The form as it was sent: show it again, keep it as a draft, or file it."""
        post = self.request.POST
        if post.get("_use"):
            return self._page(self._form(use_alternative(post)), alert=_("The form has been filled in; please submit it again."))
        form = self._form(post)
        if change_rows(form, post):
            return self._page(form)
        if "_draft" in post and self.way.drafts:
            return self._save_draft(form)
        if not form.validate():
            return self._page(form, 422)
        return self._submit(form)

    def _form(self, post):
        return booking_form(self.request, self.items, post)

    def _submit(self, form):
        try:
            url = self.way.submit(form.booking_data(self.request.registry.portal.clock), form.version.seen)
        except SlotTaken as error:
            return self._refused(form, 409, error.message, error)
        except Invalid as error:
            form.add_errors(error)
            return self._refused(form, 422)
        except Stale as error:
            return self._refused(form, 409, error.message, url=f"/cases/{self.way.number}" if self.way.number else "")
        except Conflict as error:
            return self._refused(form, 409, error.message)
        return go_to(self.request, url)

    def _save_draft(self, form):
        values = {name: value for name, value in self.request.POST.items() if name not in BUTTONS}
        case = None
        try:
            if self.way.number:
                case = self.request.services.get(CaseService).visible(self.way.number, self.request.identity)
            self.request.services.get(BookingService).save_draft(self.request.identity, values, case)
        except (Invalid, Conflict) as error:
            return self._refused(form, 422, error.message)
        self.request.flash("ok", translator(self.request)(_("The draft has been saved.")))
        return go_to(self.request, "/meetings/mine?tab=drafts")

    def _refused(self, form, status, alert="", conflict=None, url=""):
        """Show the form again after a service refused; what was written so far is undone first.

        Only then a ``conflict`` looks up what is in the way, so that nobody waits for our locks meanwhile.
        """
        self.request.roll_back()
        taken, alternatives = (conflict.taken, conflict.alternatives) if conflict else ((), ())
        return self._page(form, status, alert, taken, alternatives, url)

    def _page(self, form, status=200, alert="", taken=(), alternatives=(), url=""):
        request = self.request
        request.response.status_int = status
        offer(form, request, self.rooms)
        room = next((room for room in self.rooms if str(room.id) == form.room.data), None)
        cover = cover_url(request, room.cover) if room and room.cover else None
        when = f"{form.date.data or ''}　{form.start.data or ''} – {form.end.data or ''}" if form.date.data else ""
        path, note = self._path(room), self._path_note(room)
        return BookPage(self.way, form, room, cover, when, note, path, list(taken), list(alternatives), alert, url)

    def _path(self, room):
        if not self.way.step:
            return ()
        return path_ahead(reading(self.request), self.request.identity, room.id if room else None, self.way.step)

    def _path_note(self, room):
        """Whether anybody decides after 提交; who it is stands in the path."""
        direct = room is not None and self.request.identity.may(permissions.DIRECT, room_scope(room.id))
        return _("Valid at once, without review") if direct else _("Reviewed after you submit it")


def use_alternative(post):
    """The sent form with room and time of the alternative whose button was pressed.

    A value that is none of ours changes nothing.
    """
    post = MultiDict(post.items())
    try:
        room, start, end = post["_use"].split("|")
        start, end = dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)
    except ValueError:
        return post
    last = end - dt.timedelta(minutes=1)
    changes = {
        "room": room,
        "date": f"{start:%Y-%m-%d}",
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}" if last.date() == end.date() else "24:00",
    }
    for name in ("multiday", "end_date"):
        post.pop(name, None)
    if last.date() != start.date():
        changes |= {"multiday": "y", "end_date": f"{last:%Y-%m-%d}"}
    for name, value in changes.items():
        post[name] = value
    return post


# -- a new booking -------------------------------------------------------------------------------------------------


def _new_way(request) -> Way:
    def submit(data, _version):
        booking = request.services.get(BookingService).book(request.identity, data)
        return _filed(request, booking)

    return Way(_("Booking form"), "/meetings/book", "/meetings/", _("Submit"), submit)


def _filed(request, booking):
    case = booking.case
    waits = case.state == states.PENDING
    request.flash("ok", translator(request)(_("Submitted; waiting for review.") if waits else _("Booked.")))
    return f"/cases/{case.number}"


def new(request):
    """An empty form, or one filled from the address: room, date, part or start and end, people, svc."""
    editor = Editor(request, _new_way(request))
    return editor.show(new_values(request, editor.rooms))


def create(request):
    """The form of a new booking was sent."""
    return Editor(request, _new_way(request)).receive()


# -- a draft -------------------------------------------------------------------------------------------------------


def _draft_way(request) -> tuple[Way, dict]:
    number = request.matchdict["number"]
    services = reading(request)
    case = services.get(CaseService).visible(number, request.identity)
    _case, values = services.get(BookingService).draft(case.id, request.identity)

    def submit(data, _version):
        cases = request.services.get(CaseService)
        booking = request.services.get(BookingService).book(request.identity, data, cases.visible(number, request.identity))
        return _filed(request, booking)

    way = Way(_("Booking form"), f"/meetings/drafts/{number}", "/meetings/mine?tab=drafts", _("Submit"), submit, number)
    return way, values


def draft(request):
    """A draft is continued as it was typed."""
    way, values = _draft_way(request)
    return Editor(request, way).show(post=MultiDict(values))


def save_draft(request):
    """The form of a draft was sent."""
    way, _values = _draft_way(request)
    return Editor(request, way).receive()


# -- a change ------------------------------------------------------------------------------------------------------


def _change_way(request):
    """The way and the booking.

    404 for a booking that the person may not see, 403 for somebody else's, 409 when it can no longer be changed.
    """
    number = request.matchdict["number"]
    services = reading(request)
    booking = services.get(BookingService).get(number, request.identity)
    if request.identity.user_id not in (booking.case.applicant_id, booking.case.handler_id):
        raise Forbidden(_("Only the person who booked the room can change the booking."))
    if not CHANGES & {t.action for t in services.get(CaseService).available(booking.case, request.identity)}:
        raise Conflict(_("This booking can no longer be changed."))

    def submit(data, version):
        service = request.services.get(BookingService)
        own = service.get(number, request.identity)
        service.change(own, request.identity, data, version)
        request.flash("ok", translator(request)(_("The change has been submitted.")))
        return f"/cases/{number}"

    waits = booking.case.state == states.APPROVED and not request.identity.may(permissions.DIRECT, booking.room.scope)
    note = _("The approved room and time stay yours until the change is approved.") if waits else ""
    way = Way(
        _("Change the booking"),
        f"/meetings/change/{number}",
        f"/cases/{number}",
        _("Submit change"),
        submit,
        number,
        note,
        drafts=False,
        step="review_change" if waits else "",
    )
    return way, booking


def change(request):
    """The form of a booking, filled with what it says now."""
    way, booking = _change_way(request)
    values = form_values(of_booking(booking), request.registry.portal.clock) | {"version": str(booking.case.version)}
    return Editor(request, way, [answer.item_id for answer in booking.answers]).show(values)


def save_change(request):
    """The form of a change was sent."""
    way, booking = _change_way(request)
    return Editor(request, way, [answer.item_id for answer in booking.answers]).receive()


def includeme(config):
    """Routes and views."""
    for name, path, get, post in (
        ("book", "/meetings/book", new, create),
        ("draft", "/meetings/drafts/{number}", draft, save_draft),
        ("change", "/meetings/change/{number}", change, save_change),
    ):
        config.add_route(f"meetings.{name}", path)
        options = {"route_name": f"meetings.{name}", "renderer": TEMPLATE, "permission": permissions.CREATE}
        config.add_view(get, request_method="GET", **options)
        config.add_view(post, request_method="POST", **options)
