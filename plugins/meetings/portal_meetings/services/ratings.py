"""满意度评价: the questionnaire about one's own meetings that are over."""

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.api import (
    Case,
    CaseService,
    Choice,
    Conflict,
    EvaluationForm,
    FollowUp,
    Question,
    RatingTask,
    RightsService,
    Services,
    Subject,
)
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import Booking, Room, room_scope
from portal_meetings.services import states as s
from portal_meetings.services.lifecycle import catch_up

# A meeting that is over by the clock may be rated even if the job that ends it has not run yet.
RATEABLE = (s.APPROVED, s.CHANGE_PENDING, s.ENDED, s.RATED)
NEWEST = 200


def subjects(session: Session, user_id: int, now: dt.datetime) -> Sequence[Subject]:
    """The person's own meetings that are over, the last one first."""
    rows = session.execute(_meetings(Booking.owner_id == user_id, now).order_by(Booking.starts_at.desc()).limit(NEWEST))
    return [_subject(row) for row in rows]


def find(session: Session, user_id: int, key: str, now: dt.datetime) -> Subject | None:
    """The meeting with the key ``case:<id>`` if this person may rate it, else None.

    The task to rate is with the case's handler, who is another person than the owner after a hand-over (离岗交接).
    """
    case_id, theirs = _case_id(key), sa.or_(Booking.owner_id == user_id, Case.handler_id == user_id)
    row = session.execute(_meetings(theirs, now).where(Booking.case_id == case_id)).first() if case_id else None
    return _subject(row) if row else None


def scope(session: Session, key: str) -> str:
    """The room of the meeting: its administrators see the rating and answer a low one."""
    return room_scope(session.scalars(sa.select(Booking.room_id).where(Booking.case_id == _case_id(key))).one())


def answered(services: Services, subject: Subject, user_id: int, answers: Mapping[str, int]) -> None:
    """Close the case of a meeting that was rated, in the answer's transaction. Raises Conflict when it can no longer be rated."""
    cases = services.get(CaseService)
    case = cases.get(_case_id(subject.key))
    catch_up(services, case)
    if case.state == s.RATED:
        return
    if case.state != s.ENDED:
        raise Conflict(_("This meeting can no longer be rated."))
    cases.perform(case, "rate", services.get(RightsService).identity_of(user_id))


FORM = EvaluationForm(
    code=s.RATING_FORM,
    version=1,
    title=_("Satisfaction with the meeting service"),
    questions=(
        Question("room", _("Room set-up and cleanliness")),
        Question("tea", _("Tea and water")),
        Question("technology", _("Sound, projection and network")),
        Question("staff", _("Attitude of the staff")),
        Question("response", _("Promptness of response and support")),
    ),
    scale=(
        Choice(5, _("Very satisfied")),
        Choice(4, _("Satisfied")),
        Choice(3, _("Fairly satisfied")),
        Choice(2, _("Dissatisfied")),
    ),
    subjects=subjects,
    find=find,
    comment_label=_("Comments and suggestions"),
    edit_days=7,
    answered=answered,
    scope=scope,
    results_permission=permissions.MANAGE_ROOM,
    follow_up=FollowUp(permissions.MANAGE_ROOM),
    task=RatingTask(s.KIND, "rate", close="close_rating"),
)


def _meetings(whose, now):
    return (
        sa.select(Booking.case_id, Booking.title, Booking.starts_at, Booking.ends_at, Room.name.label("room"), Case.number)
        .join(Room, Room.id == Booking.room_id)
        .join(Case, Case.id == Booking.case_id)
        .where(whose, Booking.state.in_(RATEABLE), Booking.ends_at <= now)
    )


def _subject(row):
    return Subject(f"case:{row.case_id}", row.title, row.room, row.ends_at + s.RATING_TIME, f"/cases/{row.number}")


def _case_id(key):
    kind, _colon, number = key.partition(":")
    return int(number) if kind == "case" and number.isascii() and number.isdigit() and len(number) < 19 else 0
