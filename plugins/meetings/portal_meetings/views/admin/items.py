"""服务项目: the services that can be ticked on 会议预约单, each with an optional question."""

from dataclasses import dataclass
from typing import Any

from portal_core.api import Conflict, Invalid, path_id, reading, refused
from portal_meetings import permissions
from portal_meetings.forms.admin import ItemForm
from portal_meetings.i18n import _
from portal_meetings.services.items import ServiceItemService
from portal_meetings.views.admin.common import done

LIST = "/meetings/admin/services"


@dataclass(frozen=True)
class ItemsPage:
    """Context of ``admin/services.pt``; ``item`` is the one being changed, None when the form makes a new one."""

    items: list
    form: ItemForm
    item: Any = None


def show(request):
    """The items and the form for one more."""
    return _page(request, ItemForm(request, data={"active": True, "position": 100, "at_once": 0}))


def edit(request):
    """The items and the form of one of them."""
    item = _item(request, request.services)
    values = {name: getattr(item, name) for name in ("label", "question", "at_once", "position", "active")}
    return _page(request, ItemForm(request, data=values), item)


def add(request):
    """An item is made."""
    return _save(request, None)


def save(request):
    """An item is changed."""
    return _save(request, _item(request, reading(request)))


def _save(request, item):
    form = ItemForm(request, request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(request, form, item)
    service = request.services.get(ServiceItemService)
    try:
        own = service.get(item.id, request.identity) if item else None
        service.save(
            request.identity,
            form.label.data,
            form.question.data or "",
            form.position.data or 0,
            form.active.data,
            own,
            form.at_once.data or 0,
        )
    except (Invalid, Conflict) as error:
        refused(request, form, error)
        return _page(request, form, item)
    return done(request, LIST, _("Saved."))


def _item(request, services):
    return services.get(ServiceItemService).get(path_id(request), request.identity)


def _page(request, form, item=None):
    return ItemsPage(reading(request).get(ServiceItemService).all(request.identity), form, item)


def includeme(config):
    """Routes and views."""
    page = {"permission": permissions.MANAGE_SERVICE, "renderer": "portal_meetings:templates/admin/services.pt"}
    config.add_route("meetings.admin.services", LIST)
    config.add_view(show, route_name="meetings.admin.services", request_method="GET", **page)
    config.add_view(add, route_name="meetings.admin.services", request_method="POST", **page)
    config.add_route("meetings.admin.service", LIST + "/{id}")
    config.add_view(edit, route_name="meetings.admin.service", request_method="GET", **page)
    config.add_view(save, route_name="meetings.admin.service", request_method="POST", **page)
