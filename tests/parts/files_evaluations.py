"""Tables of the tests for files, results of evaluations and follow-ups; see tests.parts."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.evaluations.follow_ups import FollowUpService
from portal_core.evaluations.models import FollowUpRow
from portal_core.evaluations.services import EvaluationService
from portal_core.files.models import FileScan
from portal_core.inbox.models import Case
from portal_meetings.models import Booking
from portal_meetings.services.lifecycle import finish_ended
from portal_meetings.services.states import RATING_FORM, RATING_TIME
from tests.tables import Form, Page

# Kept uploads are not among them: it is a refused form that makes them.
WRITTEN = (FollowUpRow, FileScan)
RESULTS = f"/evaluations/{RATING_FORM}/results"
# Leaders and administrators see all results, a room's keeper those of the room.
VIEWERS = ("leader", "admin", "meetings-admin", "keeper")
# The rater, whoever manages the room, and who may read every case.
FOLLOWERS = ("staff", "meetings-admin", "admin", "keeper", "leader")
LOW = {"room": 5, "tea": 2, "technology": 4, "staff": 5, "response": 3}

PAGES = {
    "GET core.admin.evaluations": ("/admin/evaluations", ("admin",)),
    "GET core.results": (RESULTS, VIEWERS),
    "GET core.results.answers": (f"{RESULTS}/answers?question=tea&value=2", VIEWERS),
    "GET core.results.follow_ups": (f"{RESULTS}/follow-ups", VIEWERS),
    "GET core.follow_up": ("/followups/{more[follow_up]}", FOLLOWERS),
    "POST core.follow_up": ("/followups/{more[follow_up]}", FOLLOWERS),
    "GET core.admin.files": ("/admin/files", ("admin",)),
    "POST core.admin.files": ("/admin/files", ("admin",)),
}


def furnish(scene):
    """A meeting of staff in the first room, rated low; its follow-up waits for the room's administrators."""
    scene.more["follow_up"] = follow_up(scene)[0]


def follow_up(scene):
    """Number and version of a new follow-up."""
    now = scene.app.portal.clock.now()
    number = _past_meeting(scene, now)
    with scene.services() as services:
        evaluations, staff = services.get(EvaluationService), scene.people["staff"].identity
        given = evaluations.answer(RATING_FORM, f"case:{scene.ids[number]}", staff, LOW, "茶水凉了")
        case = services.get(FollowUpService).of_answer(given).case
        scene.ids[case.number] = case.id
        return case.number, case.version


def _past_meeting(scene, now):
    """A meeting that has ended and was approved in time; each gets an hour of its own on days that are over."""
    made = scene.more.setdefault("past_meetings", [])
    made.append(len(made))
    day, hour = divmod(made[-1], 10)
    start = (-2 - day, 8 + hour)
    number = scene.book("staff", scene.rooms.first, start, hours=1, moment=now - dt.timedelta(days=20))
    scene.act("meetings-admin", number, "approve", moment=now - dt.timedelta(days=19))
    with scene.services() as services:
        finish_ended(services.session, scene.app.portal, services.clock)
    return number


def _answer(scene):
    number, version = follow_up(scene)
    return f"/followups/{number}", {"opinion": "已更换保温壶并培训人员", "version": str(version)}


FORMS = {"follow-up": Form("meetings-admin", _answer)}

BROWSER = (
    Page("admin-evaluations", "admin", "/admin/evaluations"),
    Page("results", "meetings-admin", RESULTS),
    Page("results-answers", "leader", f"{RESULTS}/answers?comments=1"),
    Page("results-follow-ups", "leader", f"{RESULTS}/follow-ups"),
    Page("follow-up", "meetings-admin", "/followups/{low}"),
    Page("follow-up-case", "meetings-admin", "/cases/{low}"),
    Page("rated-low", "staff", f"/evaluations/{RATING_FORM}/case:{{low_id}}"),
    Page("admin-files", "admin", "/admin/files"),
)


def places(services, found):
    """A meeting of staff's that can still be rated is rated low; not the one that other pages show as not rated."""
    query = (
        sa.select(Case)
        .join(Booking, Booking.case_id == Case.id)
        .join(User, User.id == Booking.owner_id)
        .where(User.login == "staff", Booking.state == "ended", Booking.case_id != found["ended_id"])
        .where(Booking.ends_at > services.clock.now() - RATING_TIME)
        .order_by(Booking.starts_at.desc())
    )
    case = services.session.scalars(query).first()
    staff = services.get(RightsService).identity_of(case.applicant_id)
    given = services.get(EvaluationService).answer(RATING_FORM, f"case:{case.id}", staff, LOW, "茶水凉了，第二壶没有人加。")
    found["low"], found["low_id"] = services.get(FollowUpService).of_answer(given).case.number, case.id
