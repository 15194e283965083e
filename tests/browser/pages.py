"""Every page of the portal that a person can open, as each of the demo's accounts, for tests and for screenshots."""

import datetime as dt
from dataclasses import replace

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.api import Case, RightsService
from portal_meetings.models import Booking, Room
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import of_booking
from tests import parts
from tests.tables import Page

# The four that people see every day are tested in every appearance.
MAIN = (
    Page("home", "meetings-admin", "/"),
    Page("week", "staff", "/meetings/"),
    Page("book", "staff", "/meetings/book?room={room}&date={day}&part=am"),
    Page("case", "meetings-admin", "/cases/{to_review}"),
)

OTHERS = (
    Page("login", None, "/login"),
    Page("login-captcha", None, "/login?captcha=picture"),
    Page("missing", "staff", "/nowhere", 404),
    Page("forbidden", "staff", "/meetings/admin/rooms", 403),
    Page("foreign-case", "staff", "/cases/{of_another}", 404),
    Page("home-staff", "staff", "/"),
    Page("home-leader", "leader", "/"),
    Page("home-admin", "admin", "/"),
    Page("services", "staff", "/services"),
    Page("inbox-todo", "meetings-admin", "/inbox?tab=todo"),
    Page("inbox-done", "meetings-admin", "/inbox?tab=done"),
    Page("inbox-mine", "staff", "/inbox?tab=mine"),
    Page("inbox-read", "staff", "/inbox?tab=read"),
    Page("inbox-drafts", "staff", "/inbox?tab=draft"),
    Page("inbox-empty", "admin", "/inbox?tab=todo"),
    Page("case-own", "staff", "/cases/{approved}"),
    Page("case-change", "meetings-admin", "/cases/{changed}"),
    Page("case-ended", "staff", "/cases/{ended}"),
    Page("notifications", "staff", "/notifications"),
    Page("me", "staff", "/me"),
    Page("password", "staff", "/account/password"),
    Page("week-7", "staff", "/meetings/?days=7"),
    Page("week-next", "leader", "/meetings/?date={next_week}"),
    Page("week-empty", "staff", "/meetings/?seats=500"),
    Page("day", "staff", "/meetings/?view=day"),
    Page("list", "staff", "/meetings/?view=list"),
    Page("book-empty", "staff", "/meetings/book"),
    Page("draft", "staff", "/meetings/drafts/{draft}"),
    Page("mine", "staff", "/meetings/mine"),
    Page("mine-all", "staff", "/meetings/mine?tab=all"),
    Page("mine-drafts", "staff", "/meetings/mine?tab=drafts"),
    Page("change", "staff", "/meetings/change/{approved}"),
    Page("cancel", "staff", "/meetings/cancel/{approved}"),
    Page("booking", "staff", "/meetings/bookings/{approved_id}"),
    Page("find", "staff", "/meetings/find"),
    Page("find-result", "staff", "/meetings/find?people=50&date={day}&part=pm"),
    Page("room", "staff", "/meetings/rooms/{room}"),
    Page("ratings", "staff", "/meetings/ratings"),
    Page("ratings-done", "staff", "/meetings/ratings?tab=done"),
    Page("rate", "staff", "/evaluations/meetings.satisfaction/case:{ended_id}"),
    Page("rate-again", "staff", "/evaluations/meetings.satisfaction/case:{rated_id}"),
    Page("pending", "meetings-admin", "/meetings/pending"),
    Page("admin-rooms", "meetings-admin", "/meetings/admin/rooms"),
    Page("admin-room-new", "meetings-admin", "/meetings/admin/rooms/new"),
    Page("admin-room", "meetings-admin", "/meetings/admin/rooms/{room}"),
    Page("admin-pictures", "meetings-admin", "/meetings/admin/rooms/{room}/pictures"),
    Page("admin-rights", "admin", "/meetings/admin/rooms/{room}/rights"),
    Page("admin-closures", "meetings-admin", "/meetings/admin/rooms/{closed_room}/closures"),
    Page("admin-services", "meetings-admin", "/meetings/admin/services"),
    Page("admin", "admin", "/admin/"),
)

ALL = MAIN + OTHERS + parts.joined("BROWSER")


def address(page, found):
    """The page's path with the ``places`` filled in."""
    return page.path.format_map(found)


def places(app):
    """Numbers and ids that the demo gave to what the pages show; adds a draft and a change, which the demo has not.

    ``app`` is a ``PortalApp`` over the demo's database.
    """
    today, now = app.portal.clock.today(), app.portal.clock.now()
    with app.services() as services:
        session = services.session
        rooms = dict(session.execute(sa.select(Room.name, Room.id)).all())
        changed, approved = _cases(session, "staff", "approved", now)[:2]
        ended, rated = (_cases(session, "staff", state)[-1] for state in ("ended", "rated"))
        staff = services.get(RightsService).identity_of(approved.applicant_id)
        draft = services.get(BookingService).save_draft(staff, {"title": "年终总结会", "room": str(rooms["东会议室"])})
        _request_change(services, staff, changed.number)
        found = {
            "room": rooms["东会议室"],
            "closed_room": rooms["接待室"],
            "day": today + dt.timedelta(days=2),
            "next_week": today + dt.timedelta(days=7),
            "to_review": _cases(session, "leader", "pending")[0].number,
            "of_another": _cases(session, "leader", "approved")[0].number,
            "approved": approved.number,
            "approved_id": approved.id,
            "changed": changed.number,
            "ended": ended.number,
            "ended_id": ended.id,
            "rated_id": rated.id,
            "draft": draft.number,
        }
        parts.each("places", services, found)
        return found


def _cases(session, login, state, after=None):
    """Cases of one person's bookings in one state, in the order of the meetings; those that begin ``after`` a moment."""
    query = sa.select(Case).join(Booking, Booking.case_id == Case.id).join(Booking.owner)
    query = query.where(User.login == login, Booking.state == state).order_by(Booking.starts_at)
    return session.scalars(query if after is None else query.where(Booking.starts_at > after)).all()


def _request_change(services, identity, number):
    service = services.get(BookingService)
    booking = service.get(number, identity)
    data = of_booking(booking)
    later = replace(data, people=data.people + 1, ends_at=data.ends_at + dt.timedelta(minutes=30))
    service.change(booking, identity, later, booking.case.version)
