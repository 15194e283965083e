"""The demo's twelve rooms and its service items."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.api import FileService, Services
from portal_meetings.demo import pictures
from portal_meetings.demo.scene import Palette, RoomShape
from portal_meetings.models import PANORAMA, PHOTO, PLAN, Room, RoomPicture, RoomSpace, ServiceItem, Space

BLUE, GREEN, ORANGE, VIOLET, TEAL, RED = (
    (47, 111, 224),
    (18, 143, 108),
    (189, 116, 16),
    (130, 88, 211),
    (14, 128, 140),
    (208, 79, 54),
)


@dataclass(frozen=True)
class DemoRoom:
    """One room: name, place, layouts, equipment, shape and colour of its pictures, the spaces it stands on."""

    name: str
    building: str
    floor: str
    layouts: tuple[tuple[str, int], ...]
    equipment: tuple[str, ...]
    shape: RoomShape
    hue: tuple[int, int, int]
    spaces: tuple[str, ...] = ()
    buffers: tuple[int, int] = (0, 15)
    note: str = ""


ROOMS = (
    DemoRoom(
        "东会议室",
        "1 号楼",
        "2 层",
        (("回字形", 60), ("课桌式", 48)),
        ("投影", "话筒", "电子白板"),
        RoomShape(9, 13, 3.3, "board"),
        BLUE,
    ),
    DemoRoom("西会议室", "1 号楼", "2 层", (("回字形", 40),), ("投影", "话筒"), RoomShape(8, 11, 3.2, "u"), GREEN),
    DemoRoom(
        "第一会议室",
        "1 号楼",
        "5 层",
        (("课桌式", 120), ("剧院式", 160)),
        ("投影", "话筒", "同声传译", "录播"),
        RoomShape(13, 17, 3.8, "class"),
        ORANGE,
        note="主席台可坐 9 人。",
    ),
    DemoRoom("第二会议室", "1 号楼", "5 层", (("董事会式", 24),), ("投影", "电子白板"), RoomShape(7, 10, 3.1, "board"), VIOLET),
    DemoRoom(
        "多功能厅",
        "3 号楼",
        "1 层",
        (("剧院式", 300), ("课桌式", 180)),
        ("LED 大屏", "话筒", "舞台灯光", "录播"),
        RoomShape(18, 24, 5.2, "theatre"),
        TEAL,
        ("多功能厅 A 区", "多功能厅 B 区"),
        (30, 30),
        "活动隔断可分为 A、B 两区，分别预约。",
    ),
    DemoRoom(
        "多功能厅 A 厅",
        "3 号楼",
        "1 层",
        (("剧院式", 160), ("课桌式", 90)),
        ("投影", "话筒"),
        RoomShape(14, 16, 5.0, "theatre"),
        TEAL,
        ("多功能厅 A 区",),
        (15, 15),
    ),
    DemoRoom(
        "多功能厅 B 厅",
        "3 号楼",
        "1 层",
        (("剧院式", 140), ("课桌式", 80)),
        ("投影", "话筒"),
        RoomShape(14, 14, 5.0, "class"),
        TEAL,
        ("多功能厅 B 区",),
        (15, 15),
    ),
    DemoRoom("视频会议室", "2 号楼", "3 层", (("U 形", 30),), ("视频会议终端", "投影", "话筒"), RoomShape(8, 10, 3.1, "u"), RED),
    DemoRoom(
        "201 洽谈室", "2 号楼", "2 层", (("董事会式", 10),), ("电视",), RoomShape(5, 6, 2.9, "board"), GREEN, buffers=(0, 0)
    ),
    DemoRoom(
        "305 培训室",
        "2 号楼",
        "3 层",
        (("课桌式", 50), ("分组讨论", 36)),
        ("投影", "话筒", "电子白板"),
        RoomShape(10, 12, 3.3, "class"),
        BLUE,
    ),
    DemoRoom("党员活动室", "3 号楼", "2 层", (("课桌式", 45),), ("投影", "话筒"), RoomShape(9, 12, 3.3, "class"), RED),
    DemoRoom(
        "接待室",
        "1 号楼",
        "1 层",
        (("U 形沙发", 16),),
        ("电视", "茶水吧"),
        RoomShape(8, 8, 3.2, "u"),
        ORANGE,
        buffers=(15, 15),
        note="重要来宾接待请提前一天联系。",
    ),
)

# Label, question, and how many meetings at the same time can have it (0: no limit).
SERVICES = (
    ("茶水", "", 0),
    ("席签", "席签要求（人数、姓名、摆放）", 3),
    ("话筒", "话筒数量与类型", 0),
    ("投影", "", 0),
    ("横幅", "横幅文字内容", 2),
    ("视频会议", "对端单位与会议号", 2),
    ("摄影", "", 1),
    ("鲜花", "", 0),
)


def add_rooms(session, context) -> dict[str, Room]:
    """The rooms by name; missing ones are made, with four pictures each."""
    rooms = {room.name: room for room in session.scalars(sa.select(Room))}
    spaces = {space.name: space for space in session.scalars(sa.select(Space))}
    for position, demo in enumerate(ROOMS):
        if demo.name not in rooms:
            rooms[demo.name] = _add_room(session, context, demo, position, spaces)
    return rooms


def _add_room(session, context, demo, position, spaces):
    room = Room(
        name=demo.name,
        building=demo.building,
        floor=demo.floor,
        capacity=max(seats for _name, seats in demo.layouts),
        layouts=[list(pair) for pair in demo.layouts],
        equipment=list(demo.equipment),
        contact="周敏",
        phone="8800 1235",
        buffer_before=demo.buffers[0],
        buffer_after=demo.buffers[1],
        position=position,
        note=demo.note,
    )
    session.add(room)
    session.flush()
    for name in demo.spaces or (demo.name,):
        if name not in spaces:
            spaces[name] = Space(name=name)
            session.add(spaces[name])
            session.flush()
        session.add(RoomSpace(room_id=room.id, space_id=spaces[name].id))
    _add_pictures(session, context, demo, room)
    return room


def _add_pictures(session, context, demo, room):
    files = Services(session, context.portal).get(FileService)
    palette = Palette.tint(demo.hue)
    drawn = (
        (PHOTO, "从门口看", pictures.photo(demo.shape, palette)),
        (PHOTO, "从屏幕一侧看", pictures.photo(demo.shape, palette, corner=3)),
        (PLAN, "平面布置图", pictures.plan(demo.shape, palette)),
        (PANORAMA, "360° 全景", pictures.panorama(demo.shape, palette)),
    )
    for position, (kind, caption, content) in enumerate(drawn):
        stored = files.save_bytes(content, f"{demo.name}-{position + 1}.png", "meetings", panorama=kind == PANORAMA)
        session.add(RoomPicture(room_id=room.id, file_id=stored.id, kind=kind, caption=caption, position=position))
        if position == 0:
            room.cover_id = stored.id


def add_services(session) -> dict[str, ServiceItem]:
    """The service items by label; missing ones are made."""
    items = {item.label: item for item in session.scalars(sa.select(ServiceItem))}
    for position, (label, question, at_once) in enumerate(SERVICES):
        if label not in items:
            items[label] = ServiceItem(label=label, question=question, at_once=at_once, position=position)
            session.add(items[label])
    session.flush()
    return items
