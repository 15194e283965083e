"""Encryption of single values: the one place that knows algorithms and keys (decision 23).

A stored value is ``<algorithm>:<key id>:<base64>``, so that keys can be changed one by one and another algorithm (SM4, for a
密评) can be added beside the first without touching what is stored. Keys come from the environment and are never in the database.
"""

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal_core.errors import StartError

SETTING = "portal.encryption_keys"
KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY = re.compile(r"([a-z0-9]{1,16}):([A-Za-z0-9+/]{43}=)")


class Unreadable(Exception):
    """A stored value cannot be decrypted: its key is not configured, it was changed, or it belongs to another place."""


class Algorithm(Protocol):
    """An authenticated cipher. ``place`` is bound to the text, so that a value cannot be moved to another row or column."""

    def encrypt(self, key: bytes, text: bytes, place: bytes) -> bytes:
        """The nonce and the encrypted text."""

    def decrypt(self, key: bytes, stored: bytes, place: bytes) -> bytes:
        """The text. Raises Unreadable."""


class AesGcm:
    """AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits before the text."""

    def encrypt(self, key: bytes, text: bytes, place: bytes) -> bytes:
        """See ``Algorithm``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, text, place)

    def decrypt(self, key: bytes, stored: bytes, place: bytes) -> bytes:
        """See ``Algorithm``."""
        try:
            return AESGCM(key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError) as error:
            raise Unreadable("the value was changed or belongs to another place") from error


ALGORITHMS: dict[str, Algorithm] = {"aesgcm": AesGcm()}
CURRENT_ALGORITHM = "aesgcm"


@dataclass(frozen=True)
class Key:
    """A key and the name under which values say that they need it. ``repr`` does not show it."""

    id: str
    secret: bytes

    def __repr__(self):
        return f"<key {self.id}>"


def as_keys(text: str) -> tuple[Key, ...]:
    """The setting's value: ``id:base64`` of 32 bytes each, separated by blanks; the first one encrypts, all of them decrypt."""
    keys = []
    for word in str(text).split():
        found = _KEY.fullmatch(word)
        if not found:
            raise ValueError("each key is ID:BASE64 of 32 bytes, as `portal security new-key` prints it")
        keys.append(Key(found[1], base64.b64decode(found[2])))
    if len({key.id for key in keys}) != len(keys):
        raise ValueError("two keys have the same id")
    return tuple(keys)


def new_key(key_id: str) -> str:
    """A random key as the setting wants it."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


class Vault:
    """Encrypts and decrypts with the keys of the settings."""

    def __init__(self, settings: Mapping[str, Any]):
        self._keys: tuple[Key, ...] = settings[SETTING]

    def encrypt(self, text: str, place: str) -> str:
        """``text`` encrypted for ``place`` (``core_table.column:id``). Raises StartError when no key is configured."""
        if not self._keys:
            raise StartError(f"{SETTING}: no key is configured")
        key = self._keys[0]
        stored = ALGORITHMS[CURRENT_ALGORITHM].encrypt(key.secret, text.encode(), place.encode())
        return f"{CURRENT_ALGORITHM}:{key.id}:{base64.b64encode(stored).decode()}"

    def decrypt(self, stored: str, place: str) -> str:
        """What ``encrypt`` was given. Raises Unreadable."""
        name, _colon, rest = stored.partition(":")
        key_id, _colon, body = rest.partition(":")
        key = next((key for key in self._keys if key.id == key_id), None)
        if key is None or name not in ALGORITHMS:
            raise Unreadable(f"no key {key_id!r} for {name!r} is configured")
        try:
            return ALGORITHMS[name].decrypt(key.secret, base64.b64decode(body, validate=True), place.encode()).decode()
        except ValueError as error:
            raise Unreadable("the value was changed") from error

    def is_current(self, stored: str) -> bool:
        """Was ``stored`` encrypted with today's algorithm and key?"""
        return bool(self._keys) and stored.startswith(f"{CURRENT_ALGORITHM}:{self._keys[0].id}:")
