"""What administrators type about a person, and what can be wrong with it; used by the form and by the import."""

import re
from dataclasses import dataclass

from portal_core.i18n import _

PHONE_LENGTH, EMAIL_LENGTH = 32, 120
# Digits with the marks that people put between them; extensions after a dash: 0575-88001234-801.
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")
_EMAIL = re.compile(r"[^\s@<>\"',;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class UserData:
    """A person's data. ``department_id`` is the main unit, ``further_ids`` are the others."""

    name: str
    department_id: int | None
    further_ids: tuple[int, ...] = ()
    phone: str = ""
    email: str = ""


def phone_problem(phone: str):
    """What is wrong with a telephone number, or None; nothing is right too."""
    if phone and not _PHONE.fullmatch(phone):
        return _("This is no telephone number.")
    return None


def email_problem(email: str):
    """What is wrong with a mail address, or None; nothing is right too."""
    if email and (len(email) > EMAIL_LENGTH or not email.isascii() or not _EMAIL.fullmatch(email)):
        return _("This is no e-mail address.")
    return None
