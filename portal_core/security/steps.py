"""Between password and one-time code: who has got as far as that, for some minutes. Transactions of its own, as at the login."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.sessions import TOKEN, hash_token, new_token
from portal_core.security.factors import SecondFactorService
from portal_core.security.models import LoginStep
from portal_core.services import Services

LIFETIME = dt.timedelta(minutes=5)
COOKIE = "portal_step"


class LoginSteps:
    """See the module. The token is in a cookie and known only there; its SHA-256 is stored."""

    def __init__(self, portal):
        self._portal = portal
        self._clock = portal.clock

    def asks(self, user_id: int) -> bool:
        """Must ``user_id`` give a code after the password? Who has none set up yet is sent to do that after the login."""
        with self._portal.database.reading() as session:
            factors = Services(session, self._portal).get(SecondFactorService)
            return factors.on and factors.enrolled(user_id)

    def begin(self, user_id: int) -> str:
        """A new step's token."""
        token = new_token()
        with self._portal.database.writing() as session:
            session.add(LoginStep(token_hash=hash_token(token), user_id=user_id, expires=self._clock.now() + LIFETIME))
        return token

    def person(self, token: str) -> int | None:
        """The id of the user whose step this is, or None when it is over or never was."""
        if not TOKEN.fullmatch(token):
            return None
        with self._portal.database.reading() as session:
            step = session.get(LoginStep, hash_token(token))
            return step.user_id if step is not None and step.expires > self._clock.now() else None

    def accepts(self, user_id: int, code: str) -> bool:
        """Is ``code`` right? It is used up by that."""
        with self._portal.database.writing() as session:
            return Services(session, self._portal).get(SecondFactorService).check(user_id, code)

    def end(self, token: str) -> None:
        """Nobody gets further by this token."""
        with self._portal.database.writing() as session:
            session.execute(sa.delete(LoginStep).where(LoginStep.token_hash == hash_token(token)))
