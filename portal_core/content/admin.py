"""Pages of 系统管理 for announcements and help pages."""

from dataclasses import dataclass

from pyramid.httpexceptions import HTTPSeeOther

from portal_core.accounts.addresses import client_ip
from portal_core.accounts.admin.common import unit_choices
from portal_core.accounts.departments import DepartmentService
from portal_core.admin.menu import CONTENT
from portal_core.content import announcements as a
from portal_core.content import help as h
from portal_core.content.forms import AnnouncementForm, HelpForm, announcement_values, help_values
from portal_core.content.models import Announcement, HelpPage
from portal_core.errors import ServiceError
from portal_core.files.services import FileService
from portal_core.files.uploads import uploads
from portal_core.i18n import _
from portal_core.web.answers import reading, refused
from portal_core.web.params import int_param, path_id

ANNOUNCEMENTS, HELP = "/admin/announcements", "/admin/help"


@dataclass(frozen=True)
class AnnouncementsPage:
    """Context of ``admin_announcements.pt``. ``now`` tells what is shown, not yet, no longer."""

    found: tuple[Announcement, ...]
    now: object
    first_url: str | None
    next_url: str | None


@dataclass(frozen=True)
class AnnouncementPage:
    """Context of ``admin_announcement.pt``; ``announcement`` is None when the form makes a new one."""

    form: AnnouncementForm
    announcement: Announcement | None
    receipts: a.Receipts | None
    files: tuple[tuple[str, str], ...]
    form_page: bool = True


@dataclass(frozen=True)
class HelpListPage:
    """Context of ``admin_help.pt``."""

    pages: tuple[HelpPage, ...]


@dataclass(frozen=True)
class HelpEditPage:
    """Context of ``admin_help_page.pt``; ``page`` is None when the form makes a new one."""

    form: HelpForm
    page: HelpPage | None
    form_page: bool = True


# -- announcements -------------------------------------------------------------------------------------------------


def announcements(request) -> AnnouncementsPage:
    """All of them, newest first."""
    before = int_param(request, "before", low=1)
    found = request.services.get(a.AnnouncementService).all(a.PAGE + 1, before)
    following = found[a.PAGE - 1].id if len(found) > a.PAGE else None
    return AnnouncementsPage(
        tuple(found[: a.PAGE]),
        request.registry.portal.clock.now(),
        ANNOUNCEMENTS if before else None,
        f"{ANNOUNCEMENTS}?before={following}" if following else None,
    )


def new_announcement(request) -> AnnouncementPage:
    """The empty form."""
    return _announcement_page(request, None)


def edit_announcement(request) -> AnnouncementPage:
    """The form of one, and who has read it."""
    return _announcement_page(request, _announcement(request, request.services))


def save_announcement(request):
    """Make or change one."""
    is_new = "id" not in request.matchdict
    services, seen = request.services, reading(request)
    form = _announcement_form(request, seen, None, posted=True)
    shown = None if is_new else _announcement(request, seen)
    if not form.validate():
        request.response.status_int = 422
        return _announcement_page(request, shown, form)
    try:
        chosen = uploads(request, "files", a.FILES_MAX)
        files = [services.get(FileService).save_document(upload, a.OWNER, request.identity) for upload in chosen]
        own = None if is_new else _announcement(request, services)
        value = form.value(request.registry.portal.clock)
        services.get(a.AnnouncementService).save(value, request.identity, own, form.version.seen, files, client_ip(request))
    except ServiceError as error:
        refused(request, form, error)
        return _announcement_page(request, shown, form)
    request.flash("ok", _("Saved."))
    return HTTPSeeOther(ANNOUNCEMENTS)


def withdraw(request):
    """Take one off everybody's pages."""
    service = request.services.get(a.AnnouncementService)
    service.withdraw(_announcement(request, request.services), request.identity, client_ip(request))
    request.flash("ok", _("Withdrawn."))
    return HTTPSeeOther(ANNOUNCEMENTS)


def _announcement(request, services):
    return services.get(a.AnnouncementService).get(path_id(request), request.identity)


def _announcement_form(request, services, announcement, posted=False):
    clock = request.registry.portal.clock
    units = services.get(a.AnnouncementService).audience(announcement) if announcement else []
    data = announcement_values(announcement, units, clock)
    form = AnnouncementForm(request, request.POST) if posted else AnnouncementForm(request, data=data)
    form.departments.choices = unit_choices(services.get(DepartmentService).tree())
    return form


