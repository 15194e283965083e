"""Booking one room: through the whole portal, and by psycopg alone."""

import datetime as dt
import itertools
import time

import psycopg

from bench.client import Client, csrf_token

COUNT = 60
ZONE = dt.timezone(dt.timedelta(hours=8))
_slots = itertools.count()

MAKE_TABLES = """
    create table if not exists bench_case (like core_case including all);
    create table if not exists bench_booking (like meetings_booking including all);
    create table if not exists bench_event (like core_case_event including all);
    create table if not exists bench_task (like core_task including all);
    create table if not exists bench_hold (
        id bigint generated always as identity primary key, booking_id bigint, space_id bigint, starts_at timestamptz,
        ends_at timestamptz, exclude using gist (space_id with =, tstzrange(starts_at, ends_at) with &&))
"""
LOCK = "select id from meetings_space where id = %s for no key update"
CHECK = "select 1 from bench_hold where space_id = %s and tstzrange(starts_at, ends_at) && tstzrange(%s, %s)"
HOLD = "insert into bench_hold (booking_id, space_id, starts_at, ends_at) values (%s, %s, %s, %s)"
COUNTER = (
    "insert into core_case_counter (prefix, value) values ('BENCH', 1)"
    " on conflict (prefix) do update set value = core_case_counter.value + 1 returning value"
)
CASE = (
    "insert into bench_case (kind, number, title, summary, applicant_id, handler_id, state, state_label, tone, priority, version,"
    " created, changed) values ('meetings.booking', %s, '专题会议', '[]', 1, 1, 'pending', '待审核', 'warn', 0, 2, now(), now())"
    " returning id"
)
BOOKING = (
    "insert into bench_booking (case_id, room_id, owner_id, unit_name, state, title, kind, starts_at, ends_at, people, contact,"
    " phone, leaders, confidential, note) values (%s, %s, 1, '', 'pending', '专题会议', 'work', %s, %s, 8, '张三',"
    " '13800000000', '[]', false, '')"
)
EVENT = (
    "insert into bench_event (case_id, actor_id, action, action_label, from_state, to_state, to_label, opinion, changes, at,"
    " prev_hash, hash) values (%s, 1, 'submit', '提交', 'draft', 'pending', '待审核', '', '[]', now(), '', '')"
)
TASK = (
    "insert into bench_task (case_id, kind, step, verb, permission, scope, why, status, created, outcome, opinion)"
    " values (%s, 'act', 'review', '审核', 'meetings:booking:approve', 'meetings.room:1', '', 'open', now(), '', '')"
)


def next_slot():
    """A free half-day that nobody has used yet: ``(room number, start, end)``; far enough ahead to be outside the data set."""
    number = next(_slots)
    day = dt.datetime.now(ZONE).date() + dt.timedelta(days=200 + number // 120)
    start = dt.datetime.combine(day, dt.time(9 if number % 2 else 14), ZONE)
    return number // 2 % 60 + 1, start, start + dt.timedelta(hours=2)


def portal_bookings(address, login, password):
    """Bookings a second by a clerk who files forms one after the other over HTTP; every one must be accepted."""
    client = Client(address).log_in(login, password)
    token = csrf_token(client.get("/meetings/book")[2])
    begun = time.perf_counter()
    for _n in range(COUNT):
        room, start, end = next_slot()
        fields = {
            "csrf_token": token,
            "title": "专题会议",
            "room": room,
            "kind": "work",
            "date": f"{start:%Y-%m-%d}",
            "start": f"{start:%H:%M}",
            "end": f"{end:%H:%M}",
            "people": 8,
            "contact": "张三",
            "phone": "13800000000",
        }
        status, _headers, _body = client.post("/meetings/book", fields)
        assert status == 303, f"the booking was answered {status}"
    return COUNT / (time.perf_counter() - begun)


def bare_bookings(url, all_rows):
    """Bookings a second by psycopg alone: lock the space, check, insert, commit.

    ``all_rows``: insert what a booking consists of (number, case, booking, hold, timeline, task); else the hold alone.
    """
    with psycopg.connect(url) as connection:
        connection.execute(MAKE_TABLES)
        connection.commit()
        begun = time.perf_counter()
        for _n in range(COUNT):
            room, start, end = next_slot()
            connection.execute(LOCK, (room,))
            assert connection.execute(CHECK, (room, start, end)).fetchone() is None
            case_id = None
            if all_rows:
                number = connection.execute(COUNTER).fetchone()[0]
                case_id = connection.execute(CASE, (f"BENCH-{time.monotonic_ns()}-{number}"[:32],)).fetchone()[0]
                connection.execute(BOOKING, (case_id, room, start, end))
            connection.execute(HOLD, (case_id, room, start, end))
            if all_rows:
                connection.execute(EVENT, (case_id,))
                connection.execute(TASK, (case_id,))
            connection.commit()
        return COUNT / (time.perf_counter() - begun)
