"""Passwords: hashing with argon2id, the rules for new ones, and random ones for first use.

Rules after GB/T 22239-2019 level 2: eight characters or more, three of the four kinds, nothing of the login name.
"""

import functools
import secrets
import string
import threading

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from portal_core.i18n import _

MIN_LENGTH = 8
MAX_LENGTH = 128
KINDS_NEEDED = 3
RUN_OF_LOGIN = 3

# No letters and digits that are mistaken for each other when a password is read from paper.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 3, 4

# One hash takes 64 MiB and all cores for a moment: a rush of logins must queue here, not exhaust the machine.
_CONCURRENT_HASHES = 4


class Hasher:
    """Hashes and verifies. ``profile`` is the setting ``portal.password_profile``."""

    def __init__(self, profile: str):
        parameters = {"standard": argon2.profiles.RFC_9106_LOW_MEMORY, "cheapest": argon2.profiles.CHEAPEST}[profile]
        self._argon2 = argon2.PasswordHasher.from_parameters(parameters)
        self._memory = parameters.memory_cost
        self._slots = threading.BoundedSemaphore(_CONCURRENT_HASHES)
        self._nobody = self.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """The encoded hash with a random salt."""
        with self._slots:
            return self._argon2.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Is ``password`` the one of ``stored``? None (no such user) takes as long as a wrong password and is False.

        So does a cheaper hash, as initial passwords of an import have: nobody shall learn from the time that an account exists.
        """
        with self._slots:
            if stored is not None and self._is_cheaper(stored):
                self._matches(self._nobody, password)
            return self._matches(stored or self._nobody, password) and stored is not None

    def _matches(self, stored, password):
        try:
            return self._argon2.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _is_cheaper(self, stored):
        try:
            return argon2.extract_parameters(stored).memory_cost < self._memory
        except InvalidHashError:
            return True

    def is_outdated(self, stored: str) -> bool:
        """Was ``stored`` made with parameters other than today's?"""
        return self._argon2.check_needs_rehash(stored)


@functools.cache
def hasher(profile: str) -> Hasher:
    """The process's one hasher for ``profile``, because the limit of concurrent hashes is one for all."""
    return Hasher(profile)


def problem(password: str, login: str):
    """What is wrong with a new password for ``login``, as a translation string, or None when it may be used."""
    if len(password) < MIN_LENGTH:
        return _("A password needs at least ${count} characters.", mapping={"count": MIN_LENGTH})
    if len(password) > MAX_LENGTH:
        return _("A password has at most ${count} characters.", mapping={"count": MAX_LENGTH})
    if kinds(password) < KINDS_NEEDED:
        return _("Use at least three of: capital letters, small letters, digits, symbols.")
    if holds_run(password, login):
        return _("The password must not contain three characters in a row of the user name.")
    return None


def kinds(password: str) -> int:
    """How many of capital letters, small letters, digits and other characters occur."""
    letters = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    found = sum(any(c in kind for c in password) for kind in letters)
    return found + any(c not in "".join(letters) for c in password)


def holds_run(password: str, login: str) -> bool:
    """Does ``password`` contain three neighbouring characters of ``login``, in whatever case?"""
    password, login = password.casefold(), login.casefold()
    return any(login[i : i + RUN_OF_LOGIN] in password for i in range(len(login) - RUN_OF_LOGIN + 1))


def random_password(login: str) -> str:
    """A password for first use, e.g. ``Kf7m-Qw3x-9Tpd`` (about 69 bits), that satisfies the rules for ``login``."""
    while True:
        groups = ("".join(secrets.choice(_ALPHABET) for _i in range(_GROUP_LENGTH)) for _g in range(_GROUPS))
        password = "-".join(groups)
        if problem(password, login) is None:
            return password
