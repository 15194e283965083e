"""``/search?q=``: a few hits of every kind, or page by page of one kind."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal_core.search.services import Found, SearchService
from portal_core.search.words import QUERY_MAX
from portal_core.web.params import choice_param, int_param, text_param

SEARCH = "/search"
# Longer texts are pasted by mistake; only their beginning is searched for.
TEXT_MAX = 1000


@dataclass(frozen=True)
class Group:
    """Hits of one kind. ``more_url`` leads to all of them, ``next_url`` to the next page; each may be empty."""

    found: Found
    more_url: str
    next_url: str


@dataclass(frozen=True)
class SearchPage:
    """Context of ``search.pt``. ``kind`` is the title of the only kind shown, or None."""

    text: str
    groups: tuple[Group, ...]
    kind: Any
    all_url: str


def search(request) -> SearchPage:
    """See the module."""
    service, text = request.services.get(SearchService), text_param(request, "q", TEXT_MAX)[:QUERY_MAX]
    providers = {provider.code: provider for provider in service.providers()}
    kind = choice_param(request, "kind", providers)
    if kind is None:
        groups = tuple(Group(found, _url(text, found.code) if found.following else "", "") for found in _all(request, text))
        return SearchPage(text, groups, None, "")
    provider = providers[kind]
    found = service.of_kind(provider, text, request.identity, before=int_param(request, "before", low=1))
    following = _url(text, kind, found.following) if found.following else ""
    return SearchPage(text, (Group(found, "", following),) if found.hits else (), provider.title, _url(text))


def _all(request, text):
    return request.services.get(SearchService).everything(text, request.identity)


def _url(text, kind=None, before=None):
    asked = {"q": text, "kind": kind, "before": before}
    return f"{SEARCH}?{urlencode({name: value for name, value in asked.items() if value})}"


def includeme(config):
    """Route and view."""
    config.add_route("core.search", SEARCH)
    config.add_view(search, route_name="core.search", request_method="GET", renderer="portal_core:templates/search/search.pt")
