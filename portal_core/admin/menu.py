"""The menu of 系统管理: each feature adds its pages with ``config.add_admin_page``; a person sees those they may open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal_core.i18n import _

PEOPLE, WORK, CONTENT, OPERATION, AUDIT = "people", "work", "content", "operation", "audit"
GROUPS = {
    PEOPLE: _("People and rights"),
    WORK: _("Handling"),
    CONTENT: _("Contents"),
    OPERATION: _("Operation"),
    AUDIT: _("Audit"),
}


@dataclass(frozen=True)
class AdminEntry:
    """A page of 系统管理. ``permission`` is what its view asks for; ``group`` one of ``GROUPS``; ``note`` says what it is for."""

    key: str
    title: Any
    url: str
    permission: str
    group: str
    order: int = 100
    note: Any = ""


@dataclass(frozen=True)
class AdminGroup:
    """Entries under one heading, as shown."""

    key: str
    title: Any
    entries: tuple[AdminEntry, ...]


def add_admin_page(config, key, title, url, *, permission, group, order=100, note=""):
    """Directive: list a page in the menu of 系统管理. Adds no route. Raises ValueError for an unknown group."""
    if group not in GROUPS:
        raise ValueError(f"admin page {key!r}: unknown group {group!r}")
    entries = config.registry.setdefault("portal_admin_pages", [])
    entries.append(AdminEntry(key, title, url, permission, group, order, note))


def admin_menu(request) -> tuple[AdminGroup, ...]:
    """What the request's person may open, in groups; those of plugins stand with the operation of the portal."""
    own: Iterable[AdminEntry] = request.registry.get("portal_admin_pages", ())
    allowed = [entry for entry in own if request.identity and request.identity.may_somewhere(entry.permission)]
    allowed += [AdminEntry(item.key, item.title, item.url, "", WORK, 500, item.note) for item in request.chrome.admin]
    groups = []
    for key, title in GROUPS.items():
        entries = sorted((entry for entry in allowed if entry.group == key), key=lambda entry: entry.order)
        if entries:
            groups.append(AdminGroup(key, title, tuple(entries)))
    return tuple(groups)


def includeme(config):
    """The directive and ``request.admin_menu``."""
    config.add_directive("add_admin_page", add_admin_page, action_wrap=False)
    config.add_request_method(admin_menu, "admin_menu", reify=True)
