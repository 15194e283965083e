"""What the page frame shows: menu, person, badges, appearance. Computed when a template asks, once per request."""

from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa

from portal_core.i18n import _
from portal_core.inbox.queries import ME, Reach, counted, parameters, reach_of
from portal_core.notifications.queries import unread

BADGE_CAP = 100


@dataclass(frozen=True)
class NavItem:
    """A link of the top bar or of the row below it."""

    key: str
    title: str
    url: str
    icon: str = ""
    note: str = ""
    current: bool = False


class Chrome:
    """See the module; the attributes are the contract with ``layout.pt``."""

    def __init__(self, request):
        self._request = request
        settings = request.registry.portal.settings
        self.site_title = settings["portal.site_title"]
        self.phone = settings["portal.service_phone"]
        self.path = request.path
        self.lang = request.locale_name.replace("_", "-")
        mode = request.cookies.get("mode", "auto")
        self.mode = mode if mode in ("light", "dark", "auto") else "auto"
        self.large = request.cookies.get("large") == "1"
        self.theme_css = request.theme_css
        self.user = request.identity
        self._nav = self._counts = None
        self.current = ""

    @property
    def entries(self):
        """All menu entries of the plugins for this person, in order."""
        if self._nav is None:
            self._nav = menu_entries(self._request)
        return self._nav

    @property
    def nav(self):
        """The top bar."""
        return [self._item(e, self._is_current(e)) for e in self.entries if e.section == "main"]

    @property
    def sub(self):
        """The row below the top bar: pages of the current module; the one whose address reaches furthest is current."""
        module = next((e.key for e in self.entries if e.section == "main" and self._is_current(e)), "")
        entries = [e for e in self.entries if e.section == "sub" and e.parent == module]
        here = max((e.url for e in entries if self.path == e.url or self.path.startswith(f"{e.url}/")), key=len, default="")
        return [self._item(e, e.url == here) for e in entries]

    @property
    def admin(self):
        """Pages of 系统管理 that plugins contribute."""
        return [self._item(e, self._is_current(e)) for e in self.entries if e.section == "admin"]

    @property
    def unread(self):
        """Unread notifications, capped at ``BADGE_CAP``."""
        return self._badges()[0]

    @property
    def todo(self):
        """Open to-dos, capped at ``BADGE_CAP``."""
        return self._badges()[1]

    @property
    def flashes(self):
        """Messages left by the request before, as ``(tone, text)``; showing them uses them up."""
        return self._request.pop_flashes()

    def _badges(self):
        if self._counts is None:
            self._counts = badges(self._request) if self.user else (0, 0)
        return self._counts

    def _item(self, entry, current):
        return NavItem(entry.key, entry.title, entry.url, entry.icon, entry.note, current)

    def _is_current(self, entry):
        if entry.url == "/":
            return self.path == "/"
        return self.path.startswith(entry.url) or self.current == entry.key


@lru_cache(maxsize=200)
def _badge_query(reach: Reach):
    return sa.select(unread(ME, BADGE_CAP), counted("todo", reach, BADGE_CAP))


def badges(request) -> tuple[int, int]:
    """Unread messages and open to-dos of the request's person, each capped at ``BADGE_CAP``: one statement on every page."""
    identity = request.identity
    reach = reach_of(identity, request.registry.portal.task_permissions)
    return request.reader.execute(_badge_query(reach), parameters(identity)).one()


def menu_entries(request):
    """The core's and the plugins' menu entries for this person, sorted by ``order``."""
    from portal_core.declarations import MenuEntry

    if request.identity is None:
        return []
    entries = [MenuEntry("home", _("Home"), "/", order=0)]
    for _owner, some in request.registry.portal.plugins.collect("portal_menu", request=request):
        entries += some
    if any(request.identity.reach(dataset.permission) for dataset in request.registry.portal.datasets.values()):
        entries.append(MenuEntry("statistics", _("Statistics"), "/statistics", order=800))
    if request.identity.may("core:admin:view") and request.from_admin_network:
        entries.append(MenuEntry("admin", _("System management"), "/admin/", order=900))
    return sorted(entries, key=lambda e: e.order)


def includeme(config):
    """``request.chrome``."""
    config.add_request_method(Chrome, "chrome", reify=True)
