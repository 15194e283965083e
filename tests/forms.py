"""Every form of the portal as it is sent by somebody who fills it in rightly: what the hostile tests begin from."""

import datetime as dt
import itertools

import sqlalchemy as sa

from portal_core.inbox.models import Case
from portal_meetings.models import Room
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.rooms import RoomService
from tests import parts
from tests.tables import Form

# Every meeting that these tests book gets an hour of its own, so that none is refused because of another.
_hours = itertools.count()


def free_slot():
    """Days from today and hour of a slot that no other test uses."""
    number = next(_hours)
    return 5 + number // 14, 7 + number % 14


def booking_fields(scene, room="second", **changes):
    """The booking form, filled in."""
    days, hour = free_slot()
    date = scene.app.portal.clock.today() + dt.timedelta(days=days)
    fields = {
        "title": "工作例会",
        "room": str(getattr(scene.rooms, room)),
        "kind": "work",
        "date": date.isoformat(),
        "start": f"{hour:02}:00",
        "end": f"{hour + 1:02}:00",
        "end_date": "",
        "people": "8",
        "contact": "杨晓",
        "phone": "13800000000",
        "leaders-0-name": "沈立群",
        "leaders-0-post": "主任",
        "note": "无",
        f"svc_{scene.items.sign}": "y",
        f"svc_{scene.items.sign}_text": "十个",
        "version": "",
    }
    return fields | changes


def new_case(scene, approved=False):
    """Number and version of a booking of staff that waits for its review."""
    number = scene.book("staff", scene.rooms.first, free_slot(), hours=1)
    if approved:
        scene.act("meetings-admin", number, "approve")
    return number, str(scene.state(number)[1])


def _book(scene):
    return "/meetings/book", booking_fields(scene, _submit="1")


def _draft(scene):
    with scene.services() as services:
        number = services.get(BookingService).save_draft(scene.people["staff"].identity, {"title": "没写完的"}).number
    return f"/meetings/drafts/{number}", booking_fields(scene, _submit="1")


def _change(scene):
    number, version = new_case(scene)
    return f"/meetings/change/{number}", booking_fields(scene, version=version, _submit="1")


def _request_change(scene):
    number, version = new_case(scene, approved=True)
    return f"/meetings/change/{number}", booking_fields(scene, version=version, _submit="1")


def _cancel(scene):
    number, version = new_case(scene)
    return f"/meetings/cancel/{number}", {"version": version, "reason": "moved", "text": "改期"}


def _act(scene):
    number, version = new_case(scene)
    return f"/cases/{number}/act", {"action": "approve", "version": version, "opinion": "同意"}


def _pending(scene):
    number, version = new_case(scene)
    return "/meetings/pending", {"chosen": f"{scene.ids[number]}:{version}", "action": "approve", "opinion": "同意"}


def _rate(scene):
    answers = {f"q_{code}": "5" for code in ("room", "tea", "technology", "staff", "response")}
    return f"/evaluations/meetings.satisfaction/case:{scene.ids[scene.cases['ended']]}", answers | {"comment": "好", "seen": ""}


def room_fields(**changes):
    """The form of a room, filled in."""
    fields = {
        "name": f"第 {next(_hours)} 会议室",
        "building": "2 号楼",
        "floor": "3 层",
        "layouts": "课桌式 40\n剧院式 60",
        "equipment": "投影、话筒",
        "contact": "周敏",
        "phone": "88001234",
        "open_from": "08:00",
        "open_to": "20:00",
        "buffer_before": "0",
        "buffer_after": "15",
        "position": "9",
        "note": "",
    }
    return fields | changes


def _new_room(scene):
    return "/meetings/admin/rooms/new", room_fields(parts=str(scene.rooms.second), restricted="y")


def _save_room(scene):
    return f"/meetings/admin/rooms/{scene.rooms.closed}", room_fields(version=version_of(scene, scene.rooms.closed))


def version_of(scene, room_id):
    """The version of a room as its form carries it."""
    with scene.app.reading() as session:
        return str(session.scalar(sa.select(Room.version).where(Room.id == room_id)))


def _disable(scene):
    with scene.services() as services:
        admin, rooms = scene.people["admin"].identity, services.get(RoomService)
        room = rooms.to_manage(scene.rooms.restricted, admin)
        rooms.enable(room, admin)
    return f"/meetings/admin/rooms/{room.id}/disable", {"off-reason": "漏水", "off-version": version_of(scene, room.id)}


def _grant(scene):
    fields = {"permission": "meetings:room:book", "subject": "user", "login": "staff2", "department": "1", "role": "clerk"}
    return f"/meetings/admin/rooms/{scene.rooms.restricted}/rights", fields


def _revoke(scene):
    fields = {"permission": "meetings:room:book", "kind": "user", "subject": str(scene.people["staff2"].id)}
    return f"/meetings/admin/rooms/{scene.rooms.restricted}/rights/revoke", fields


def _close(scene):
    fields = {"start_date": "2026-12-30", "start": "08:00", "end_date": "2026-12-31", "end": "18:00", "reason": "检修"}
    return f"/meetings/admin/rooms/{scene.rooms.hall}/closures", fields


def _picture(scene):
    return f"/meetings/admin/rooms/{scene.rooms.second}/pictures/{scene.picture}", {"act": "cover"}


FORMS = {
    "book": Form("staff", _book),
    "draft": Form("staff", _draft),
    "change": Form("staff", _change),
    "change after approval": Form("staff", _request_change),
    "cancel": Form("staff", _cancel),
    "act": Form("meetings-admin", _act),
    "review": Form("meetings-admin", _pending, 200),
    "rate": Form("staff", _rate),
    "read all": Form("staff", lambda scene: ("/notifications/read-all", {"upto": str(scene.message)})),
    # The new passwords differ, so that the right one stays.
    "password": Form(
        "leader", lambda scene: ("/account/password", {"current": "x", "new": "Ganz-neu-7", "repeat": "Ganz-neu-8"}), 422
    ),
    "appearance": Form("staff", lambda scene: ("/account/appearance", {"mode": "light", "large": "0", "next": "/"})),
    "new room": Form("admin", _new_room),
    "room": Form("admin", _save_room),
    "out of use": Form("admin", _disable),
    "grant": Form("admin", _grant),
    "revoke": Form("admin", _revoke),
    "closure": Form("admin", _close),
    "picture": Form("admin", _picture),
    "new item": Form(
        "admin", lambda scene: ("/meetings/admin/services", {"label": "横幅", "question": "", "position": "3", "active": "y"})
    ),
    "item": Form(
        "admin",
        lambda scene: (
            f"/meetings/admin/services/{scene.items.tea}",
            {"label": "茶水", "question": "", "position": "2", "active": "y"},
        ),
    ),
    **parts.merged("FORMS"),
}


def case_count(scene):
    """How many cases there are."""
    with scene.app.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Case))
