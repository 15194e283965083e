"""领导统计 of the meeting rooms: one fact for each booking that was filed, placed at its beginning.

The definitions are those of the measures below, which the page shows. A hall and its parts count as rooms of their own.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal_core.api import (
    CalendarService,
    Case,
    CaseEvent,
    Chart,
    Column,
    Dataset,
    DictionaryService,
    Dimension,
    Evaluation,
    Services,
    User,
    count,
    minutes_between,
    ratio,
    share,
    total,
)
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Closure, Room
from portal_meetings.services import states as s
from portal_meetings.services.data import KIND_DICTIONARY
from portal_meetings.services.ratings import FORM

SATISFIED = 4
HELD = (s.ENDED, s.RATED)
MEETINGS = (s.APPROVED, s.CHANGE_PENDING, *HELD)

Span = tuple[dt.date, dt.date]


def open_minutes(services: Services, spans: Sequence[Span]) -> list[Mapping[int, int]]:
    """For each span of days the minutes during which each room in use is open, by the room's id.

    A room is open from its opening to its closing time on working days of the calendar, except while it is closed (停用).
    Costs three statements, whatever the spans.
    """
    session, clock = services.session, services.clock
    first, after = min(span[0] for span in spans), max(span[1] for span in spans)
    rooms = session.execute(sa.select(Room.id, Room.open_from, Room.open_to).where(Room.active)).all()
    calendar = services.get(CalendarService)
    days = [day for day in _days(first, after) if calendar.is_working_day(day)]
    worked = [sum(start <= day < end for day in days) for start, end in spans]
    closed = _closed_minutes(
        services, {room.id: room for room in rooms}, days, (clock.at(first, dt.time()), clock.at(after, dt.time()))
    )
    found: list[Mapping[int, int]] = []
    for (start, end), count_of_days in zip(spans, worked, strict=True):
        shut = {room: sum(minutes for day, minutes in by_day.items() if start <= day < end) for room, by_day in closed.items()}
        found.append({room.id: count_of_days * _open(room) - shut.get(room.id, 0) for room in rooms})
    return found


def _days(first: dt.date, after: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range((after - first).days)]


def _open(room: Any) -> int:
    """Minutes from opening to closing; closing at midnight is stored as 0:00."""
    opening, closing = (time.hour * 60 + time.minute for time in (room.open_from, room.open_to))
    return (closing or 24 * 60) - opening


def _closed_minutes(
    services: Services, rooms: Mapping[int, Any], days: Sequence[dt.date], within: tuple[dt.datetime, dt.datetime]
) -> dict[int, dict[dt.date, int]]:
    """By room and working day: minutes of its open time that closures take away. Closures that overlap count once."""
    clock, working = services.clock, set(days)
    closures = services.session.execute(
        sa.select(Closure.room_id, Closure.starts_at, Closure.ends_at)
        .where(Closure.cancelled.is_(None), Closure.starts_at < within[1], Closure.ends_at > within[0])
        .order_by(Closure.starts_at)
    ).all()
    found: dict[int, dict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
    until: dict[int, dt.datetime] = {}
    for room_id, starts, ends in closures:
        room = rooms.get(room_id)
        begins, stops = max(starts, until.get(room_id, starts), within[0]), min(ends, within[1])
        if room is None or begins >= stops:
            continue
        until[room_id] = stops
        for day in _days(clock.local(begins).date(), clock.local(stops).date() + dt.timedelta(days=1)):
            if day in working:
                opening = clock.at(day, room.open_from)
                closing = opening + dt.timedelta(minutes=_open(room))
                shut = min(stops, closing) - max(begins, opening)
                found[room_id][day] += max(shut // dt.timedelta(minutes=1), 0)
    return found


def _facts() -> Any:
    was_approved = sa.exists().where(CaseEvent.case_id == Booking.case_id, CaseEvent.to_state == s.APPROVED).correlate(Booking)
    cancelled = sa.and_(Booking.state == s.CANCELLED, was_approved)
    is_meeting = Booking.state.in_(MEETINGS)
    answers = [Evaluation.answers[question.code].as_integer() for question in FORM.questions]
    answered = sum((sa.case((answer.is_(None), 0), else_=1) for answer in answers), sa.literal(0))
    pleased = sum((sa.case((answer >= SATISFIED, 1), else_=0) for answer in answers), sa.literal(0))
    rated = sa.and_(
        Evaluation.form_code == s.RATING_FORM,
        Evaluation.subject == sa.literal("case:").concat(sa.cast(Booking.case_id, sa.String())),
        Evaluation.rater_id == Booking.owner_id,
    )
    return (
        sa.select(
            Booking.case_id.label("key"),
            Booking.starts_at.label("at"),
            Booking.unit_id.label("department_id"),
            Booking.owner_id.label("owner_id"),
            Booking.room_id.label("room"),
            Booking.kind.label("kind"),
            Booking.state.label("state"),
            Booking.people.label("people"),
            Booking.confidential.label("confidential"),
            Case.number.label("number"),
            # The case's title says nothing of a confidential meeting.
            Case.title.label("title"),
            User.name.label("owner"),
            _flag(is_meeting, "meeting"),
            sa.case((is_meeting, minutes_between(Booking.starts_at, Booking.ends_at)), else_=0).label("minutes"),
            sa.case((Booking.state.in_((*MEETINGS, s.NO_SHOW)), 1), (cancelled, 1), else_=0).label("confirmed"),
            _flag(cancelled, "cancelled"),
            _flag(Booking.state.in_((*HELD, s.NO_SHOW)), "over"),
            _flag(Booking.state == s.NO_SHOW, "no_show"),
            answered.label("answered"),
            pleased.label("pleased"),
        )
        .join(Case, Case.id == Booking.case_id)
        .join(User, User.id == Booking.owner_id)
        .outerjoin(Evaluation, rated)
    )


def _flag(condition: sa.ColumnElement[bool], name: str) -> sa.Label[int]:
    return sa.case((condition, 1), else_=0).label(name)


def _rooms(services: Services) -> dict[int, str]:
    return dict(services.session.execute(sa.select(Room.id, Room.name).order_by(Room.position, Room.id)).all())


def _states(_services: Services) -> dict[str, str]:
    # The flow itself needs the services that are declared here, so it is asked for late.
    from portal_meetings.flow import STATES

    return {state.code: state.label for state in STATES}


def _kinds(services):
    return {kind.code: kind.label for kind in services.get(DictionaryService).entries(KIND_DICTIONARY)}


BOOKINGS = Dataset(
    code="meetings.bookings",
    title=_("Meetings"),
    permission=permissions.VIEW_STATISTICS,
    select=_facts(),
    dimensions=(
        Dimension("room", _("Meeting room"), _rooms),
        Dimension("kind", _("Kind of meeting"), _kinds),
        Dimension("state", _("State"), _states),
    ),
    measures=(
        count(
            "meetings",
            _("Meetings held"),
            "meeting",
            unit=_("meetings"),
            definition=_("Bookings that were approved and neither cancelled nor marked as not used, by their beginning."),
        ),
        total(
            "hours",
            _("Hours of meetings"),
            "minutes",
            scale=60,
            decimals=1,
            unit=_("hours"),
            definition=_("The time for which meetings are booked."),
        ),
        share(
            "occupancy",
            _("Occupancy of open hours"),
            "minutes",
            open_minutes,
            "room",
            definition=_(
                "Hours of meetings / open hours of the rooms in use: from opening to closing time on working days, without"
                " closures. Meetings on days off count too, so it can exceed 100 %."
            ),
        ),
        ratio(
            "satisfaction",
            _("Satisfaction rate"),
            "pleased",
            "answered",
            better="up",
            definition=_("Answers of satisfied or better / answers."),
        ),
        ratio(
            "cancel_rate",
            _("Cancel rate"),
            "cancelled",
            "confirmed",
            better="down",
            definition=_("Cancelled after approval / approved."),
        ),
        ratio(
            "no_show_rate",
            _("No-show rate"),
            "no_show",
            "over",
            better="down",
            definition=_("Marked as not used / held or marked as not used."),
        ),
    ),
    columns=(
        Column("number", _("Case number")),
        Column("title", _("Name of the meeting")),
        Column("room", _("Meeting room"), "label"),
        Column("department_id", _("Unit"), "label"),
        Column("owner", _("Booked by")),
        Column("at", _("Start time"), "moment"),
        Column("minutes", _("Minutes"), "number"),
        Column("people", _("Number of people"), "number"),
        Column("kind", _("Kind of meeting"), "label"),
        Column("state", _("State"), "label"),
        Column("pleased", _("Satisfied answers"), "number"),
        Column("answered", _("Answers"), "number"),
    ),
    charts=(
        Chart(_("Meetings over time"), "bar", ("meetings", "hours")),
        Chart(_("Kinds of meetings"), "pie", ("meetings",), "kind"),
        Chart(_("Use of the meeting rooms"), "meter", ("occupancy", "meetings", "hours", "satisfaction", "no_show_rate"), "room"),
        Chart(_("By department"), "table", ("meetings", "hours", "cancel_rate", "no_show_rate", "satisfaction"), "department_id"),
    ),
    tiles=("meetings", "hours", "occupancy", "satisfaction", "cancel_rate", "no_show_rate"),
    # Whoever may read statistics may not read every confidential meeting; its case page would be closed to them.
    url=lambda row: "" if row.confidential else f"/cases/{row.number}",
    owners=("owner_id",),
    order=10,
)
