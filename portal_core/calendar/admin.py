"""The page of 系统管理 for the working calendar: the year, its special days, and office hours by season."""

import datetime as dt
from dataclasses import dataclass

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther

from portal_core.accounts.addresses import client_ip
from portal_core.admin.menu import OPERATION
from portal_core.calendar.declared import MANAGE
from portal_core.calendar.editing import CalendarEditing
from portal_core.calendar.forms import FIRST_YEAR, LAST_YEAR, OFF, WORKING, DaysForm, HoursForm, season_values
from portal_core.calendar.holidays import known_years
from portal_core.calendar.months import Month, OwnDays, hours_text, months_of, own_days
from portal_core.calendar.services import CalendarService
from portal_core.errors import ServiceError
from portal_core.formkit import change_rows
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.web.answers import refused
from portal_core.web.params import date_param, int_param

URL = "/admin/calendar"


@dataclass(frozen=True)
class CalendarPage:
    """Context of ``calendar.pt``. ``unknown``: nobody knows the public holidays of the year that is shown."""

    year: int
    months: tuple[Month, ...]
    own: tuple[OwnDays, ...]
    hours: tuple[tuple[str, str], ...]
    unknown: bool
    days_form: DaysForm
    hours_form: HoursForm
    previous_url: str | None
    next_url: str | None
    form_page: bool = False


def show(request) -> CalendarPage:
    """The year, and both forms."""
    return _page(request)


def override(request):
    """Say what some days are."""
    form = DaysForm(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, days_form=form)
    change = form.value()
    try:
        request.services.get(CalendarEditing).override(change, request.identity, client_ip(request))
    except ServiceError as error:
        refused(request, form, error)
        return _page(request, days_form=form)
    request.flash("ok", _("The calendar has been changed."))
    return HTTPSeeOther(f"{URL}?year={change.first.year}")


def restore(request):
    """Let the rule hold again for some days."""
    first = date_param(request, "first")
    last = date_param(request, "last", first)
    if first is None:
        raise HTTPBadRequest()
    try:
        request.services.get(CalendarEditing).remove(first, last, request.identity, client_ip(request))
    except ServiceError as error:
        form = DaysForm(request, data={"first": first, "last": last, "kind": OFF})
        refused(request, form, error)
        return _page(request, days_form=form)
    request.flash("ok", _("The rule holds again for these days."))
    return HTTPSeeOther(f"{URL}?year={first.year}")


def set_hours(request):
    """Change the office hours of the seasons."""
    form = HoursForm(request, request.POST)
    if change_rows(form, request.POST):
        return _page(request, hours_form=form)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, hours_form=form)
    try:
        editing = request.services.get(CalendarEditing)
        editing.set_seasons(form.value(), form.stamp.data or "", request.identity, client_ip(request))
    except ServiceError as error:
        refused(request, form, error)
        return _page(request, hours_form=form)
    request.flash("ok", _("The office hours have been changed."))
    return HTTPSeeOther(URL)


def _page(request, days_form=None, hours_form=None) -> CalendarPage:
    services = Services(request.reader, request.registry.portal)
    calendar, today = services.get(CalendarService).calendar, services.clock.today()
    year = int_param(request, "year", today.year, FIRST_YEAR, LAST_YEAR)
    own = own_days(calendar, year)
    return CalendarPage(
        year=year,
        months=months_of(calendar, year, today),
        own=own,
        hours=tuple((season.begins, hours_text(season.spans)) for season in calendar.seasons),
        unknown=year not in known_years() and not own,
        days_form=days_form or _days_form(request, calendar, date_param(request, "day")),
        hours_form=hours_form or _hours_form(request, services, calendar),
        previous_url=f"{URL}?year={year - 1}" if year > FIRST_YEAR else None,
        next_url=f"{URL}?year={year + 1}" if year < LAST_YEAR else None,
    )


def _days_form(request, calendar, day: dt.date | None):
    """The form for ``day``, which then probably shall be what it is not."""
    if day is None:
        return DaysForm(request, data={"kind": OFF})
    given = calendar.overrides.get(day)
    kind = OFF if calendar.is_working_day(day) else WORKING
    return DaysForm(request, data={"first": day, "kind": kind, "note": given.note if given else ""})


def _hours_form(request, services, calendar):
    values = {"stamp": services.get(CalendarEditing).stamp(), "seasons": season_values(calendar.seasons)}
    return HoursForm(request, data=values)


def includeme(config):
    """Routes, views and the menu entry."""
    page = {"permission": MANAGE, "renderer": "portal_core:templates/calendar/calendar.pt"}
    for name, path, view, method in (
        ("core.admin.calendar", URL, show, "GET"),
        ("core.admin.calendar.days", URL + "/days", override, "POST"),
        ("core.admin.calendar.restore", URL + "/restore", restore, "POST"),
        ("core.admin.calendar.hours", URL + "/hours", set_hours, "POST"),
    ):
        config.add_route(name, path)
        config.add_view(view, route_name=name, request_method=method, **page)
    note = _("Public holidays, make-up working days and office hours; due times follow them")
    config.add_admin_page("calendar", _("Working calendar"), URL, permission=MANAGE, group=OPERATION, order=30, note=note)
