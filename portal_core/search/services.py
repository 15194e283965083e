"""Searching: each provider's things that hold the words and that the person may see, newest first."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.search.index import matches
from portal_core.search.providers import Hit, SearchProvider
from portal_core.services import Services

FEW, PAGE = 5, 20


@dataclass(frozen=True)
class Found:
    """What one provider found; ``following`` is the ``before`` of the next page or None."""

    code: str
    title: Any
    icon: str
    hits: tuple[Hit, ...]
    following: int | None


class SearchService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def providers(self) -> list[SearchProvider]:
        """All providers in the order in which they are shown."""
        return sorted(self.services.portal.search_providers.values(), key=lambda provider: provider.order)

    def everything(self, text: str, reader: Identity) -> list[Found]:
        """A few hits of every kind; kinds without any are left out. One statement a kind."""
        found = (self.of_kind(provider, text, reader, FEW) for provider in self.providers())
        return [group for group in found if group.hits]

    def of_kind(
        self, provider: SearchProvider, text: str, reader: Identity, size: int = PAGE, before: int | None = None
    ) -> Found:
        """One page of hits of one kind, newest first, older than the id ``before``."""
        things = self._things(provider, text, reader, size + 1, before)
        following = things[size - 1].id if len(things) > size else None
        hits = tuple(provider.hit(self.services, thing) for thing in things[:size])
        return Found(provider.code, provider.title, provider.icon, hits, following)

    def _things(self, provider, text, reader, limit, before):
        ids = matches(self.session, provider.code, text)
        if ids is None:
            return []
        model = provider.model
        query = sa.select(model).options(*provider.options).where(model.id.in_(ids), provider.visible(self.services, reader))
        if before is not None:
            query = query.where(model.id < before)
        return list(self.session.scalars(query.order_by(model.id.desc()).limit(limit)))
