"""Tables of the meeting rooms.

A *room* is what people book; a *space* is a piece of floor that only one meeting can use. Most rooms are one space; a divisible
hall is a room over the spaces of its parts. A *hold* keeps one space for one booking from start to end, buffers included: no two
bookings may hold a space at the same time, and the database itself refuses it (exclusion constraint, on SQLite triggers).
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal_core.api import BigId, Case, StoredFile, User, UTCDateTime, plugin_base

Base = plugin_base("meetings")

PHOTO, PLAN, PANORAMA = "photo", "plan", "panorama"


class Space(Base):
    """A piece of floor, the unit of exclusion."""

    __tablename__ = "meetings_space"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))


class Room(Base):
    """A bookable room. Times of day are in the users' zone; buffers are minutes kept free before and after each meeting.

    ``layouts`` is a list of ``[name, capacity]``; ``capacity`` is the largest. ``equipment`` is a list of words. In a
    ``restricted`` room only people with ``meetings:room:book`` in its scope may book.
    """

    __tablename__ = "meetings_room"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    building: Mapped[str] = mapped_column(sa.String(60))
    floor: Mapped[str] = mapped_column(sa.String(20), default="")
    capacity: Mapped[int]
    layouts: Mapped[list] = mapped_column(sa.JSON, default=list)
    equipment: Mapped[list] = mapped_column(sa.JSON, default=list)
    contact: Mapped[str] = mapped_column(sa.String(40), default="")
    phone: Mapped[str] = mapped_column(sa.String(32), default="")
    open_from: Mapped[dt.time] = mapped_column(sa.Time, default=dt.time(7, 0))
    open_to: Mapped[dt.time] = mapped_column(sa.Time, default=dt.time(22, 0))
    buffer_before: Mapped[int] = mapped_column(default=0)
    buffer_after: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    cover_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    place_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_place.id"))
    version: Mapped[int] = mapped_column(default=1)

    cover: Mapped[StoredFile | None] = relationship(lazy="raise_on_sql")

    @property
    def scope(self) -> str:
        """The scope in which rights of this room are granted."""
        return room_scope(self.id)

    @property
    def place(self) -> str:
        """Where the room is: building and floor."""
        return f"{self.building} {self.floor}".strip()


def room_scope(room_id: int) -> str:
    """The scope of the rights of room ``room_id``."""
    return f"meetings.room:{room_id}"


class RoomSpace(Base):
    """Room ``room_id`` occupies space ``space_id``."""

    __tablename__ = "meetings_room_space"

    room_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_room.id"), primary_key=True)
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_space.id"), primary_key=True, index=True)


class RoomPicture(Base):
    """A picture of a room: ``photo`` (平面照), ``plan`` (floor plan) or ``panorama`` (equirectangular, 3D立体照)."""

    __tablename__ = "meetings_room_picture"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_room.id"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("core_file.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))
    caption: Mapped[str] = mapped_column(sa.String(80), default="")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    file: Mapped[StoredFile] = relationship(lazy="raise_on_sql")


class Closure(Base):
    """A room is out of use (停用) for a while. Bookings inside stay; the administrator sees them and decides."""

    __tablename__ = "meetings_closure"
    __table_args__ = (sa.Index("ix_meetings_closure_room", "room_id", "ends_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_room.id"))
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
    reason: Mapped[str] = mapped_column(sa.String(120))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    cancelled: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class ServiceItem(Base):
    """A service that can be ticked on the form (席签 …); with a ``question`` it opens a text box that must be filled.

    ``at_once``: how many meetings at the same time the staff can serve with it; 0 is no limit. It guides the search for a
    room; whoever reviews a booking decides.
    """

    __tablename__ = "meetings_service_item"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(40))
    question: Mapped[str] = mapped_column(sa.String(80), default="")
    at_once: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class Booking(Base):
    """A meeting in a room. ``case_id`` is the case that carries its approval; ``state`` repeats the case's state for the grid.

    ``leaders`` is a list of ``[name, post]``. Of a ``confidential`` meeting only owner, approver and staff see more than
    已占用. ``unit_name`` is kept as it was when the booking was made.
    """

    __tablename__ = "meetings_booking"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="order"),
        sa.Index("ix_meetings_booking_starts_at", "starts_at"),
        sa.Index("ix_meetings_booking_room", "room_id", "starts_at"),
        sa.Index("ix_meetings_booking_owner", "owner_id", "starts_at"),
        sa.Index("ix_meetings_booking_state", "state", "ends_at"),
    )

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_room.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    unit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_department.id"))
    unit_name: Mapped[str] = mapped_column(sa.String(80), default="")
    state: Mapped[str] = mapped_column(sa.String(32))
    title: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(16))
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    people: Mapped[int]
    contact: Mapped[str] = mapped_column(sa.String(40))
    phone: Mapped[str] = mapped_column(sa.String(32))
    leaders: Mapped[list] = mapped_column(sa.JSON, default=list)
    confidential: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.Text, default="")

    case: Mapped[Case] = relationship(lazy="raise_on_sql")
    room: Mapped[Room] = relationship(lazy="raise_on_sql")
    owner: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[owner_id])
    answers: Mapped[list["ServiceAnswer"]] = relationship(lazy="raise_on_sql", order_by="ServiceAnswer.position")


class ServiceAnswer(Base):
    """A ticked service with the answer to its question, label and question as they were when it was ticked."""

    __tablename__ = "meetings_service_answer"

    booking_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_booking.case_id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_service_item.id"), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(40))
    question: Mapped[str] = mapped_column(sa.String(80), default="")
    answer: Mapped[str] = mapped_column(sa.String(200), default="")
    position: Mapped[int] = mapped_column(default=0)


class Draft(Base):
    """A form that was saved but not submitted: the values as typed, so that half a form can be kept."""

    __tablename__ = "meetings_draft"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False)
    values: Mapped[dict] = mapped_column(sa.JSON)


class Change(Base):
    """A proposed change (变更) of an approved booking. It holds the new slot while the old one stays held.

    ``values`` are the new field values as JSON (see ``services/data.py``), ``diff`` is ``[label, old, new]`` for the approver.
    """

    __tablename__ = "meetings_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_booking.case_id"), index=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_room.id"))
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    values: Mapped[dict] = mapped_column(sa.JSON)
    diff: Mapped[list] = mapped_column(sa.JSON)
    status: Mapped[str] = mapped_column(sa.String(10), default="open")
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))


class Hold(Base):
    """Space ``space_id`` belongs to booking ``booking_id`` from ``starts_at`` to ``ends_at`` (half-open, buffers included).

    The rule itself stands in the migration: on PostgreSQL ``EXCLUDE USING gist (space_id WITH =, tstzrange(starts_at, ends_at)
    WITH &&, booking_id WITH <>)``, on SQLite two triggers. A booking may overlap itself: that is a change that moves it a little.
    """

    __tablename__ = "meetings_hold"
    __table_args__ = (
        sa.Index("ix_meetings_hold_space", "space_id", "starts_at"),
        sa.Index("ix_meetings_hold_booking", "booking_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_booking.case_id"))
    change_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meetings_change.id"))
    space_id: Mapped[int] = mapped_column(sa.ForeignKey("meetings_space.id"))
    starts_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
