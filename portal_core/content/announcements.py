"""Announcements (公告): who sees which, who has read them, and writing them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, User
from portal_core.audit.services import AuditService
from portal_core.content.models import Announcement, AnnouncementAudience, AnnouncementFile, AnnouncementRead
from portal_core.db import insert_into
from portal_core.errors import Invalid, NotFound, Stale
from portal_core.files.models import StoredFile
from portal_core.i18n import _
from portal_core.services import Services

MANAGE = "core:announcement:manage"
OWNER = "core.announcement"
PAGE = 20
FILES_MAX = 10


@dataclass(frozen=True)
class AnnouncementData:
    """What a form says. ``department_ids`` empty means everybody; ``ends_at`` None means for ever."""

    title: str
    body: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None = None
    pinned: bool = False
    must_read: bool = False
    department_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Listed:
    """An announcement in a list; ``read`` tells whether the reader has read it."""

    announcement: Announcement
    read: bool


@dataclass(frozen=True)
class Receipts:
    """Who has read an announcement: ``(name, unit, when)``, newest first, and the names of those who have not, both cut."""

    readers: tuple[tuple[str, str, dt.datetime], ...]
    missing: tuple[tuple[str, str], ...]
    read: int
    expected: int


class AnnouncementService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    # -- reading ---------------------------------------------------------------------------------------------------

    def shown(self, reader: Identity, limit: int, before: int | None = None) -> list[Listed]:
        """What ``reader`` is meant to see now, newest first, older than the id ``before``; without it the pinned ones lead."""
        query = self._visible(reader)
        if before is None:
            query = query.order_by(Announcement.pinned.desc(), Announcement.id.desc())
        else:
            query = query.where(Announcement.id < before, ~Announcement.pinned).order_by(Announcement.id.desc())
        return self._listed(query.limit(limit))

    def to_confirm(self, reader: Identity) -> list[Announcement]:
        """What ``reader`` must read and has not confirmed yet, oldest first."""
        query = self._visible(reader).where(Announcement.must_read, AnnouncementRead.at.is_(None)).order_by(Announcement.id)
        return [listed.announcement for listed in self._listed(query.limit(PAGE))]

    def get(self, announcement_id: int, reader: Identity) -> Announcement:
        """An announcement that ``reader`` may see, with its files and author. Raises NotFound.

        Whoever writes announcements sees all of them.
        """
        query = sa.select(Announcement).where(Announcement.id == announcement_id)
        query = query.options(selectinload(Announcement.files), joinedload(Announcement.created_by))
        if not reader.may(MANAGE):
            query = query.where(*self._current(), self._meant_for(reader))
        found = self.session.scalar(query)
        if found is None:
            raise NotFound()
        return found

    def visible_to(self, reader: Identity) -> sa.ColumnElement[bool]:
        """Condition: what ``reader`` is meant to see now."""
        return sa.and_(*self._current(), self._meant_for(reader))

    def has_read(self, announcement: Announcement, reader: Identity) -> bool:
        """Has ``reader`` read (or confirmed) it?"""
        return self.session.get(AnnouncementRead, (announcement.id, reader.user_id)) is not None

    def file_readers(self, file: StoredFile, reader: Identity) -> bool:
        """May ``reader`` open this attachment?"""
        query = sa.select(Announcement.id).join(AnnouncementFile, AnnouncementFile.announcement_id == Announcement.id)
        query = query.where(AnnouncementFile.file_id == file.id)
        if not reader.may(MANAGE):
            query = query.where(*self._current(), self._meant_for(reader))
        return self.session.scalar(query.limit(1)) is not None

    def all(self, limit: int, before: int | None = None) -> list[Announcement]:
        """All announcements for whoever writes them, newest first."""
        query = sa.select(Announcement).options(joinedload(Announcement.created_by)).order_by(Announcement.id.desc())
        if before is not None:
            query = query.where(Announcement.id < before)
        return list(self.session.scalars(query.limit(limit)))

    def audience(self, announcement: Announcement) -> list[Department]:
        """The units it is for; empty when it is for everybody."""
        query = sa.select(Department).join(AnnouncementAudience, AnnouncementAudience.department_id == Department.id)
        return list(self.session.scalars(query.where(AnnouncementAudience.announcement_id == announcement.id)))

    def receipts(self, announcement: Announcement, limit: int = 200) -> Receipts:
        """Who has read it and who of those it is for has not."""
        unit = sa.func.coalesce(Department.name, "")
        read = sa.and_(AnnouncementRead.user_id == User.id, AnnouncementRead.announcement_id == announcement.id)
        people = sa.select(User.name, unit, AnnouncementRead.at).outerjoin(Department, Department.id == User.department_id)
        meant = [User.active, *self._people(announcement)]
        readers = people.join(AnnouncementRead, read).order_by(AnnouncementRead.at.desc())
        missing = people.outerjoin(AnnouncementRead, read).where(*meant, AnnouncementRead.at.is_(None)).order_by(unit, User.id)
        count = sa.select(sa.func.count(AnnouncementRead.user_id), sa.func.count())
        counts = count.select_from(User).outerjoin(Department, Department.id == User.department_id)
        done, expected = self.session.execute(counts.outerjoin(AnnouncementRead, read).where(*meant)).one()
        return Receipts(
            tuple(tuple(row) for row in self.session.execute(readers.limit(limit))),
            tuple((name, where) for name, where, _at in self.session.execute(missing.limit(limit))),
            done,
            expected,
        )

    # -- writing ---------------------------------------------------------------------------------------------------

    def mark_read(self, announcement: Announcement, reader: Identity) -> None:
        """Note that ``reader`` has read it; the first time counts."""
        row = {"announcement_id": announcement.id, "user_id": reader.user_id, "at": self.services.clock.now()}
        self.session.execute(insert_into(self.session, AnnouncementRead).values(**row).on_conflict_do_nothing())

    def save(
        self,
        data: AnnouncementData,
        author: Identity,
        announcement: Announcement | None = None,
        version: int | None = None,
        files: Sequence[StoredFile] = (),
        ip: str = "",
    ) -> Announcement:
        """Make an announcement or change ``announcement``; ``files`` are added to those it has.

        Raises Invalid for the fields, Stale when somebody else changed it since ``version``.
        """
        self._check(data, announcement, files)
        if announcement is None:
            announcement = Announcement(created=self.services.clock.now(), created_by_id=author.user_id, version=0, files=[])
            self.session.add(announcement)
        elif announcement.version != version:
            raise Stale(_("This has changed meanwhile; please look again."))
        for name in ("title", "body", "starts_at", "ends_at", "pinned", "must_read"):
            setattr(announcement, name, getattr(data, name))
        announcement.for_all = not data.department_ids
        announcement.version += 1
        announcement.files.extend(files)
        self.session.flush()
        self._set_audience(announcement, data.department_ids)
        self._record(author, "core.announcement_saved", announcement, ip)
        return announcement

    def withdraw(self, announcement: Announcement, author: Identity, ip: str = "") -> None:
        """Take it off everybody's pages; what was read stays on record."""
        if announcement.withdrawn is None:
            announcement.withdrawn = self.services.clock.now()
            announcement.version += 1
            self._record(author, "core.announcement_withdrawn", announcement, ip)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _visible(self, reader):
        read = sa.and_(AnnouncementRead.announcement_id == Announcement.id, AnnouncementRead.user_id == reader.user_id)
        query = sa.select(Announcement, AnnouncementRead.at).outerjoin(AnnouncementRead, read)
        return query.where(*self._current(), self._meant_for(reader))

    def _current(self):
        now = self.services.clock.now()
        open_end = sa.or_(Announcement.ends_at.is_(None), Announcement.ends_at > now)
        return [Announcement.starts_at <= now, open_end, Announcement.withdrawn.is_(None)]

    def _meant_for(self, reader):
        units = {int(part) for path in reader.department_paths for part in path.split("/") if part}
        named = sa.exists().where(
            AnnouncementAudience.announcement_id == Announcement.id, AnnouncementAudience.department_id.in_(sorted(units))
        )
        return sa.or_(Announcement.for_all, named)

    def _people(self, announcement):
        """Condition on users (joined with their main unit): those it is for."""
        if announcement.for_all:
            return []
        return [sa.or_(sa.false(), *(Department.path.startswith(unit.path) for unit in self.audience(announcement)))]

    def _listed(self, query):
        return [Listed(announcement, at is not None) for announcement, at in self.session.execute(query)]

    def _check(self, data, announcement, files):
        problems = {}
        if data.ends_at is not None and data.ends_at <= data.starts_at:
            problems["end_date"] = _("The end must come after the beginning.")
        known = self.session.scalar(sa.select(sa.func.count()).where(Department.id.in_(data.department_ids)))
        if known != len(set(data.department_ids)):
            problems["departments"] = _("Please choose units from the list.")
        if len(files) + (len(announcement.files) if announcement else 0) > FILES_MAX:
            problems["files"] = _("At most ${max} files", mapping={"max": FILES_MAX})
        if problems:
            raise Invalid(fields=problems)

    def _set_audience(self, announcement, department_ids):
        mine = AnnouncementAudience.announcement_id == announcement.id
        self.session.execute(sa.delete(AnnouncementAudience).where(mine))
        for department_id in sorted(set(department_ids)):
            self.session.add(AnnouncementAudience(announcement_id=announcement.id, department_id=department_id))
        self.session.flush()

    def _record(self, author, action, announcement, ip):
        detail = {"title": announcement.title}
        self.services.get(AuditService).record(author, action, "core.announcement", announcement.id, detail=detail, ip=ip)
