"""What providers declare, and what the core itself lets people find: cases, people, help pages, announcements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import joinedload

from portal_core.accounts.models import User
from portal_core.content.announcements import AnnouncementService
from portal_core.content.markdown import plain
from portal_core.content.models import Announcement, HelpPage
from portal_core.i18n import _
from portal_core.inbox.models import Case

BODY_WORDS = 2000


@dataclass(frozen=True)
class Hit:
    """Something found. ``title`` and ``note`` are plain text or translation strings."""

    title: Any
    url: str
    note: Any = ""


@dataclass(frozen=True)
class SearchProvider:
    """A kind of things that can be found. ``code`` is ``<plugin>.<word>``.

    ``model`` has an integer ``id``; whatever is written with it through the ORM is indexed. ``words(thing)``: the texts under
    which it is found; ``fields``: the attributes from which they come. ``visible(services, identity)``: a SQL condition for what
    that person may see; nothing else is ever read. ``hit(services, thing)`` makes the line. ``icon`` is a name of the sprite.
    """

    code: str
    title: Any
    icon: str
    model: Any
    fields: tuple[str, ...]
    words: Callable[[Any], Sequence[str]]
    visible: Callable[..., Any]
    hit: Callable[..., Hit]
    options: tuple = ()
    order: int = 100


def _visible_cases(services, identity):
    from portal_core.search.cases import visible_cases

    return visible_cases(services, identity)


def _case_words(case):
    return [case.number, case.title, *(value for _label, value in case.summary)]


def _case_hit(_services, case):
    who = " ".join(filter(None, (case.department.name if case.department else "", case.applicant.name)))
    return Hit(case.title, f"/cases/{case.number}", f"{case.number} · {case.state_label} · {who}")


def _person_hit(_services, user):
    unit = user.department.name if user.department else ""
    return Hit(user.name, f"/people/{user.id}", unit)


def _visible_announcements(services, identity):
    return services.get(AnnouncementService).visible_to(identity)


PROVIDERS = (
    SearchProvider(
        "core.cases",
        _("Cases"),
        "file-text",
        Case,
        ("number", "title", "summary"),
        _case_words,
        _visible_cases,
        _case_hit,
        (joinedload(Case.applicant), joinedload(Case.department)),
        10,
    ),
    SearchProvider(
        "core.people",
        _("People"),
        "user",
        User,
        ("name", "login"),
        lambda user: [user.name, user.login],
        lambda _services, _identity: User.active,
        _person_hit,
        (joinedload(User.department),),
        20,
    ),
    SearchProvider(
        "core.help",
        _("Help"),
        "help",
        HelpPage,
        ("title", "topic", "body"),
        lambda page: [page.title, page.topic, plain(page.body, BODY_WORDS)],
        lambda _services, _identity: HelpPage.published,
        lambda _services, page: Hit(page.title, f"/help/{page.id}", page.topic),
        (),
        80,
    ),
    SearchProvider(
        "core.announcements",
        _("Announcements"),
        "speakerphone",
        Announcement,
        ("title", "body"),
        lambda item: [item.title, plain(item.body, BODY_WORDS)],
        _visible_announcements,
        lambda services, item: Hit(item.title, f"/announcements/{item.id}", f"{services.clock.local(item.starts_at):%Y-%m-%d}"),
        (),
        90,
    ),
)
