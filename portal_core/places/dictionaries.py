"""Dictionaries (字典): lists of words that plugins declare and administrators change, e.g. the kinds of meetings.

A declared entry can be renamed, moved and switched off, and entries can be added. Codes never change, because rows hold them.
What was changed is kept in memory like parameters (``portal_core.modules.runtime``), so showing a word costs no statement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.errors import Invalid, NotFound
from portal_core.i18n import _
from portal_core.modules.services import next_generation
from portal_core.places.models import DictionaryItem
from portal_core.services import Services

LABEL_MAX = 60
POSITION_MAX = 10_000


@dataclass(frozen=True)
class Entry:
    """A word of a dictionary. ``label`` is a translation string as declared, or the text that an administrator wrote."""

    code: str
    label: Any
    position: int
    active: bool = True


@dataclass(frozen=True)
class Stored:
    """What an administrator wrote, as kept in memory."""

    dictionary: str
    code: str
    label: str
    position: int
    active: bool


def stored_items(session) -> tuple[Stored, ...]:
    """All entries that administrators wrote."""
    item = DictionaryItem
    query = sa.select(item.dictionary, item.code, item.label, item.position, item.active)
    return tuple(Stored(*row) for row in session.execute(query))


def entries(portal, dictionary: str) -> list[Entry]:
    """All entries of ``dictionary`` in order, those switched off too. KeyError when nobody declared it."""
    declared = portal.dictionaries[dictionary]
    found = {code: Entry(code, label, (number + 1) * 10) for number, (code, label) in enumerate(declared.items)}
    for item in portal.runtime.dictionary_items:
        if item.dictionary == dictionary:
            label = item.label or (found[item.code].label if item.code in found else item.code)
            found[item.code] = Entry(item.code, label, item.position, item.active)
    return sorted(found.values(), key=lambda entry: entry.position)


def word(portal, dictionary: str, code: str) -> Any:
    """The label of ``code``, also of an entry that was switched off; the code itself when it is unknown."""
    return next((entry.label for entry in entries(portal, dictionary) if entry.code == code), code)


class DictionaryService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def entries(self, dictionary: str) -> list[Entry]:
        """As the function ``entries``. Raises NotFound for an unknown dictionary."""
        if dictionary not in self.services.portal.dictionaries:
            raise NotFound()
        return entries(self.services.portal, dictionary)

    def offered(self, dictionary: str) -> list[Entry]:
        """The entries to choose from."""
        return [entry for entry in self.entries(dictionary) if entry.active]

    def word(self, dictionary: str, code: str) -> Any:
        """The label of ``code``; see the function ``word``."""
        return word(self.services.portal, dictionary, code)

    def save(self, dictionary: str, wanted: Iterable[Entry], author: Identity, ip: str = "") -> int:
        """Store the entries that differ from what is in force; returns how many.

        An empty label of a declared entry means its own. Raises NotFound for an unknown dictionary and Invalid when a label is
        missing, too long or used twice, or when nothing is left to choose from.
        """
        present = {entry.code: entry for entry in self.entries(dictionary)}
        wanted = list(wanted)
        self._check(dictionary, present, wanted)
        changed = [entry for entry in wanted if self._differs(entry, present.get(entry.code))]
        for entry in changed:
            self._store(dictionary, entry, author)
        if changed:
            detail = {"entries": [[entry.code, self._text(entry.label), entry.position, entry.active] for entry in changed]}
            self.services.get(AuditService).record(
                author, "core.dictionary_changed", "core.dictionary", dictionary, detail=detail, ip=ip
            )
            next_generation(self.session)
        return len(changed)

    def _check(self, dictionary, present, wanted):
        labels = [self._label(dictionary, entry) for entry in wanted]
        if any(not label or len(label) > LABEL_MAX for label in labels):
            raise Invalid(_("Every entry needs a label of at most ${max} characters.", mapping={"max": LABEL_MAX}))
        if len(set(labels)) < len(labels):
            raise Invalid(_("Two entries have the same label."))
        if any(not 0 <= entry.position <= POSITION_MAX for entry in wanted):
            raise Invalid(_("Places in the list go from 0 to ${max}.", mapping={"max": POSITION_MAX}))
        left = {**present, **{entry.code: entry for entry in wanted}}.values()
        if not any(entry.active for entry in left):
            raise Invalid(_("At least one entry must stay."))

    def _label(self, dictionary, entry):
        own = dict(self.services.portal.dictionaries[dictionary].items).get(entry.code)
        return self._text(entry.label) or (self._text(own) if own else "")

    def _differs(self, entry, present):
        if present is None:
            return True
        same_label = not entry.label or self._text(entry.label) == self._text(present.label)
        return not same_label or (entry.position, entry.active) != (present.position, present.active)

    def _store(self, dictionary, entry, author):
        key = {"dictionary": dictionary, "code": entry.code}
        row = self.session.get(DictionaryItem, key) or DictionaryItem(**key, label="")
        own = dict(self.services.portal.dictionaries[dictionary].items).get(entry.code)
        text = self._text(entry.label)
        # The declared word is not copied, so that it keeps its translation.
        row.label = "" if own and text == self._text(own) else text
        row.position, row.active = entry.position, entry.active
        row.changed, row.by_id = self.services.clock.now(), author.user_id
        self.session.add(row)
        self.session.flush()

    def _text(self, label):
        return self.services.portal.default_text(label) if label else ""
