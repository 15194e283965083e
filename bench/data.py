"""Large data sets, written by the database itself: rooms, bookings over the years, and full inboxes."""

import datetime as dt

import sqlalchemy as sa

ROOMS = 60
PER_YEAR = 20_000
ZONE = dt.timezone(dt.timedelta(hours=8))

ADD_SPACES = sa.text("insert into meetings_space (name) select 'bench ' || n from generate_series(1, :n) n")
ADD_ROOMS = sa.text(
    """
    insert into meetings_room (name, building, floor, capacity, layouts, equipment, contact, phone, open_from, open_to,
                               buffer_before, buffer_after, restricted, active, position, note, version)
    select 'Room ' || n, 'B' || n % 4, n % 9 || 'F', 20 + n, '[]', '[]', '', '', '07:00', '22:00',
           0, 0, false, true, n, '', 1
    from generate_series(1, :n) n
    """
)
ADD_FLOORS = sa.text(
    """
    insert into meetings_room_space
    select r.id, s.id from meetings_room r join meetings_space s on s.name = 'bench ' || r.position
    """
)
ADD_CASES = sa.text(
    """
    insert into core_case (kind, number, title, summary, applicant_id, handler_id, state, state_label, tone, priority,
                           version, created, changed)
    select 'meetings.booking', :prefix || n, :title || n, '[["会议室", "东会议室"]]', :user, :user, :state, :label, 'ok', 0,
           2, :now, :now
    from generate_series(cast(:first as int), cast(:first as int) + cast(:n as int) - 1) n
    """
)
# Booking number k takes room k % 60 and, on the day that its share of the year falls on, one of three half-days in turn.
ADD_BOOKINGS = sa.text(
    """
    insert into meetings_booking (case_id, room_id, owner_id, unit_name, state, title, kind, starts_at, ends_at, people,
                                  contact, phone, leaders, confidential, note)
    select c.id, r.id, :user, '财政局', 'approved', c.title, 'work', s.at, s.at + interval '2 hours', 10,
           '张三', '13800000000', '[]', false, ''
    from core_case c
    cross join lateral (select substr(c.number, 7)::int - cast(:first as int) as n) k
    join meetings_room r on r.position = k.n % :rooms + 1
    cross join lateral (
        select date_trunc('day', cast(:start as timestamptz) + k.n * cast(:step as interval))
               + interval '1 hour' * (array[1, 6, 11])[1 + k.n / :rooms % 3] as at
    ) s
    where c.number like 'BENCH-%' and substr(c.number, 7)::int between :first and :first + :n - 1
    """
)
ADD_TASKS = sa.text(
    """
    insert into core_task (case_id, kind, step, verb, assignee_id, permission, scope, why, status, created, outcome, opinion)
    select id, 'act', 'review', '审核', :user, '', '', '', 'open', :now, '', ''
    from core_case where number like :prefix || '%'
    """
)


def add_rooms(session):
    """Sixty rooms, each on a space of its own."""
    for statement in (ADD_SPACES, ADD_ROOMS):
        session.execute(statement, {"n": ROOMS})
    session.execute(ADD_FLOORS)


def add_bookings(session, owner_id, count, monday, first):
    """``count`` approved bookings at ``PER_YEAR`` a year, the last of them half a year after ``monday``, evenly over the rooms.

    ``first`` is the number of the first one; numbers must not be used twice.
    """
    step = dt.timedelta(days=365) / PER_YEAR
    start = dt.datetime.combine(monday, dt.time(0), ZONE) + dt.timedelta(days=182) - step * count
    values = {"n": count, "user": owner_id, "start": start, "step": step, "first": first, "rooms": ROOMS}
    words = {"prefix": "BENCH-", "title": "部门工作例会 ", "state": "approved", "label": "已通过", "now": start}
    session.execute(ADD_CASES, values | words)
    session.execute(ADD_BOOKINGS, values)


def add_tasks(session, user_id, count, prefix):
    """``count`` open tasks for ``user_id``, each with its case; ``prefix`` starts the numbers of the cases."""
    values = {"n": count, "user": user_id, "prefix": prefix, "now": dt.datetime.now(dt.UTC), "first": 1}
    session.execute(ADD_CASES, values | {"title": "待审核的会议 ", "state": "pending", "label": "待审核"})
    session.execute(ADD_TASKS, values)
