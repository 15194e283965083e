"""Accounts: making them, their passwords, and their end. Units and rights have modules of their own and are named here too."""

import datetime as dt
import re
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.departments import DepartmentService
from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import Department, User
from portal_core.accounts.passwords import hasher, problem, random_password
from portal_core.accounts.rights import RightsService, sync_permissions
from portal_core.accounts.sessions import SessionService
from portal_core.accounts.throttle import LOGIN_LENGTH, clear_failures, normal_login
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, Invalid, NotFound
from portal_core.i18n import _
from portal_core.security.expiry import old_hashes, remember
from portal_core.services import Services

__all__ = ["AccountService", "DepartmentService", "RightsService", "SessionService", "sync_permissions"]

MAX_NAME = 40
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]+")


@dataclass(frozen=True)
class AccountLine:
    """An account in a list. ``state`` is active, initial (the password was never changed), locked or closed."""

    login: str
    name: str
    department_name: str
    state: str


@dataclass(frozen=True)
class InitialPassword:
    """A random password for one use with its hash, made before a transaction begins because hashing takes long."""

    text: str
    hashed: str


def state_of(user: User, now: dt.datetime) -> str:
    """The state of an account as in ``AccountLine``."""
    if not user.active:
        return "closed"
    if user.locked_until is not None and user.locked_until > now:
        return "locked"
    return "initial" if user.must_change_password else "active"


