"""Item 17 (level 3, switch portal.encryption_keys): what is encrypted cannot be read, moved or changed without them."""

import base64

import pytest

from portal_core.errors import StartError
from portal_core.security.crypto import Unreadable, Vault, as_keys, new_key

PLACE, TEXT = "core_second_factor.secret:7", "JBSWY3DPEHPK3PXP"
KEYS = f"{new_key('k2')} {new_key('k1')}"


@pytest.fixture
def vault():
    return Vault({"portal.encryption_keys": as_keys(KEYS)})


def test_round_trip_and_a_new_nonce_each_time(vault):
    stored = {vault.encrypt(TEXT, PLACE) for _time in range(50)}
    assert len(stored) == 50
    assert {vault.decrypt(value, PLACE) for value in stored} == {TEXT}
    assert all(value.startswith("aesgcm:k2:") and TEXT not in value for value in stored)


def test_each_flipped_bit_is_noticed(vault):
    head, body = vault.encrypt(TEXT, PLACE).rsplit(":", 1)
    raw = bytearray(base64.b64decode(body))
    for position in range(len(raw)):
        raw[position] ^= 1
        with pytest.raises(Unreadable):
            vault.decrypt(f"{head}:{base64.b64encode(raw).decode()}", PLACE)
        raw[position] ^= 1


def test_a_value_belongs_to_its_place(vault):
    with pytest.raises(Unreadable):
        vault.decrypt(vault.encrypt(TEXT, PLACE), "core_second_factor.secret:8")


@pytest.mark.parametrize(
    "stored", ["", TEXT, "aesgcm:", "aesgcm:k2:", "aesgcm:k9:AAAA", "rot13:k2:AAAA", "aesgcm:k2:é", "aesgcm:k2:AAA="]
)
def test_nonsense_is_unreadable_and_no_fault(vault, stored):
    with pytest.raises(Unreadable):
        vault.decrypt(stored, PLACE)


def test_old_keys_still_open_but_no_longer_close(vault):
    old = Vault({"portal.encryption_keys": as_keys(KEYS)[1:]})
    stored = old.encrypt(TEXT, PLACE)
    assert stored.startswith("aesgcm:k1:") and old.is_current(stored) and not vault.is_current(stored)
    assert vault.decrypt(stored, PLACE) == TEXT
    with pytest.raises(Unreadable):
        old.decrypt(vault.encrypt(TEXT, PLACE), PLACE)


def test_without_a_key_nothing_is_stored_in_clear():
    with pytest.raises(StartError):
        Vault({"portal.encryption_keys": ()}).encrypt(TEXT, PLACE)


@pytest.mark.parametrize("text", ["k1", "k1:c2hvcnQ=", f"K1:{'A' * 43}=", f"k1:{'A' * 43}= k1:{'B' * 42}A="])
def test_bad_keys_stop_the_start(text):
    with pytest.raises(ValueError, match="key"):
        as_keys(text)


def test_a_key_is_not_shown_by_accident():
    (key,) = as_keys(new_key("k1"))
    assert repr(key) == str(key) == "<key k1>"
