"""What plugins declare: frozen dataclasses, results of the hooks in ``portal_core.hookspecs``.

Texts are translation strings. Nothing here touches a database or a request.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOOK_API = 1


@dataclass(frozen=True)
class PluginInfo:
    """Who a plugin is. ``name`` is its entry point's name; ``hook_api`` must equal ``portal_core.api.HOOK_API``."""

    name: str
    title: str
    version: str
    hook_api: int = HOOK_API


@dataclass(frozen=True)
class SettingSpec:
    """One ini setting. ``parse`` turns text into a value or raises ValueError; ``env`` names a variable that wins.

    With a ``title`` it is a parameter (参数) that administrators may change while the portal runs; then whoever needs the value
    reads ``portal.settings`` each time and keeps no copy.
    """

    name: str
    default: str
    doc: str
    parse: Callable[[str], Any] = str
    env: str | None = None
    title: Any = ""

    @property
    def editable(self) -> bool:
        """May administrators change it while the portal runs?"""
        return bool(self.title)


@dataclass(frozen=True)
class Permission:
    """A right that rows can grant: ``name`` is ``<plugin>:<resource>:<action>``.

    ``reaches``: every use of it asks ``Identity.covers`` or ``accounts.reach.within``, so that a role may give it for a part of
    the data only (数据范围: own tree, own department, own). All others can be given for all data only.
    """

    name: str
    title: str
    reaches: bool = False


@dataclass(frozen=True)
class RoleDefault:
    """A role and the permissions it gets when a permission first appears; administrators may change both later."""

    code: str
    title: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class MenuEntry:
    """A link of the menu. ``section`` is ``main`` (top bar), ``sub`` (second row of its ``parent``) or ``admin``."""

    key: str
    title: str
    url: str
    section: str = "main"
    parent: str = ""
    order: int = 100
    icon: str = ""
    note: str = ""


@dataclass(frozen=True)
class ServiceTile:
    """A tile of the home page's 服务 card. ``tone`` picks the tint: room fix card food car star mute."""

    title: str
    url: str
    icon: str
    note: str = ""
    tone: str = "mute"
    order: int = 100


@dataclass(frozen=True)
class DashboardCard:
    """A card of the home page's right column: ``template`` is an asset spec, ``context`` its dataclass."""

    title: str
    template: str
    context: Any
    order: int = 100
    more_url: str = ""
    more_title: str = ""


@dataclass(frozen=True)
class NotificationType:
    """A kind of message. ``title`` and ``body`` may hold ``${name}`` for the parameters given when it is sent.

    ``title`` must say it all in one line, because it is also the subject of an e-mail. ``todo``: it tells of a task; people may
    mute everything else. ``urgent``: it passes quiet hours. ``channels``: codes of the channels that may carry it outside the
    portal, None for all, () for none. ``ttl``: after that it is not sent any more (at most a day). ``must_arrive``: twice is
    better than never where a channel cannot know whether it arrived.
    """

    code: str
    title: str
    body: str = ""
    todo: bool = False
    urgent: bool = False
    channels: tuple[str, ...] | None = None
    ttl: dt.timedelta = dt.timedelta(hours=24)
    must_arrive: bool = False


@dataclass(frozen=True)
class Job:
    """Work done in the background every ``every``; ``run(session, portal, clock)`` in one transaction with its slot.

    ``name`` is ``<plugin>.<word>``. A run that dies leaves no trace and its slot is run again.
    """

    name: str
    title: str
    every: dt.timedelta
    run: Callable[..., None]


@dataclass(frozen=True)
class QueuedJob:
    """Work done in the background when ``JobService.enqueue`` asks for it, with arguments of plain JSON, as soon as may be.

    ``prepare(portal, args, progress)`` does what takes long, reading or work outside the database, without a transaction;
    ``progress.report(done, total)`` shows how far it is. ``run(services, args, prepared)`` then writes, in one transaction with
    the work's completion, so its effects on the database happen once; the dict it returns (or None) is kept as the result.
    What ``prepare`` does outside the database may happen more than once. A run that fails is tried again after a while that
    doubles, ``attempts`` times in all. ``name`` is ``<plugin>.<word>``.
    """

    name: str
    title: str
    run: Callable[..., dict | None]
    prepare: Callable[..., Any] | None = None
    attempts: int = 5