def _announcement_page(request, announcement, form=None):
    services = reading(request)
    service = services.get(a.AnnouncementService)
    return AnnouncementPage(
        form or _announcement_form(request, services, announcement),
        announcement,
        service.receipts(announcement) if announcement else None,
        tuple((file.name, request.file_url(file)) for file in announcement.files) if announcement else (),
    )


# -- help ----------------------------------------------------------------------------------------------------------


def help_pages(request) -> HelpListPage:
    """All pages, the hidden ones too."""
    return HelpListPage(tuple(request.services.get(h.HelpService).all()))


def new_help_page(request) -> HelpEditPage:
    """The empty form."""
    return HelpEditPage(HelpForm(request, data=help_values(None)), None)


def edit_help_page(request) -> HelpEditPage:
    """The form of one page."""
    page = _help_page(request, request.services)
    return HelpEditPage(HelpForm(request, data=help_values(page)), page)


def save_help_page(request):
    """Make or change a page."""
    is_new = "id" not in request.matchdict
    form = HelpForm(request, request.POST)
    shown = None if is_new else _help_page(request, reading(request))
    if not form.validate():
        request.response.status_int = 422
        return HelpEditPage(form, shown)
    try:
        own = None if is_new else _help_page(request, request.services)
        request.services.get(h.HelpService).save(form.value(), request.identity, own, form.version.seen, client_ip(request))
    except ServiceError as error:
        refused(request, form, error)
        return HelpEditPage(form, shown)
    request.flash("ok", _("Saved."))
    return HTTPSeeOther(HELP)


def _help_page(request, services):
    return services.get(h.HelpService).get(path_id(request), request.identity)


def includeme(config):
    """Routes, views and menu entries."""
    for name, path in (
        ("core.admin.announcements", ANNOUNCEMENTS),
        ("core.admin.new_announcement", ANNOUNCEMENTS + "/new"),
        ("core.admin.announcement", ANNOUNCEMENTS + "/{id}"),
        ("core.admin.announcement.withdraw", ANNOUNCEMENTS + "/{id}/withdraw"),
        ("core.admin.help", HELP),
        ("core.admin.new_help_page", HELP + "/new"),
        ("core.admin.help_page", HELP + "/{id}"),
    ):
        config.add_route(name, path)
    templates = "portal_core:templates/content/"
    may_announce = {"permission": a.MANAGE}
    one = {"renderer": templates + "admin_announcement.pt", **may_announce}
    many = templates + "admin_announcements.pt"
    config.add_view(announcements, route_name="core.admin.announcements", request_method="GET", renderer=many, **may_announce)
    config.add_view(new_announcement, route_name="core.admin.new_announcement", request_method="GET", **one)
    config.add_view(edit_announcement, route_name="core.admin.announcement", request_method="GET", **one)
    for route in ("core.admin.new_announcement", "core.admin.announcement"):
        config.add_view(save_announcement, route_name=route, request_method="POST", files=("files",), **one)
    config.add_view(withdraw, route_name="core.admin.announcement.withdraw", request_method="POST", **may_announce)
    may_help = {"permission": h.MANAGE}
    page = {"renderer": templates + "admin_help_page.pt", **may_help}
    listed = templates + "admin_help.pt"
    config.add_view(help_pages, route_name="core.admin.help", request_method="GET", renderer=listed, **may_help)
    config.add_view(new_help_page, route_name="core.admin.new_help_page", request_method="GET", **page)
    config.add_view(edit_help_page, route_name="core.admin.help_page", request_method="GET", **page)
    for route in ("core.admin.new_help_page", "core.admin.help_page"):
        config.add_view(save_help_page, route_name=route, request_method="POST", **page)
    note = _("Who shall read what and until when, and who has read it")
    config.add_admin_page(
        "announcements", _("Announcements"), ANNOUNCEMENTS, permission=a.MANAGE, group=CONTENT, order=10, note=note
    )
    note = _("The handbook and frequent questions")
    config.add_admin_page("help", _("Help pages"), HELP, permission=h.MANAGE, group=CONTENT, order=20, note=note)
