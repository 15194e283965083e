"""找会议室: say how many people, when, and what is needed; the rooms that fit come with a link that fills the form."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest
from webob.multidict import MultiDict

from portal_core.api import choice_param, date_param, int_param
from portal_meetings.forms.slot import SlotForm
from portal_meetings.i18n import _
from portal_meetings.services.find import FindService, Found, Wish
from portal_meetings.services.items import ServiceItemService
from portal_meetings.settings import STEP_MINUTES, parts
from portal_meetings.views.prefill import proposed, service_ids, time_param

MAX_WORDS = 30
FIRST_HOUR, LAST_HOUR = 6, 24
PEOPLE_MAX = 100_000


@dataclass(frozen=True)
class Offer:
    """A room that fits, with its picture and the address of the filled form."""

    room: Any
    spare: int
    cover: str | None
    url: str


@dataclass(frozen=True)
class FindPage:
    """Context of ``find.pt``. ``offers`` is None before anything was asked; ``problem`` says what is missing."""

    people: int | None
    day: dt.date
    part: str
    parts: tuple
    start: str
    end: str
    times: list[str]
    equipment: list[str]
    chosen: list[str]
    services: list
    ticked: list[int]
    problem: Any
    offers: list[Offer] | None
    misfits: list
    when: str


def show(request) -> FindPage:
    """``/meetings/find?people=&date=&part=&start=&end=&equipment=&svc=``"""
    clock = request.registry.portal.clock
    now = clock.local(clock.now())
    all_parts = parts(request.registry.portal.settings)
    people = int_param(request, "people", low=0, high=PEOPLE_MAX)
    code = choice_param(request, "part", [part.code for part in all_parts], "")
    asked_day, start, end = date_param(request, "date"), time_param(request, "start"), time_param(request, "end")
    day, part = asked_day or now.date(), next((part for part in all_parts if part.code == code), None)
    if part or not (start and end):
        day, start, end = proposed(all_parts, part, day, now)
    service = request.services.get(FindService)
    words, items = service.equipment(), request.services.get(ServiceItemService).offered()
    chosen, ticked = _words(request), service_ids(request)
    problem, found = "", None
    if "people" in request.GET:
        problem, found = _search(request, people, day, start, end, (tuple(chosen), tuple(ticked)))
    query = {"date": day, "start": start, "end": end, "people": people, "svc": ticked}
    return FindPage(
        people=people,
        day=day,
        part=code,
        parts=all_parts,
        start=start,
        end=end,
        times=_times(),
        equipment=words,
        chosen=chosen,
        services=items,
        ticked=ticked,
        problem=problem,
        offers=[_offer(request, fit, query) for fit in found.fits] if found else None,
        misfits=found.misfits if found else [],
        when=f"{request.fmt.day(day)} {request.fmt.weekday(day)} {start}–{end}",
    )


def _search(request, people, day, start, end, needs) -> tuple[Any, Found | None]:
    """What is wrong with the question, or the answer. ``needs``: words for equipment and ids of services."""
    clock = request.registry.portal.clock
    span = SlotForm(request, MultiDict(date=day.isoformat(), start=start, end=end)).span(clock)
    if not people:
        return _("Please fill in the number of people"), None
    if span is None:
        return _("The end must be after the start"), None
    if span.start < clock.now():
        return _("This time is past"), None
    return "", request.services.get(FindService).find(request.identity, Wish(people, span.start, span.end, *needs))


def _offer(request, fit, query):
    cover = request.file_url(fit.room.cover, 240) if fit.room.cover else None
    return Offer(fit.room, fit.spare, cover, "/meetings/book?" + urlencode({"room": fit.room.id, **query}, doseq=True))


def _words(request):
    words = [word for word in request.params.getall("equipment") if isinstance(word, str)]
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORDS for word in words):
        raise HTTPBadRequest()
    return words


def _times():
    minutes = range(FIRST_HOUR * 60, LAST_HOUR * 60 + 1, STEP_MINUTES)
    return [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]


def includeme(config):
    """Route and view."""
    config.add_route("meetings.find", "/meetings/find", request_method="GET")
    config.add_view(show, route_name="meetings.find", renderer="portal_meetings:templates/find.pt", permission="authenticated")
