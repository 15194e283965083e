"""Invented bookings of two months behind us and some weeks ahead, made through the services as people would have made them, at
the times they would have.

The choice depends on the date alone, so a second run finds what the first one made, and a run on a later day adds the days
that have come into sight. Where somebody booked meanwhile, the demo steps back.
"""

import datetime as dt
import random

import sqlalchemy as sa

from portal_core.api import SYSTEM, CaseService, Conflict, EvaluationService, FixedClock, RightsService, Services
from portal_meetings.models import Booking, Closure
from portal_meetings.services.bookings import BookingService, SlotTaken
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.data import BookingData
from portal_meetings.services.lifecycle import finish_ended
from portal_meetings.services.states import APPROVED, RATING_FORM

DAYS_BACK, DAYS_AHEAD = 14, 16
# What lies before that is told by the statistics only: fewer meetings a day, all of them brought to their end.
HISTORY_DAYS = 61
TITLES = {
    "demo-sfb": ("市政府常务会议", "全市经济工作会议", "重点项目调度会"),
    "demo-czj": ("处室周例会", "预算编制讨论", "国库集中支付培训"),
    "demo-fgw": ("项目评审会", "十五五规划专题会", "营商环境座谈会"),
    "demo-rsj": ("职称评审工作会", "社保政策解读会"),
    "demo-yjj": ("防汛防台工作总结会", "省视频调度会", "安全生产例会"),
    "demo-xfj": ("信访工作例会", "矛盾化解协调会"),
    "demo-nyj": ("东西部协作视频会", "秋收工作部署会"),
    "demo-zgh": ("年度文艺汇演排练", "劳模座谈会"),
    "demo-wjw": ("健康讲座", "医改工作推进会"),
    "staff": ("食堂满意度座谈会", "后勤服务平台培训", "采购需求论证", "物业服务例会"),
    "staff2": ("机关党建工作部署会", "主题党日活动"),
    "leader": ("专题办公会",),
}
PARTS = (
    (dt.time(9, 0), dt.time(11, 30)),
    (dt.time(14, 0), dt.time(16, 30)),
    (dt.time(14, 30), dt.time(17, 0)),
    (dt.time(18, 30), dt.time(20, 30)),
)
KINDS = ("work", "work", "work", "train", "party", "video")


def add_bookings(session, context, rooms, items) -> None:
    """Make the bookings around today and those behind us, one closed room, and the ratings of some meetings that are over."""
    today = context.clock.today()
    _close_one_room(session, context, rooms, today)
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        day = today + dt.timedelta(days=offset)
        if day.weekday() < 5:
            for plan in _plans(day, rooms, items, context.clock):
                _make(session, context, day, plan)
    session.flush()
    finish_ended(session, context.portal, context.clock)
    _rate_some(session, context)
    for offset in range(-HISTORY_DAYS, -DAYS_BACK):
        day = today + dt.timedelta(days=offset)
        if day.weekday() < 5:
            for plan in _plans(day, rooms, items, context.clock, meetings=4):
                _conclude(session, context, _make(session, context, day, plan))


def _plans(day, rooms, items, clock, meetings=6):
    """What is booked on ``day``: ``(login, BookingData, how it ends)``, chosen by the date."""
    chance = random.Random(f"portal-demo-{day:%Y%m%d}")  # noqa: S311 - the same choice for the same day
    for room in chance.sample(sorted(rooms.values(), key=lambda r: r.position), k=meetings):
        start, end = chance.choices(PARTS, weights=(5, 4, 3, 1))[0]
        login = chance.choice(sorted(TITLES))
        chosen = chance.sample(sorted(items.values(), key=lambda i: i.position), k=chance.randint(0, 3))
        data = BookingData(
            room_id=room.id,
            title=chance.choice(TITLES[login]),
            kind=chance.choice(KINDS),
            starts_at=clock.at(day, start),
            ends_at=clock.at(day, end),
            people=max(3, int(room.capacity * chance.uniform(0.3, 0.95))),
            contact="",
            phone="",
            leaders=(),
            confidential=chance.random() < 0.06,
            note="",
            services={item.id: "按参会名单准备" if item.question else "" for item in chosen},
        )
        yield login, data, chance.choices(("approve", "wait", "reject", "cancel"), weights=(12, 4, 1, 1))[0]


