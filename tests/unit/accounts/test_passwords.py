"""Rules, hashing and random passwords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_core.accounts import passwords


@pytest.mark.parametrize("password", ["Demo-2026!", "abcDEF12", "ABC-abc-", "密码Password1", "a1-a1-a1"])
def test_fit(password):
    assert passwords.problem(password, "staff") is None


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Ab-1",
        "Ab-1567",
        "abcdefgh",
        "abcdefg1",
        "ABCDEFG1",
        "12345678",
        "Staff-2026",
        "x-TAF-2026",
        "A-1a" * 33,
    ],
)
def test_unfit(password):
    assert passwords.problem(password, "staff") is not None


def test_a_login_of_two_characters_forbids_nothing():
    assert passwords.problem("Li-Katze-42", "li") is None


@given(st.text(min_size=3, max_size=20), st.text(max_size=10), st.text(max_size=10))
def test_a_password_around_the_login_is_found(login, before, after):
    assert passwords.holds_run(before + login.swapcase() + after, login) or login.casefold() != login.swapcase().casefold()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=2, max_size=12))
def test_random_passwords_obey_the_rules(login):
    password = passwords.random_password(login)
    assert passwords.problem(password, login) is None
    assert len(password) == 14


def test_hashes_are_salted_and_verified():
    hasher = passwords.hasher("cheapest")
    first, second = hasher.hash("Secret-1"), hasher.hash("Secret-1")
    assert first != second and first.startswith("$argon2id$")
    assert hasher.verify(first, "Secret-1") and not hasher.verify(first, "Secret-2")


def test_nobody_and_a_broken_hash_never_match():
    hasher = passwords.hasher("cheapest")
    assert not hasher.verify(None, "Secret-1")
    assert not hasher.verify("no hash", "Secret-1")
    assert not hasher.verify("", "")


def test_other_parameters_are_outdated():
    cheap, standard = passwords.hasher("cheapest"), passwords.hasher("standard")
    assert standard.is_outdated(cheap.hash("Secret-1"))
    assert not cheap.is_outdated(cheap.hash("Secret-1"))


def test_an_unknown_profile_is_refused():
    with pytest.raises(KeyError):
        passwords.Hasher("none")
