"""Accounts from an xlsx file in three steps: checked and kept, confirmed and made, initial passwords handed out once.

What is confirmed is what was shown, because the checked rows are kept on the server. All accounts are made in one transaction.
They have no usable password until the list is fetched: only then random ones are made, so that none is ever stored readably.
"""

import datetime as dt
import secrets

import sqlalchemy as sa

from portal_core.accounts.guard import ROLES, USERS, RightsGuard
from portal_core.accounts.identity import Identity
from portal_core.accounts.importcheck import ImportRow, RowChecker, taken_logins
from portal_core.accounts.models import Department, Role, User, UserDepartment, UserImport, UserRole
from portal_core.accounts.passwords import hasher, random_password
from portal_core.accounts.sheets import COLUMNS, SheetRow
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, NotFound
from portal_core.i18n import _
from portal_core.services import Services

PREVIEW, DONE = "preview", "done"
# A file is looked at and confirmed on the same day; passwords are handed out within the week.
PREVIEW_LIFETIME, DONE_LIFETIME = dt.timedelta(hours=24), dt.timedelta(days=7)
# 55^12 random passwords need no slow hash, as a cookie's token needs none: trying 10^12 a second takes 24 years. The slow one
# would take a minute for 500 people. With the first login it is gone, because that asks for a password of one's own.
_QUICK = hasher("cheapest")


def heads(translate) -> dict[str, str]:
    """What may stand in the first row, in small letters, with the field that it means."""
    spoken = {translate(title).casefold(): name for name, title in COLUMNS.items()}
    return spoken | {name: name for name in COLUMNS}


class UserImportService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.guard = services.get(RightsGuard)

    def preview(self, actor: Identity, file_name: str, sheet: list[SheetRow]) -> UserImport:
        """Check what was read (``sheets.read``) and keep it for the confirmation. Nothing else is written."""
        self.guard.require(actor, USERS)
        checker = RowChecker(self.session, actor.may(ROLES))
        checker.check(sheet)
        now = self.services.clock.now()
        kept = UserImport(
            owner_id=actor.user_id,
            created=now,
            expires=now + PREVIEW_LIFETIME,
            file_name=file_name[:120],
            state=PREVIEW,
            total=len(sheet),
            rows=[row.stored() for row in checker.rows],
            problems=[[p.number, p.field, p.code, p.params] for p in checker.problems],
            user_ids=[],
        )
        self.session.add(kept)
        self.session.flush()
        return kept

    def get(self, actor: Identity, import_id: int) -> UserImport:
        """An import of ``actor``; NotFound for an unknown, another person's or an expired one."""
        kept = self.session.get(UserImport, import_id)
        if kept is None or kept.owner_id != actor.user_id or kept.expires <= self.services.clock.now():
            raise NotFound()
        return kept

    def discard(self, actor: Identity, kept: UserImport) -> None:
        """Forget a file that was not confirmed."""
        self.guard.require(actor, USERS)
        if kept.state == PREVIEW:
            self.session.delete(kept)

    def confirm(self, actor: Identity, kept: UserImport) -> int:
        """Make all accounts of the preview; returns how many. Raises Conflict when it no longer fits or was confirmed."""
        self.guard.require(actor, USERS)
        rows = [_row(stored) for stored in kept.rows]
        if any(row.roles for row in rows):
            self.guard.require(actor, ROLES)
        self._take(kept)
        self._refuse_outdated(rows)
        with self.guard.watching():
            users = self._make(rows)
        audit = self.services.get(AuditService)
        for row, user in zip(rows, users, strict=True):
            detail = {"login": row.login, "name": row.name, "roles": list(row.roles), "import": kept.id}
            audit.record(actor, "core.user_created", "core.user", user.id, detail=detail)
        kept.user_ids = [user.id for user in users]
        kept.rows = []
        kept.expires = self.services.clock.now() + DONE_LIFETIME
        return len(users)

    def _take(self, kept):
        """From preview to done, for whoever comes first."""
        mine = sa.update(UserImport).where(UserImport.id == kept.id, UserImport.state == PREVIEW).values(state=DONE)
        if not self.session.execute(mine).rowcount:  # type: ignore[attr-defined]
            raise Conflict(_("This file was imported already."))

    def _refuse_outdated(self, rows):
        """Units, roles and logins may have come and gone since the file was checked."""
        taken = taken_logins(self.session, {row.login for row in rows})
        units = {i for row in rows for i in (row.department_id, *row.further_ids)}
        active = sa.select(sa.func.count()).where(Department.id.in_(units), Department.active)
        roles = {code for row in rows for code in row.roles}
        known = set(self.session.scalars(sa.select(Role.code).where(Role.code.in_(roles))))
        if taken or self.session.scalar(active) != len(units) or known != roles:
            raise Conflict(_("Users, units or roles have changed since the file was checked. Please upload it again."))

    def _make(self, rows):
        now = self.services.clock.now()
        # A password that nobody knows, the same hash for all: it is replaced before anybody can log in.
        unusable = _QUICK.hash(secrets.token_urlsafe(32))
        common = {"password_hash": unusable, "password_changed": now, "created": now, "must_change_password": True}
        users = [
            User(login=row.login, name=row.name, department_id=row.department_id, phone=row.phone, email=row.email, **common)
            for row in rows
        ]
        self.session.add_all(users)
        self.session.flush()
        role_ids = dict(self.session.execute(sa.select(Role.code, Role.id)).all())
        for row, user in zip(rows, users, strict=True):
            self.session.add_all(UserDepartment(user_id=user.id, department_id=i) for i in row.further_ids)
            self.session.add_all(UserRole(user_id=user.id, role_id=role_ids[code], scope="") for code in row.roles)
        self.session.flush()
        return users

    def hand_out(self, actor: Identity, kept: UserImport) -> list[tuple[str, str, str, str]]:
        """Make the initial passwords: user name, name, unit and password of each account that nobody has used yet.

        Once: who needs another one gets it on the user's page. Raises Conflict the second time.
        """
        self.guard.require(actor, USERS)
        once = sa.update(UserImport).where(UserImport.id == kept.id, UserImport.state == DONE, UserImport.handed_out.is_(None))
        if not self.session.execute(once.values(handed_out=self.services.clock.now())).rowcount:  # type: ignore[attr-defined]
            raise Conflict(_("The initial passwords were fetched already. Reset a password on the page of its user."))
        people = (
            sa.select(User.id, User.login, User.name, Department.name.label("unit"))
            .outerjoin(Department, Department.id == User.department_id)
            .where(User.id.in_(kept.user_ids), User.active, User.password_changed == User.created)
            .order_by(User.id)
        )
        rows = self.session.execute(people).all()
        passwords = {row.id: random_password(row.login) for row in rows}
        values = [{"id": user_id, "password_hash": _QUICK.hash(text)} for user_id, text in passwords.items()]
        if values:
            self.session.execute(sa.update(User), values)
        self.services.get(AuditService).record(
            actor, "core.initial_passwords", "core.user_import", kept.id, detail={"count": len(rows)}
        )
        return [(row.login, row.name, row.unit or "", passwords[row.id]) for row in rows]


def _row(stored):
    return ImportRow(**{**stored, "further_ids": tuple(stored["further_ids"]), "roles": tuple(stored["roles"])})
