"""常用意见: what a person often writes as an opinion, offered beside every field for one."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.errors import Conflict, Invalid, NotFound
from portal_core.i18n import _
from portal_core.inbox.models import Phrase
from portal_core.services import Services
from portal_core.web.text import clean_line

PHRASES_MAX = 20
PHRASE_LENGTH = 200
# Offered until a person has phrases of their own; translated when they are shown.
START_SET = (_("Agreed"), _("Noted"), _("Please handle"))


def opinion_in(post) -> str:
    """The opinion of a form: what was typed, after the phrase that was chosen in a browser without JavaScript."""
    parts = (post.get("phrase", ""), post.get("opinion", ""))
    return "\n".join(part for part in parts if part.strip()) or parts[1]


@dataclass(frozen=True)
class PhraseLine:
    """A phrase as it is shown to its owner."""

    id: int
    text: str


class PhraseService:
    """Phrases belong to one person; other people's look like unknown ones."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def own(self, user_id: int) -> list[PhraseLine]:
        """The person's own phrases in their order."""
        query = sa.select(Phrase.id, Phrase.text).where(Phrase.user_id == user_id).order_by(Phrase.position, Phrase.id)
        return [PhraseLine(*row) for row in self.session.execute(query)]

    def offered(self, user_id: int) -> list:
        """The texts offered beside a field: the person's own, or the start set (translation strings)."""
        return [line.text for line in self.own(user_id)] or list(START_SET)

    def add(self, owner: Identity, text: str) -> None:
        """Add a phrase at the end; with the first one the start set that was offered becomes theirs. Raises Invalid: text."""
        own = self.own(owner.user_id)
        if not own:
            own = self._start(owner)
        text = self._checked(text, [line.text for line in own])
        if len(own) >= PHRASES_MAX:
            raise Invalid(fields={"text": _("At most ${max} phrases", mapping={"max": PHRASES_MAX})})
        self._insert(owner, text, len(own))

    def change(self, owner: Identity, phrase_id: int, text: str) -> None:
        """Change a phrase. Raises NotFound and Invalid (``text``)."""
        phrase = self._get(owner, phrase_id)
        others = [line.text for line in self.own(owner.user_id) if line.id != phrase_id]
        phrase.text = self._checked(text, others)
        self._flush()

    def delete(self, owner: Identity, phrase_id: int) -> None:
        """Delete a phrase. Raises NotFound."""
        self.session.delete(self._get(owner, phrase_id))
        self.session.flush()

    def move_up(self, owner: Identity, phrase_id: int) -> None:
        """Let a phrase change places with the one before it; the first one stays. Raises NotFound."""
        self._get(owner, phrase_id)
        ids = [line.id for line in self.own(owner.user_id)]
        place = ids.index(phrase_id)
        if place:
            ids[place - 1], ids[place] = ids[place], ids[place - 1]
        for position, number in enumerate(ids):
            self.session.execute(sa.update(Phrase).where(Phrase.id == number).values(position=position))

    def _get(self, owner, phrase_id):
        phrase = self.session.get(Phrase, phrase_id)
        if phrase is None or phrase.user_id != owner.user_id:
            raise NotFound()
        return phrase

    def _start(self, owner):
        for position, text in enumerate(START_SET):
            self._insert(owner, self.services.portal.default_text(text), position)
        return self.own(owner.user_id)

    def _insert(self, owner, text, position):
        self.session.add(Phrase(user_id=owner.user_id, text=text, position=position))
        self._flush()

    def _flush(self):
        try:
            self.session.flush()
        except sa.exc.IntegrityError as error:
            # Two windows of the same person at once.
            raise Conflict(_("This has changed meanwhile; please look again.")) from error

    def _checked(self, text, others):
        text = clean_line(text)
        if not text:
            raise Invalid(fields={"text": _("Please fill in: ${label}", mapping={"label": _("Phrase")})})
        if len(text) > PHRASE_LENGTH:
            raise Invalid(fields={"text": _("At most ${max} characters", mapping={"max": PHRASE_LENGTH})})
        if text in others:
            raise Invalid(fields={"text": _("You have this phrase already")})
        return text
