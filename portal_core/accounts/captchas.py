"""Riddles at the login: letters in a picture, or a sum in words for people who cannot see it (GB/T 37668).

A riddle is a row with the hash of its answer, good for one try and five minutes. The sum is easy for a program too; it is the
throttle that stops guessing, the riddle only makes every try cost something.
"""

import datetime as dt
import functools
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

import sqlalchemy as sa
from captcha.image import ImageCaptcha

from portal_core.accounts.models import Captcha
from portal_core.i18n import _

PICTURE, TEXT = "picture", "text"
KEY = re.compile(r"[A-Za-z0-9_-]{22}")
LIFETIME = dt.timedelta(minutes=5)
LENGTH = 4
# Letters and digits that stay apart when they are bent.
_ALPHABET = "ACDEFHJKLMNPRTUVWXY3479"
# Wide enough that four letters do not lie on each other, and drawn larger than shown, for those who zoom in.
_WIDTH, _HEIGHT, _SIZES = 240, 80, (46, 50, 54)
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Riddle:
    """What the login page needs: ``mode`` is PICTURE or TEXT, ``question`` the sum (a translation string) or None."""

    key: str
    mode: str
    question: str | None = None


class Captchas:
    """Makes and checks riddles, in transactions of its own."""

    def __init__(self, portal):
        self._database = portal.database
        self._clock = portal.clock

    def new(self, mode: str) -> Riddle:
        """A riddle for a page. The letters of a picture are chosen when the picture is fetched."""
        key = secrets.token_urlsafe(16)
        if mode == PICTURE:
            return Riddle(key, PICTURE)
        first, second = 11 + secrets.randbelow(79), 1 + secrets.randbelow(9)
        self._store(key, str(first + second))
        question = _("How much is ${first} plus ${second}?", mapping={"first": in_words(first), "second": in_words(second)})
        return Riddle(key, TEXT, question)

    def picture(self, key: str) -> bytes:
        """A PNG with new letters for ``key``; letters drawn for it earlier are void."""
        answer = "".join(secrets.choice(_ALPHABET) for _i in range(LENGTH))
        self._store(key, answer)
        return _painter().generate(answer).getvalue()

    def solve(self, key: str, answer: str) -> bool:
        """Is ``answer`` right? Whatever it is, the riddle is used up."""
        if not KEY.fullmatch(key):
            return False
        with self._database.writing() as session:
            used = sa.delete(Captcha).where(Captcha.key == key).returning(Captcha.answer_hash, Captcha.expires)
            row = session.execute(used).first()
        if row is None or row.expires <= self._clock.now():
            return False
        return secrets.compare_digest(row.answer_hash, _hash(key, answer))

    def _store(self, key, answer):
        with self._database.writing() as session:
            session.execute(sa.delete(Captcha).where(Captcha.key == key))
            session.add(Captcha(key=key, answer_hash=_hash(key, answer), expires=self._clock.now() + LIFETIME))


def _hash(key, answer):
    # Full-width digits and small letters are what an input method makes of the right answer.
    plain = unicodedata.normalize("NFKC", answer).strip().upper()
    return hashlib.sha256(f"{key} {plain}".encode("utf8", "replace")).hexdigest()


@functools.cache
def _painter():
    """Loading the fonts takes longer than painting."""
    return ImageCaptcha(width=_WIDTH, height=_HEIGHT, font_sizes=_SIZES)


def in_words(number: int) -> str:
    """A number from 1 to 99 in Chinese words, which screen readers speak well and which are no digits to copy."""
    tens, ones = divmod(number, 10)
    text = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return text + (_DIGITS[ones] if ones or not tens else "")
