"""The second factor at the login: one-time codes of an authenticator app (TOTP, RFC 6238) and recovery codes.

Which people need it says ``portal.second_factor``. Secrets are encrypted (``security.crypto``), recovery codes hashed; both are
shown once. A code is taken once: the time step of the last one is kept, and moved on by a statement that only one of two requests
can win.
"""

import base64
import hashlib
import secrets

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.accounts.models import User
from portal_core.accounts.queries import ADMINISTER
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, NotFound
from portal_core.i18n import _
from portal_core.security.crypto import Unreadable, Vault
from portal_core.security.models import RecoveryCode, SecondFactor
from portal_core.services import Services

OFF, ADMINS, EVERYONE = "off", "admins", "all"
# What every authenticator app understands; RFC 4226 asks for a secret of 160 bits.
SECRET_BYTES, DIGITS, STEP_SECONDS = 20, 6, 30
# Clocks of phones may be half a minute off, in either direction.
DRIFT_STEPS = 1
RECOVERY_CODES, RECOVERY_BYTES = 10, 10

log = structlog.get_logger("portal.security")


def needs(identity: Identity, settings) -> bool:
    """Must this person have a second factor?"""
    wanted = settings["portal.second_factor"]
    return wanted == EVERYONE or (wanted == ADMINS and identity.may_somewhere(ADMINISTER))


class SecondFactorService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.clock = services.clock
        self.settings = services.portal.settings
        self.vault = Vault(services.portal.settings)

    @property
    def on(self) -> bool:
        """Are second factors in use at all?"""
        return self.settings["portal.second_factor"] != OFF

    def enrolled(self, user_id: int) -> bool:
        """Has the person a second factor that counts?"""
        confirmed = sa.select(SecondFactor.user_id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed.is_not(None))
        return self.session.scalar(confirmed) is not None

    def offer(self, person: Identity) -> None:
        """Make a new secret for ``person``, which counts when ``confirm`` has seen a code of it. Raises Conflict if enrolled."""
        row = self.session.get(SecondFactor, person.user_id)
        if row is not None and row.confirmed is not None:
            raise Conflict(_("The second factor is set up already."))
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        if row is None:
            row = SecondFactor(user_id=person.user_id, last_step=0)
            self.session.add(row)
        row.secret, row.created = self.vault.encrypt(secret, _place(person.user_id)), self.clock.now()
        self.session.flush()

    def offered(self, person: Identity) -> tuple[str, str] | None:
        """The secret that waits for its first code, in base32, and its ``otpauth:`` address for the picture; None without one."""
        row = self.session.get(SecondFactor, person.user_id)
        if row is None or row.confirmed is not None:
            return None
        secret = self._secret(row)
        if secret is None:
            return None
        return secret, _totp(secret).get_provisioning_uri(person.login, self.settings["portal.site_title"])

    def confirm(self, person: Identity, code: str) -> list[str] | None:
        """Count the offered secret from now on if ``code`` is right; returns the recovery codes, or None for a wrong code."""
        row = self.session.get(SecondFactor, person.user_id)
        if row is None or row.confirmed is not None:
            raise Conflict(_("The second factor is set up already."))
        if not self._takes(row, code):
            return None
        row.confirmed = self.clock.now()
        codes = self._new_recovery_codes(person.user_id)
        self._note(person, "core.second_factor_enrolled", person.user_id)
        return codes

    def check(self, user_id: int, code: str) -> bool:
        """Is ``code`` the present one-time code of ``user_id``, or an unused recovery code? Either is used up by that."""
        plain = _plain(code)
        if plain.isdigit() and len(plain) == DIGITS:
            row = self.session.get(SecondFactor, user_id)
            return row is not None and row.confirmed is not None and self._takes(row, plain)
        return self._use_recovery_code(user_id, plain)

    def renew_recovery_codes(self, person: Identity) -> list[str]:
        """Ten new recovery codes; the old ones are void. Raises NotFound without a second factor."""
        if not self.enrolled(person.user_id):
            raise NotFound()
        self._note(person, "core.recovery_codes_renewed", person.user_id)
        return self._new_recovery_codes(person.user_id)

    def codes_left(self, user_id: int) -> int:
        """How many recovery codes are unused."""
        unused = sa.select(sa.func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used.is_(None))
        return self.session.scalar(unused) or 0

    def remove(self, user: User, by: Identity = SYSTEM) -> None:
        """Forget the second factor of ``user``, whose phone is lost. Raises NotFound when there is none."""
        row = self.session.get(SecondFactor, user.id)
        if row is None:
            raise NotFound()
        self.session.delete(row)
        self.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        self.session.flush()
        self._note(by, "core.second_factor_removed", user.id)

    def rotate(self) -> int:
        """Encrypt every secret that is not yet under the current key with it; returns how many there were."""
        rows = [row for row in self.session.scalars(sa.select(SecondFactor)) if not self.vault.is_current(row.secret)]
        for row in rows:
            row.secret = self.vault.encrypt(self.vault.decrypt(row.secret, _place(row.user_id)), _place(row.user_id))
        self.session.flush()
        return len(rows)

    def _takes(self, row: SecondFactor, code: str) -> bool:
        """Does ``code`` fit a time step that was not used? Of two requests, the statement that moves the step on lets one win."""
        secret = self._secret(row)
        if secret is None:
            return False
        totp = _totp(secret)
        now = int(self.clock.now().timestamp()) // STEP_SECONDS
        step = next((now + drift for drift in range(-DRIFT_STEPS, DRIFT_STEPS + 1) if _fits(totp, code, now + drift)), None)
        if step is None:
            return False
        later = sa.update(SecondFactor).where(SecondFactor.user_id == row.user_id, SecondFactor.last_step < step)
        taken = self.session.execute(later.values(last_step=step).returning(SecondFactor.user_id)).first()
        return taken is not None

    def _secret(self, row: SecondFactor) -> str | None:
        """The secret in base32, or None when it cannot be read; `portal doctor` says so, too."""
        try:
            return self.vault.decrypt(row.secret, _place(row.user_id))
        except Unreadable as error:
            log.error("a second factor cannot be read", user=row.user_id, error=str(error))
            return None

    def _use_recovery_code(self, user_id: int, plain: str) -> bool:
        unused = sa.update(RecoveryCode).where(
            RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(plain), RecoveryCode.used.is_(None)
        )
        used = self.session.execute(unused.values(used=self.clock.now()).returning(RecoveryCode.id)).first()
        return used is not None

    def _new_recovery_codes(self, user_id: int) -> list[str]:
        codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _number in range(RECOVERY_CODES)]
        self.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self.session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(code)) for code in codes)
        self.session.flush()
        return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]

    def _note(self, actor: Identity, action: str, user_id: int) -> None:
        self.services.get(AuditService).record(actor, action, "core.user", user_id)


def _totp(secret: str) -> TOTP:
    # SHA-1 is what authenticator apps use; its weakness (collisions) does not touch HMAC.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303


def _fits(totp: TOTP, code: str, step: int) -> bool:
    try:
        totp.verify(code.encode(), step * STEP_SECONDS)
    except InvalidToken:
        return False
    return True


def _place(user_id: int) -> str:
    return f"core_second_factor.secret:{user_id}"


def _plain(code: str) -> str:
    """A code as it is compared: without the blanks and dashes that help to read it."""
    return "".join(c for c in code.upper() if c.isascii() and c.isalnum())


def _hash(plain: str) -> str:
    """What is stored of a recovery code; 80 random bits need no slow hash."""
    return hashlib.sha256(plain.encode()).hexdigest()
