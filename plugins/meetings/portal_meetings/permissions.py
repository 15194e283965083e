"""What people may be allowed to do with rooms and bookings, and which roles may do it at first.

Rights over rooms are granted everywhere or in the scope of one room (``portal_meetings.models.room_scope``).
"""

from portal_core.api import Permission, RoleDefault
from portal_meetings.i18n import _

CREATE = "meetings:booking:create"
DIRECT = "meetings:booking:direct"
APPROVE = "meetings:booking:approve"
VIEW = "meetings:booking:view"
BOOK_ROOM = "meetings:room:book"
MANAGE_ROOM = "meetings:room:manage"
MANAGE_SERVICE = "meetings:service:manage"
VIEW_STATISTICS = "meetings:statistics:view"

PERMISSIONS = (
    Permission(CREATE, _("Book meeting rooms")),
    Permission(DIRECT, _("Book without approval")),
    Permission(APPROVE, _("Review bookings")),
    Permission(VIEW, _("See all details of bookings, confidential ones included")),
    Permission(BOOK_ROOM, _("Book a restricted room")),
    Permission(MANAGE_ROOM, _("Manage rooms and closures")),
    Permission(MANAGE_SERVICE, _("Manage the list of services")),
    Permission(VIEW_STATISTICS, _("See statistics of meetings"), reaches=True),
)

ROLES = (
    RoleDefault("clerk", _("Clerk of a unit"), (CREATE,)),
    RoleDefault("leader", _("Leader"), (CREATE, VIEW_STATISTICS)),
    RoleDefault(
        "meetings-admin",
        _("Meeting room administrator"),
        (CREATE, BOOK_ROOM, APPROVE, VIEW, MANAGE_ROOM, MANAGE_SERVICE, VIEW_STATISTICS),
    ),
    RoleDefault("admin", _("System administrator"), (MANAGE_ROOM, MANAGE_SERVICE, VIEW_STATISTICS)),
)
