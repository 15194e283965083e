"""Large data sets, written by the database itself: rooms, bookings over the years, and full inboxes."""

import datetime as dt

import sqlalchemy as sa

ROOMS = 60
PER_YEAR = 20_000
ZONE = dt.timezone(dt.timedelta(hours=8))


def add_rooms(session):
    """Sixty rooms, each on a space of its own; returns their ids."""
    session.execute(sa.text("insert into meetings_space (name) select 'bench ' || n from generate_series(1, :n) n"), {"n": ROOMS})
    session.execute(
        sa.text(
            "insert into meetings_room (name, building, floor, capacity, layouts, equipment, contact, phone, open_from, open_to, buffer_before,"
            " buffer_after, restricted, active, position, note, version) select 'Room ' || n, 'B' || n % 4, n % 9 || 'F', 20 + n, '[]', '[]', '', '',"
            " '07:00', '22:00', 0, 0, false, true, n, '', 1 from generate_series(1, :n) n"
        ),
        {"n": ROOMS},
    )
    session.execute(sa.text("insert into meetings_room_space select r.id, s.id from meetings_room r join meetings_space s on s.name = 'bench ' || r.position"))
    return list(session.scalars(sa.text("select id from meetings_room order by id")))


def add_bookings(session, owner_id, count, monday, first_number):
    """``count`` approved bookings at ``PER_YEAR`` a year, the newest of them in the year around ``monday``, evenly over the rooms.

    Every 2.5 hours of a seven-day week is a slot; one booking a slot, room after room, so nothing overlaps.
    """
    step = dt.timedelta(days=365) / PER_YEAR
    start = dt.datetime.combine(monday, dt.time(0), ZONE) + dt.timedelta(days=182) - step * count
    parameters = {"n": count, "owner": owner_id, "start": start, "step": step, "first": first_number, "rooms": ROOMS}
    session.execute(
        sa.text(
            "insert into core_case (kind, number, title, summary, applicant_id, handler_id, state, state_label, tone, priority, version, created, changed)"
            " select 'meetings.booking', 'BENCH-' || n, '部门工作例会 ' || n, '[]', :owner, :owner, 'approved', '已通过', 'ok', 0, 2, :start, :start"
            " from generate_series(:first, :first + :n - 1) n"
        ),
        parameters,
    )
    session.execute(
        sa.text(
            "insert into meetings_booking (case_id, room_id, owner_id, unit_name, state, title, kind, starts_at, ends_at, people, contact, phone,"
            " leaders, confidential, note)"
            " select c.id, r.id, :owner, '财政局', 'approved', c.title, 'work', s.at, s.at + interval '2 hours', 10, '张三', '13800000000', '[]', false, ''"
            " from core_case c, lateral (select substr(c.number, 7)::int - :first as n) k"
            " join meetings_room r on r.position = k.n % :rooms + 1,"
            " lateral (select date_trunc('day', :start + k.n * :step) + interval '1 hour' * (array[1, 6, 11])[1 + k.n / :rooms % 3] as at) s"
            " where c.number like 'BENCH-%' and substr(c.number, 7)::int between :first and :first + :n - 1"
        ),
        parameters,
    )


def add_tasks(session, user_id, count, prefix):
    """``count`` open tasks for ``user_id``, each with its case."""
    parameters = {"n": count, "user": user_id, "prefix": prefix, "now": dt.datetime.now(dt.UTC)}
    session.execute(
        sa.text(
            "insert into core_case (kind, number, title, summary, applicant_id, handler_id, state, state_label, tone, priority, version, created, changed)"
            " select 'meetings.booking', :prefix || n, '待审核的会议 ' || n, '[[\"会议室\", \"东会议室\"]]', :user, :user, 'pending', '待审核', 'warn', 0, 2, :now, :now"
            " from generate_series(1, :n) n"
        ),
        parameters,
    )
    session.execute(
        sa.text(
            "insert into core_task (case_id, kind, step, verb, assignee_id, permission, scope, why, status, created, outcome, opinion)"
            " select id, 'act', 'review', '审核', :user, '', '', '', 'open', :now, '', '' from core_case where number like :prefix || '%'"
        ),
        parameters,
    )