def _make(session, context, day, plan):
    """The booking that was made, or None when it is known already or cannot be made."""
    login, data, ending = plan
    user = context.users[login]
    known = sa.select(Booking.case_id).where(
        Booking.room_id == data.room_id, Booking.starts_at == data.starts_at, Booking.owner_id == user.id
    )
    if session.scalar(known.limit(1)) is not None:
        return None
    # Filed three days before the meeting in the morning, but never in the future: then it was filed this morning.
    filed = min(
        data.starts_at - dt.timedelta(days=3, hours=data.starts_at.hour % 3), context.clock.now() - dt.timedelta(minutes=90)
    )
    if filed >= data.starts_at:
        return None
    owner = _identity(session, context, filed, user)
    data = data.with_contact(user.name, user.phone)
    try:
        with session.begin_nested():
            booking = _services(session, context, filed).get(BookingService).book(owner, data)
    except SlotTaken:
        return None
    if ending == "wait" and data.starts_at > context.clock.now():
        return booking
    _decide(session, context, booking, filed + dt.timedelta(hours=1), "approve" if ending == "wait" else ending)
    return booking


def _conclude(session, context, booking):
    """What became of a meeting of the past: held and rated, or marked as not used."""
    if booking is None or booking.state != APPROVED:
        return
    chance = random.Random(f"end-{booking.title}-{booking.starts_at:%Y%m%d%H}-{booking.room_id}")  # noqa: S311 - the same each time
    services = _services(session, context, booking.ends_at + dt.timedelta(minutes=5))
    cases = services.get(CaseService)
    case = cases.get(booking.case_id)
    if chance.random() < 0.05:
        approver = _identity(session, context, booking.ends_at, context.users["meetings-admin"])
        cases.perform(case, "no_show", approver, opinion="会议室无人使用。")
        return
    cases.perform(case, "finish", SYSTEM)
    later = _services(session, context, booking.ends_at + dt.timedelta(hours=chance.randrange(1, 90)))
    form = context.portal.evaluation_forms[RATING_FORM]
    owner = later.get(RightsService).identity_of(booking.owner_id)
    later.get(EvaluationService).answer(form.code, f"case:{booking.case_id}", owner, _scores(form, chance, unhappy=0), "")


def _scores(form, chance, unhappy=0.3):
    """Mostly content. Who was ``unhappy`` long ago has had an answer; the demo shows only what is still to be answered."""
    values, weights = [choice.value for choice in form.scale], (8, 5, 2, unhappy)
    return {question.code: chance.choices(values, weights=weights)[0] for question in form.questions}


def _decide(session, context, booking, moment, ending):
    services = _services(session, context, moment)
    cases = services.get(CaseService)
    case = cases.get(booking.case_id)
    approver = _identity(session, context, moment, context.users["meetings-admin"])
    if ending == "reject":
        cases.perform(case, "reject", approver, opinion="与全市重要会议时间冲突，请另选会议室。")
        return
    cases.perform(case, "approve", approver, opinion="同意")
    if ending == "cancel":
        owner = _identity(session, context, moment, next(u for u in context.users.values() if u.id == booking.owner_id))
        later = _services(session, context, moment + dt.timedelta(minutes=20))
        later.get(BookingService).cancel(booking, owner, "moved", "", case.version)


def _rate_some(session, context):
    """Answer the questionnaire for half of the meetings that are over, mostly content."""
    services = _services(session, context, context.clock.now())
    evaluations = services.get(EvaluationService)
    form = context.portal.evaluation_forms[RATING_FORM]
    for user in context.users.values():
        identity = _identity(session, context, context.clock.now(), user)
        for subject, answer in evaluations.subjects(form.code, identity):
            chance = random.Random(f"rate-{subject.key}-{subject.title}")  # noqa: S311 - the same choice each time
            if answer is not None or chance.random() < 0.5:
                continue
            try:
                with session.begin_nested():
                    evaluations.answer(form.code, subject.key, identity, _scores(form, chance), "")
            except Conflict:
                continue


def _close_one_room(session, context, rooms, today):
    """The reception room is painted on two days of next week."""
    monday = today + dt.timedelta(days=7 - today.weekday())
    start, end = context.clock.at(monday, dt.time(8, 0)), context.clock.at(monday + dt.timedelta(days=1), dt.time(18, 0))
    room = rooms["接待室"]
    if session.scalar(sa.select(Closure.id).where(Closure.room_id == room.id, Closure.starts_at == start).limit(1)) is None:
        admin = _identity(session, context, context.clock.now(), context.users["meetings-admin"])
        _services(session, context, context.clock.now()).get(ClosureService).close(room.id, start, end, "墙面粉刷", admin)


def _services(session, context, moment):
    return Services(session, context.portal, FixedClock(moment, context.clock.zone.key))


def _identity(session, context, moment, user):
    return _services(session, context, moment).get(RightsService).identity_of(user.id)