class AccountService:
    """Keeps accounts. Nothing is deleted: who has left is deactivated, so that what they did keeps its author.

    ``by`` is who acts, for the audit log; the command line acts as the system.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.clock = services.clock
        self.settings = services.portal.settings
        self.hasher = hasher(self.settings["portal.password_profile"])

    def find(self, login: str) -> User | None:
        """The user with this login name, active or not, or None."""
        return self.session.scalar(sa.select(User).where(User.login == normal_login(login)))

    def get(self, login: str) -> User:
        """As ``find``, but raises NotFound with a message that names the login."""
        user = self.find(login)
        if user is None:
            raise NotFound(_("There is no user ${login}.", mapping={"login": login}))
        return user

    def overview(self) -> list[AccountLine]:
        """All accounts, by login name."""
        now = self.clock.now()
        rows = self.session.execute(
            sa.select(User, Department.name).outerjoin(Department, Department.id == User.department_id).order_by(User.login)
        )
        return [AccountLine(user.login, user.name, unit or "", state_of(user, now)) for user, unit in rows]

    def create(
        self,
        login: str,
        name: str,
        department: Department | None = None,
        *,
        phone: str = "",
        email: str = "",
        by: Identity = SYSTEM,
        initial: InitialPassword | None = None,
    ) -> tuple[User, str]:
        """Make an account with a random password for first use, and return both: the password is stored nowhere readable.

        ``initial`` is what ``prepare`` gave. Raises Invalid with the fields that are wrong: ``login``, ``name``.
        """
        login, name = normal_login(login), name.strip()
        errors = self.problems(login, name)
        if errors:
            raise Invalid(fields=errors)
        initial, now = initial or self.prepare(login), self.clock.now()
        user = User(
            login=login,
            name=name,
            department_id=department.id if department else None,
            phone=phone.strip(),
            email=email.strip(),
            password_hash=initial.hashed,
            password_changed=now,
            must_change_password=True,
            created=now,
        )
        self.session.add(user)
        self.session.flush()
        self._note("core.user_created", user, by, {"name": name})
        return user, initial.text

    def prepare(self, login: str) -> InitialPassword:
        """A random password for first use of the account ``login``. Slow, and without a statement."""
        password = random_password(normal_login(login))
        return InitialPassword(password, self.hasher.hash(password))

    def problems(self, login: str, name: str) -> dict[str, str]:
        """What is wrong with the login and the name of a new account, by field."""
        errors = {}
        if not LOGIN.fullmatch(login) or len(login) > LOGIN_LENGTH:
            errors["login"] = _("A user name has 2 to 64 small letters, digits or . _ @ - and begins with a letter or digit.")
        elif self.find(login) is not None:
            errors["login"] = _("The user name ${login} is taken.", mapping={"login": login})
        if not name or len(name) > MAX_NAME:
            errors["name"] = _("Please give a name of at most ${count} characters.", mapping={"count": MAX_NAME})
        return errors

    def reset_password(self, user: User, by: Identity = SYSTEM, initial: InitialPassword | None = None) -> str:
        """Give ``user`` a random password for one use (``initial`` of ``prepare``), end all sessions and any lock; returns it."""
        initial = initial or self.prepare(user.login)
        self._store(user, initial.hashed, must_change=True)
        self.services.get(SessionService).end_all(user.id)
        clear_failures(self.session, user.login)
        self._note("core.password_reset", user, by)
        return initial.text

    def set_password(self, user: User, password: str, *, must_change: bool) -> None:
        """Set a password chosen elsewhere and end all sessions. Raises Invalid (field ``new``) when it breaks the rules."""
        self._check(password, user.login)
        self._store(user, self.hasher.hash(password), must_change)
        self.services.get(SessionService).end_all(user.id)

    def change_password(self, user_id: int, current: str, new: str, keep_session: int | None) -> None:
        """Change one's own password and end one's other sessions.

        ``keep_session``: id of the session that asks and goes on. Raises Invalid with the field that is wrong, ``current`` or
        ``new``. The slow hashes are computed before this session's transaction begins, see ``portal_core.db``.
        """
        with self.services.portal.database.reading() as reader:
            stored = reader.execute(sa.select(User.login, User.password_hash).where(User.id == user_id)).one()
            old = old_hashes(reader, user_id, stored.password_hash, self.settings)
        if not self.hasher.verify(stored.password_hash, current):
            raise Invalid(fields={"current": _("The current password is wrong.")})
        if new == current:
            raise Invalid(fields={"new": _("The new password must differ from the current one.")})
        self._check(new, stored.login)
        if any(self.hasher.verify(hashed, new) for hashed in old):
            raise Invalid(fields={"new": _("This is one of your last ${count} passwords.", mapping={"count": len(old)})})
        hashed = self.hasher.hash(new)
        user = self.session.get_one(User, user_id)
        if user.password_hash != stored.password_hash:
            raise Conflict(_("The password was changed elsewhere in the meantime."))
        self._store(user, hashed, must_change=False)
        self.services.get(SessionService).end_all(user_id, keep=keep_session)

    def deactivate(self, user: User, by: Identity = SYSTEM, detail: dict | None = None) -> None:
        """Close the account and end its sessions at once; what the person filed stays. ``detail`` goes to the audit log."""
        user.active = False
        self.session.flush()
        self.services.get(SessionService).end_all(user.id)
        self._note("core.user_deactivated", user, by, detail)

    def reactivate(self, user: User, by: Identity = SYSTEM, initial: InitialPassword | None = None) -> str:
        """Open a closed account again; returns a random password for one use, because nobody knows who knows the old one."""
        user.active = True
        self._note("core.user_reactivated", user, by)
        return self.reset_password(user, by, initial)

    def unlock(self, user: User, by: Identity = SYSTEM) -> None:
        """End the lock after failed logins."""
        clear_failures(self.session, user.login)
        self._note("core.user_unlocked", user, by)

    def _note(self, action: str, user: User, by: Identity, detail: dict | None = None) -> None:
        said = {"login": user.login, **(detail or {})}
        self.services.get(AuditService).record(by, action, "core.user", user.id, detail=said)

    def _check(self, password: str, login: str) -> None:
        wrong = problem(password, login)
        if wrong:
            raise Invalid(fields={"new": wrong})

    def _store(self, user: User, hashed: str, must_change: bool) -> None:
        remember(self.session, user.id, user.password_hash, self.clock.now(), self.settings)
        user.password_hash = hashed
        user.password_changed = self.clock.now()
        user.must_change_password = must_change
        self.session.flush()