@dataclass(frozen=True)
class HealthCheck:
    """``check(session)`` returns None when all is well, else a short text; shown by ``/-/health`` and ``doctor``.

    ``with_portal``: it is ``check(session, portal)``, because it depends on a setting.
    ``vital``: trouble means that this host should get no more requests (``/-/health`` answers 503). ``thorough``: it takes long,
    so that only ``doctor`` runs it.
    """

    name: str
    check: Callable[..., str | None]
    vital: bool = True
    thorough: bool = False
    with_portal: bool = False


@dataclass(frozen=True)
class FileOwner:
    """A part of the portal that keeps stored files; ``owner`` is what it gives to ``FileService``.

    ``referenced()`` returns a Select of the ids of all files that its rows refer to. Files of this owner that are not among them
    a day after they were stored are removed. Files of an owner that nobody declares stay for ever, and so do those of one that
    names no references, because it removes them itself.
    """

    owner: str
    title: str
    referenced: Callable[[], Any] | None = None


@dataclass(frozen=True)
class AuditWords:
    """What the audit log's codes are called: acts, types of objects, and fields as ``<object type>.<field>``."""

    actions: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assets:
    """Static files of a plugin: ``spec`` is ``package:static``; served below ``/static/<owner>/``."""

    owner: str
    spec: str


@dataclass(frozen=True)
class Migrations:
    """The plugin's Alembic lineage: ``spec`` is ``package:migrations``; the version table carries the plugin's name."""

    name: str
    spec: str


@dataclass(frozen=True)
class Dictionary:
    """A list of words that administrators may change: ``code`` is ``<plugin>.<word>``, ``items`` are ``(code, label)`` pairs.

    Codes are stored in rows and never change; ask ``DictionaryService`` which entries are offered and how they are called.
    """

    code: str
    title: str
    items: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Choice:
    """One answer on a scale; ``value`` counts in the statistics (5 is best)."""

    value: int
    label: str


@dataclass(frozen=True)
class Question:
    """One row of an evaluation form; ``code`` never changes within a form."""

    code: str
    label: str
    required: bool = True


@dataclass(frozen=True)
class Subject:
    """Something a person may rate. ``key`` is stable (``case:<id>``); ``until`` is aware or None for ever."""

    key: str
    title: str
    note: str = ""
    until: dt.datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class FollowUp:
    """Who puts right what somebody was not content with (整改): holders of ``permission`` in the form's scope of the subject.

    An answer with a value of at most ``low`` to any question, or one that is marked as a complaint, opens one.
    """

    permission: str
    low: int = 2


@dataclass(frozen=True)
class RatingTask:
    """The to-do that asks for an answer: opened by the flow ``kind`` as ``step``, about the subject ``case:<id>``.

    When it is due the time for answering is over; then the core performs ``close`` on the case, an act of the system.
    """

    kind: str
    step: str
    close: str


@dataclass(frozen=True)
class EvaluationForm:
    """A questionnaire as versioned data. A change of questions or scale needs a higher ``version``.

    ``subjects(session, user_id, now)`` lists what that person may rate now (already answered ones included, the core
    marks them); ``find(session, user_id, key, now)`` gives one or None. ``answered(services, subject, user_id, answers)`` is
    called inside the transaction that stores a first answer. ``edit_days``: days during which an answer may be changed.

    ``scope(session, key)`` names the scope of a subject in which permissions hold (``meetings.room:7``). Holders of
    ``results_permission`` see the results, within the scopes in which they hold it. ``anonymous``: results name nobody and are
    shown from five answers on; such a form has no follow-ups, because a case names whom it is for. ``good``: answers from this
    value on count as satisfied.
    """

    code: str
    version: int
    title: str
    questions: tuple[Question, ...]
    scale: tuple[Choice, ...]
    subjects: Callable[..., Sequence[Subject]]
    find: Callable[..., Subject | None]
    comment_label: str = ""
    edit_days: int = 7
    answered: Callable[..., None] | None = None
    scope: Callable[..., str] | None = None
    results_permission: str = ""
    anonymous: bool = False
    good: int = 4
    follow_up: FollowUp | None = None
    task: RatingTask | None = None


@dataclass(frozen=True)
class DemoContext:
    """What ``portal_demo_data`` gets besides the session: the portal, the clock and the demo users by login name."""

    portal: Any
    clock: Any
    users: Mapping[str, Any] = field(default_factory=dict)
