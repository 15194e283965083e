"""The rows of the tests' tables, and the people they name; ``tests.parts`` holds the tables of each part of the core."""

from dataclasses import dataclass
from typing import Any

VISITOR = "visitor"
CLERKS = ("staff", "staff2")
USERS = (*CLERKS, "leader", "meetings-admin", "admin", "keeper", "guest")
ALL = (VISITOR, *USERS)


@dataclass(frozen=True)
class Form:
    """Who sends it where; ``fill(scene)`` makes what is needed for it afresh and returns the address and the fields."""

    who: str
    fill: Any
    status: int = 303


@dataclass(frozen=True)
class Page:
    """``path`` may hold names of ``places`` in braces; ``status`` is the answer that is right for ``login``."""

    name: str
    login: str | None
    path: str
    status: int = 200
