"""Clearing up after logins that were not finished, and whether what is encrypted can still be read."""

import sqlalchemy as sa

from portal_core.security.crypto import Unreadable, Vault
from portal_core.security.models import LoginStep, SecondFactor


def end_login_steps(session, portal, clock):
    """Job: remove logins that waited for a second factor in vain."""
    session.execute(
        sa.delete(LoginStep).where(LoginStep.expires <= clock.now()), execution_options={"synchronize_session": False}
    )


def secrets_are_readable(session, portal):
    """Health check: None while the configured keys open a stored secret of each key, else what is wrong."""
    vault = Vault(portal.settings)
    newest: dict[str, SecondFactor] = {}
    for row in session.scalars(sa.select(SecondFactor).order_by(SecondFactor.created.desc()).limit(100)):
        newest.setdefault(row.secret.rsplit(":", 1)[0], row)
    for row in newest.values():
        try:
            vault.decrypt(row.secret, f"core_second_factor.secret:{row.user_id}")
        except Unreadable as error:
            return str(error)
    return None
