"""What the pages of a room's administration share: its tabs."""

from dataclasses import dataclass, replace

from pyramid.httpexceptions import HTTPSeeOther

from portal_core.api import path_id
from portal_meetings.i18n import _
from portal_meetings.services.rooms import RoomService
from portal_meetings.services.visibility import is_hidden
from portal_meetings.views.common import translator

TABS = (("", _("Facts")), ("/pictures", _("Pictures")), ("/rights", _("Rights")), ("/closures", _("Closures")))


@dataclass(frozen=True)
class Tab:
    """A page of the room's administration."""

    title: str
    url: str
    current: bool


def room_of(request, services):
    """The room of the address, if the person manages it; else 404."""
    return services.get(RoomService).to_manage(path_id(request), request.identity)


def url_of(room, tab=""):
    """The address of a page of the room's administration."""
    return f"/meetings/admin/rooms/{room.id}{tab}"


def tabs_of(room, current):
    """The pages of the room's administration; ``current`` is the ending of the present one's address."""
    return [Tab(title, url_of(room, ending), ending == current) for ending, title in TABS]


def as_seen(request, meetings):
    """The affected ``meetings`` as the person may read them: of a confidential one only that it takes place."""
    secret = translator(request)(_("Confidential meeting"))
    return [replace(m, title=secret, unit="") if is_hidden(request.identity, m) else m for m in meetings]


def done(request, url, message):
    """Back to ``url`` with a message."""
    request.flash("ok", translator(request)(message))
    return HTTPSeeOther(url)
