"""What a new booking form starts with, from the address that led to it."""

import datetime as dt
import re

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound

from portal_core.api import choice_param, date_param, int_param, text_param
from portal_meetings.settings import STEP_MINUTES, parts

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
MAX_SERVICES = 50


def time_param(request, name: str) -> str:
    """The parameter ``name`` as ``14:30``, empty when it is missing, else 400."""
    text = text_param(request, name, 5)
    if text and not _TIME.fullmatch(text):
        raise HTTPBadRequest()
    return text


def new_values(request, rooms) -> dict:
    """Start values by field name. Unknown rooms and those the person may not book are 404; a past day becomes today."""
    clock, identity = request.registry.portal.clock, request.identity
    room_id = int_param(request, "room", low=1)
    if room_id is not None and all(room.id != room_id for room in rooms):
        raise HTTPNotFound()
    all_parts = parts(request.registry.portal.settings)
    code = choice_param(request, "part", [part.code for part in all_parts])
    now = clock.local(clock.now())
    day = max(date_param(request, "date", now.date()), now.date())
    start, end = time_param(request, "start"), time_param(request, "end")
    if not start or not end:
        part = next((part for part in all_parts if part.code == code), None)
        day, start, end = proposed(all_parts, part, day, now)
    people = int_param(request, "people", low=1, high=100_000)
    values = {"date": day, "start": start, "end": end, "people": people, "contact": identity.name, "phone": identity.phone}
    if room_id is not None:
        values["room"] = str(room_id)
    return values | {f"svc_{item_id}": True for item_id in service_ids(request)}


def service_ids(request) -> list[int]:
    """The ids of services named by the parameters ``svc``; 400 for anything else."""
    texts = request.params.getall("svc")
    if len(texts) > MAX_SERVICES or not all(isinstance(text, str) and text.isdecimal() and len(text) < 10 for text in texts):
        raise HTTPBadRequest()
    return [int(text) for text in texts]


def proposed(all_parts, part, day: dt.date, now: dt.datetime) -> tuple[dt.date, str, str]:
    """Day, start and end that the form proposes for ``part``, or for the next part that is not over when it is None.

    In a part that has begun the start is the next step of the clock.
    """
    if part is None:
        soon = now + dt.timedelta(minutes=STEP_MINUTES)
        coming = [p for p in all_parts if day > now.date() or soon.time() < p.stop]
        if not coming or soon.date() > now.date() == day:
            day, coming = day + dt.timedelta(days=1), list(all_parts)
        part = coming[0]
    start = part.start
    if day == now.date() and start <= now.time() < part.stop:
        minutes = (now.hour * 60 + now.minute) // STEP_MINUTES * STEP_MINUTES + STEP_MINUTES
        later = dt.time(minutes // 60 % 24, minutes % 60)
        start = later if start < later < part.stop else start
    return day, f"{start:%H:%M}", f"{part.stop:%H:%M}"
