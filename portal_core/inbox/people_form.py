"""Choosing people in a form: a search by name or login whose results are ticked, with JavaScript while one types.

Without JavaScript the button ``_find`` sends the form, and it comes back with those found beside those chosen. The template is
``templates/inbox/people.pt``.
"""

from dataclasses import dataclass
from typing import Any

from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.inbox.persons import FOUND_MAX, PersonLine, PersonService
from portal_core.web.params import MAX_ID, text_param

FIND = "_find"
PEOPLE, ABSENT = "people", "absent"
# The boxes of a form and the search field beside each.
NAMES = {PEOPLE: "q", ABSENT: "absent_q"}
# How many ticked people are looked up again; forms allow fewer.
PICKED_MAX = 50


@dataclass(frozen=True)
class People:
    """What the template shows. ``several``: tick boxes, else radios; ``searched``: ``text`` was looked for.

    ``more``: so many were found that a longer text is asked for. ``error`` stands at the field. ``name`` is the name of the
    boxes, ``search`` that of the search field.
    """

    text: str
    picked: tuple[PersonLine, ...]
    found: tuple[PersonLine, ...]
    several: bool
    searched: bool
    more: bool
    error: Any = ""
    name: str = PEOPLE
    search: str = "q"


def people_of(request, services, several: bool, error: Any = "", name: str = PEOPLE) -> People:
    """The people that the request's parameters name, and those found for the text of the search field (40 characters).

    ``name`` is one of ``NAMES``: a form may ask for two.
    """
    persons, search = services.get(PersonService), NAMES[name]
    text, ids = text_param(request, search, 40), chosen_ids(request, name)
    picked = tuple(persons.named(ids[:PICKED_MAX]))
    found = tuple(persons.search(text, [person.id for person in picked]))
    return People(text, picked, found, several, bool(text), len(found) == FOUND_MAX, error, name, search)


def chosen_one(request, name: str = PEOPLE) -> int:
    """The one id under ``name``. Raises Invalid at the field when there is none."""
    ids = chosen_ids(request, name)
    if not ids:
        raise Invalid(fields={name: _("Please choose a person")})
    return ids[0]


def chosen_ids(request, name: str = PEOPLE) -> list[int]:
    """The ids under ``name``; what can be no id is left out, as a person that does not exist would be."""
    texts = [text for text in request.params.getall(name) if isinstance(text, str)]
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and 0 < len(text) < 20 and int(text) <= MAX_ID]
