"""Meeting rooms: what the plugin says to the portal's hooks. Everything else is in the modules that are named here."""

import datetime as dt

from portal_core.api import (
    Assets,
    DashboardCard,
    Dictionary,
    FileOwner,
    HealthCheck,
    Job,
    MenuEntry,
    Migrations,
    NotificationType,
    PluginInfo,
    ServiceTile,
    hookimpl,
)
from portal_meetings.i18n import _

EVERY_MINUTE = dt.timedelta(minutes=1)


@hookimpl
def portal_plugin_info():
    return PluginInfo("meetings", _("Meeting booking"), "0.1.0")


@hookimpl
def portal_settings():
    from portal_meetings.settings import SETTINGS

    return SETTINGS


@hookimpl
def portal_models():
    from portal_meetings.models import Base

    return (Base,)


@hookimpl
def portal_migrations():
    return Migrations("meetings", "portal_meetings:migrations")


@hookimpl
def portal_permissions():
    from portal_meetings.permissions import PERMISSIONS

    return PERMISSIONS


@hookimpl
def portal_audit_words():
    from portal_meetings.auditing import WORDS

    return WORDS


@hookimpl
def portal_role_defaults():
    from portal_meetings.permissions import ROLES

    return ROLES


@hookimpl
def portal_search_providers():
    from portal_meetings.searching import ROOMS

    return (ROOMS,)


@hookimpl
def portal_dictionaries():
    from portal_meetings.services.data import KINDS

    return (Dictionary("meetings.kind", _("Kinds of meetings"), KINDS),)


@hookimpl
def portal_flows():
    from portal_meetings.flow import FLOW

    return (FLOW,)


@hookimpl
def portal_notification_types():
    return (
        NotificationType("meetings.approved", _("Approved: ${title}"), _("${actor} ${opinion}")),
        NotificationType("meetings.returned", _("Returned for correction: ${title}"), _("${actor}: ${opinion}")),
        NotificationType("meetings.rejected", _("Rejected: ${title}"), _("${actor}: ${opinion}")),
        NotificationType("meetings.change_approved", _("Change approved: ${title}"), _("${actor} ${opinion}")),
        NotificationType(
            "meetings.change_rejected", _("Change rejected: ${title}"), _("The meeting stays as it was. ${actor}: ${opinion}")
        ),
        NotificationType(
            "meetings.change_lapsed", _("Change lapsed: ${title}"), _("Nobody decided before the meeting; it stays as it was.")
        ),
        # People who are on their way to a meeting that will not be there must hear of it at any hour.
        NotificationType(
            "meetings.cancelled", _("Meeting cancelled: ${title}"), _("${actor}: ${opinion}"), urgent=True, must_arrive=True
        ),
        NotificationType(
            "meetings.lapsed",
            _("Lapsed: ${title}"),
            _("Nobody reviewed the booking before the meeting was to begin."),
            urgent=True,
        ),
        NotificationType("meetings.no_show", _("Marked as not used: ${title}"), _("${actor} ${opinion}")),
        NotificationType("meetings.room_closed", _("${room} is closed during your meeting: ${title}"), _("${when}: ${reason}")),
        NotificationType(
            "meetings.room_disabled",
            _("${room} is out of use; your meeting needs another room: ${title}"),
            _("${when}: ${reason}"),
        ),
    )


@hookimpl
def portal_file_owners():
    from portal_meetings.services.pictures import files_of_rooms

    return (FileOwner("meetings", _("Pictures of meeting rooms"), files_of_rooms),)


@hookimpl
def portal_evaluation_forms():
    from portal_meetings.services.ratings import FORM

    return (FORM,)


@hookimpl
def portal_jobs():
    from portal_meetings.services.lifecycle import finish_ended, lapse_overdue

    return (
        Job("meetings.finish", _("End meetings whose time is over"), EVERY_MINUTE, finish_ended),
        Job("meetings.lapse", _("Close bookings and changes that nobody reviewed in time"), EVERY_MINUTE, lapse_overdue),
    )


@hookimpl
def portal_stat_datasets():
    from portal_meetings.statistics import BOOKINGS

    return (BOOKINGS,)


@hookimpl
def portal_health_checks():
    from portal_meetings.services.verify import rule_is_in_place

    return (HealthCheck("meetings.no_overlap", rule_is_in_place),)


@hookimpl
def portal_assets():
    return Assets("meetings", "portal_meetings:static")


@hookimpl
def portal_includeme(config):
    config.include("portal_meetings.views")


@hookimpl
def portal_cli(group):
    from portal_meetings.cli import meetings

    group.add_command(meetings)


@hookimpl
def portal_demo_data(session, context):
    from portal_meetings.demo import load

    load(session, context)


@hookimpl
def portal_menu(request):
    from portal_meetings import permissions as p
    from portal_meetings.services.states import RATING_FORM

    may = request.identity.may_somewhere
    entries = [
        MenuEntry("meetings", _("Meeting booking"), "/meetings/", order=10, icon="calendar"),
        MenuEntry("meetings.grid", _("Room bookings"), "/meetings/", "sub", "meetings", 10),
        MenuEntry("meetings.find", _("Find a room"), "/meetings/find", "sub", "meetings", 20),
        MenuEntry("meetings.mine", _("My bookings"), "/meetings/mine", "sub", "meetings", 30),
        MenuEntry("meetings.ratings", _("Satisfaction"), "/meetings/ratings", "sub", "meetings", 40),
    ]
    if may(p.MANAGE_ROOM) or may("core:evaluation:view_results"):
        url = f"/evaluations/{RATING_FORM}/results"
        entries.append(MenuEntry("meetings.results", _("Satisfaction results"), url, "sub", "meetings", 45))
    if may(p.APPROVE):
        entries.append(MenuEntry("meetings.pending", _("Review bookings"), "/meetings/pending", "sub", "meetings", 50))
    # Whoever looks after rooms works in the module itself; for system administrators the pages are also listed in 系统管理.
    for key, title, url, permission, icon, order in (
        ("meetings.rooms", _("Meeting room management"), "/meetings/admin/rooms", p.MANAGE_ROOM, "building", 60),
        ("meetings.services", _("Service items"), "/meetings/admin/services", p.MANAGE_SERVICE, "list-check", 70),
    ):
        if may(permission):
            entries.append(MenuEntry(key, title, url, "sub", "meetings", order))
            entries.append(MenuEntry(f"{key}.admin", title, url, "admin", order=order, icon=icon))
    return entries


@hookimpl
def portal_service_tiles(request):
    tiles = (
        (_("Meeting booking"), "/meetings/", "calendar-plus", _("Rooms and services"), "room"),
        (_("Find a room"), "/meetings/find", "search", _("By people and time"), "car"),
        (_("My bookings"), "/meetings/mine", "list-check", _("Change or cancel"), "card"),
        (_("Satisfaction"), "/meetings/ratings", "clipboard-check", _("Rate what you got"), "star"),
    )
    return [ServiceTile(title, url, icon, note, tone, 10 + n) for n, (title, url, icon, note, tone) in enumerate(tiles)]


@hookimpl
def portal_dashboard_cards(request):
    from portal_meetings.services.agenda import agenda_of

    agenda = agenda_of(request.services, request.identity)
    return (
        DashboardCard(
            _("Today's meetings"), "portal_meetings:templates/agenda.pt", agenda, 10, "/meetings/mine", _("My bookings")
        ),
    )


@hookimpl
def portal_greeting(request, day):
    from portal_meetings.services.agenda import greeting

    return greeting(request.services, request.identity, day)
