"""The floor page: the least that could show the week grid. Raw driver, the smallest Chameleon table, no session, no layout."""

import datetime as dt
import os

import psycopg
from chameleon import PageTemplate

TEMPLATE = PageTemplate(
    '<html><body><table><tr tal:repeat="room rooms"><th>${room[0]}</th>'
    '<td tal:repeat="cell room[1]"><b tal:repeat="b cell">${b[0]} ${b[1]} ${b[2]}</b></td></tr></table></body></html>'
)
ROOMS = "select id, name from meetings_room where active order by position, id"
BOOKINGS = (
    "select room_id, title, unit_name, state, starts_at, ends_at from meetings_booking where starts_at >= %s and starts_at < %s"
    " and state in ('pending', 'approved', 'change_pending', 'ended', 'rated')"
)
ZONE = dt.timezone(dt.timedelta(hours=8))

connection = psycopg.connect(os.environ["FLOOR_DATABASE"], autocommit=True)


def application(environ, start_response):
    """The week of the day in the query string, seven days by three parts."""
    monday = dt.datetime.fromisoformat(environ["QUERY_STRING"]).replace(tzinfo=ZONE)
    rooms = connection.execute(ROOMS).fetchall()
    cells = {room_id: [[] for _part in range(21)] for room_id, _name in rooms}
    for room_id, title, unit, _state, starts, ends in connection.execute(BOOKINGS, (monday, monday + dt.timedelta(days=7))):
        local = starts.astimezone(ZONE)
        part = 0 if local.hour < 12 else 1 if local.hour < 18 else 2
        cells[room_id][(local.date() - monday.date()).days * 3 + part].append(
            (title, unit, f"{local:%H:%M}–{ends.astimezone(ZONE):%H:%M}")
        )
    body = TEMPLATE(rooms=[(name, cells[room_id]) for room_id, name in rooms]).encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
