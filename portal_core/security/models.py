"""Tables of the security list: passwords that may not come back, second factors, and logins that wait for one."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal_core.db import Base, BigId, UTCDateTime


class OldPassword(Base):
    """The hash of a password that a person had before; only as many are kept as may not be used again."""

    __tablename__ = "core_password_history"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    replaced: Mapped[dt.datetime] = mapped_column(UTCDateTime)


class SecondFactor(Base):
    """The secret that a person's phone makes one-time codes from, encrypted. It counts once it is ``confirmed`` by a code.

    ``last_step`` is the time step (RFC 6238) of the last code that was taken: no code is taken twice, nor one before it.
    """

    __tablename__ = "core_second_factor"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(sa.String(200))
    created: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    confirmed: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    last_step: Mapped[int] = mapped_column(BigId, default=0)


class RecoveryCode(Base):
    """A code for the day on which the phone is lost: good once; only its SHA-256 is stored."""

    __tablename__ = "core_recovery_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class LoginStep(Base):
    """A login whose password was right and whose second factor is still asked; the cookie holds the token."""

    __tablename__ = "core_login_step"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    expires: Mapped[dt.datetime] = mapped_column(UTCDateTime, index=True)
