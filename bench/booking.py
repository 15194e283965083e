"""Booking one room: through the whole portal, and by the barest transaction that is still safe."""

import datetime as dt
import itertools
import time

import psycopg

from bench.client import Client, csrf_token

COUNT = 60
ZONE = dt.timezone(dt.timedelta(hours=8))
_slots = itertools.count()


def next_slot():
    """A free half-day that nobody has used yet: ``(room number, start, end)``; far enough ahead to be outside the data set."""
    number = next(_slots)
    day = dt.date.today() + dt.timedelta(days=200 + number // 120)
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
            "csrf_token": token, "title": "专题会议", "room": room, "kind": "work", "date": f"{start:%Y-%m-%d}", "start": f"{start:%H:%M}",
            "end": f"{end:%H:%M}", "people": 8, "contact": "张三", "phone": "13800000000",
        }
        status, _headers, _body = client.post("/meetings/book", fields)
        assert status == 303, f"the booking was answered {status}"
    return COUNT / (time.perf_counter() - begun)


def bare_bookings(url):
    """Bookings a second by psycopg alone: lock the space, check, insert a hold, commit."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "create table if not exists bench_hold (id bigint generated always as identity primary key, space_id bigint, starts_at timestamptz, ends_at timestamptz,"
            " exclude using gist (space_id with =, tstzrange(starts_at, ends_at) with &&))"
        )
        connection.commit()
        begun = time.perf_counter()
        for _n in range(COUNT):
            room, start, end = next_slot()
            connection.execute("select id from meetings_space where id = %s for no key update", (room,))
            taken = "select 1 from bench_hold where space_id = %s and tstzrange(starts_at, ends_at) && tstzrange(%s, %s)"
            assert connection.execute(taken, (room, start, end)).fetchone() is None
            connection.execute("insert into bench_hold (space_id, starts_at, ends_at) values (%s, %s, %s)", (room, start, end))
            connection.commit()
        return COUNT / (time.perf_counter() - begun)
