"""Help pages and frequent questions (帮助与常见问题)."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.content.models import HelpPage
from portal_core.errors import NotFound, Stale
from portal_core.i18n import _
from portal_core.services import Services

MANAGE = "core:help:manage"
# A handbook has tens of pages; the list is one screen of links.
PAGES_MAX = 500


@dataclass(frozen=True)
class HelpData:
    """What a form says."""

    title: str
    topic: str
    body: str
    is_question: bool = False
    position: int = 100
    published: bool = True


@dataclass(frozen=True)
class Topic:
    """Pages and questions under one heading."""

    title: str
    pages: tuple[HelpPage, ...]
    questions: tuple[HelpPage, ...]


class HelpService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def topics(self) -> list[Topic]:
        """Everything published, by topic, in the order of positions."""
        pages = self.all(published_only=True)
        order = dict.fromkeys(page.topic for page in pages)
        return [
            Topic(
                title,
                tuple(p for p in pages if p.topic == title and not p.is_question),
                tuple(p for p in pages if p.topic == title and p.is_question),
            )
            for title in order
        ]

    def all(self, published_only: bool = False) -> list[HelpPage]:
        """All pages in order; hidden ones too unless ``published_only``."""
        query = sa.select(HelpPage).order_by(HelpPage.position, HelpPage.id).limit(PAGES_MAX)
        return list(self.session.scalars(query.where(HelpPage.published) if published_only else query))

    def get(self, page_id: int, reader: Identity) -> HelpPage:
        """A page. Raises NotFound, also for a hidden one unless ``reader`` writes the help."""
        page = self.session.get(HelpPage, page_id)
        if page is None or not (page.published or reader.may(MANAGE)):
            raise NotFound()
        return page

    def save(
        self, data: HelpData, author: Identity, page: HelpPage | None = None, version: int | None = None, ip: str = ""
    ) -> HelpPage:
        """Make a page or change ``page``. Raises Stale when somebody else changed it since ``version``."""
        if page is None:
            page = HelpPage(version=0)
            self.session.add(page)
        elif page.version != version:
            raise Stale(_("This has changed meanwhile; please look again."))
        for name in ("title", "topic", "body", "is_question", "position", "published"):
            setattr(page, name, getattr(data, name))
        page.version += 1
        page.changed, page.changed_by_id = self.services.clock.now(), author.user_id or None
        self.session.flush()
        detail = {"title": page.title, "published": page.published}
        self.services.get(AuditService).record(author, "core.help_saved", "core.help", page.id, detail=detail, ip=ip)
        return page
