"""The portal as a value: settings, clock, database and everything the enabled plugins declare.

Built once per process; the web application, the command line, the worker and the tests all start from it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal_core import core_declarations as core
from portal_core import settings as settings_module
from portal_core.audit import words
from portal_core.clock import Clock
from portal_core.db import Database
from portal_core.declarations import AuditWords
from portal_core.errors import StartError
from portal_core.evaluations import definitions
from portal_core.files import health as files_health
from portal_core.files.store import FileStore, open_store
from portal_core.i18n import make_default_localizer, translate
from portal_core.inbox import flow as flows
from portal_core.modules.runtime import Runtime
from portal_core.plugins import Plugins
from portal_core.search import index as search_index
from portal_core.search.providers import PROVIDERS
from portal_core.settings import Settings, as_list, line_of
from portal_core.statistics import datasets
from portal_core.statistics.declared import DATASETS

# What goes away when a plugin is switched off. Its permissions and message types stay, because rows in the database name them.
SWITCHED = ("flows", "evaluation_forms", "jobs", "datasets", "search_providers")


@dataclass
class Portal:
    """See the module. Dictionaries are keyed by code or name.

    ``flows``, ``evaluation_forms``, ``jobs`` and ``datasets`` are those of plugins that are not switched off; ``declared`` holds
    all of them.
    ``specs`` are the declared settings.
    """

    settings: Settings
    clock: Clock
    plugins: Plugins
    database: Database
    permissions: dict = field(default_factory=dict)
    roles: list = field(default_factory=list)
    flows: dict = field(default_factory=dict)
    notification_types: dict = field(default_factory=dict)
    channels: dict = field(default_factory=dict)
    evaluation_forms: dict = field(default_factory=dict)
    jobs: dict = field(default_factory=dict)
    file_owners: dict = field(default_factory=dict)
    datasets: dict = field(default_factory=dict)
    health_checks: dict = field(default_factory=dict)
    migrations: list = field(default_factory=list)
    assets: list = field(default_factory=list)
    audit_words: AuditWords = field(default_factory=AuditWords)
    localizer: Any = None
    specs: dict = field(default_factory=dict)
    dictionaries: dict = field(default_factory=dict)
    search_providers: dict = field(default_factory=dict)
    declared: dict = field(default_factory=dict)

    @cached_property
    def runtime(self) -> Runtime:
        """What administrators changed while the portal runs."""
        return Runtime(self)

    def apply(self, off: frozenset[str], values: dict) -> None:
        """Work without the plugins ``off`` and with ``values`` instead of those settings; called by ``Runtime``."""
        self.plugins.off = off
        for name in SWITCHED:
            left = {key: item for key, item in self.declared[name].items() if key.split(".")[0] not in off}
            setattr(self, name, left)
        own = {name: spec.parse(self.settings.given[name]) for name, spec in self.specs.items() if spec.editable}
        self.settings.update(own | values)

    @cached_property
    def file_store(self) -> FileStore:
        """Where the bytes of stored files lie."""
        return open_store(self.settings)

    @cached_property
    def task_permissions(self) -> frozenset[str]:
        """Permissions whose holders can be candidates of a task: over all flows, and those that put right what was rated low."""
        forms = self.declared["evaluation_forms"].values()
        return frozenset(form.follow_up.permission for form in forms if form.follow_up) | frozenset(
            spec.permission
            for flow in self.declared["flows"].values()
            for t in flow.transitions
            for spec in t.opens
            if spec.permission
        )

    def default_text(self, message) -> str:
        """``message`` in the default language, for texts that are stored or leave the portal without a reader's request."""
        return translate(self.localizer, message)


def load(global_config, raw, *, clock=None, extra_plugins=(), database=None) -> Portal:
    """Read settings, load plugins, collect and check their declarations.

    ``raw``: ini strings of ``[app:main]``. ``clock``, ``database``: replacements for tests. Raises StartError.
    """
    source = global_config.get("__file__")
    names = as_list(raw.get("portal.plugins", ""))
    plugins = Plugins(names, source, extra_plugins)
    specs = list(core.SETTINGS)
    for owner, declared in plugins.declare("portal_settings"):
        specs += [_owned(owner, s.name, s, ".") for s in declared]
    settings = settings_module.read(global_config, raw, specs)
    portal = Portal(settings, clock or Clock(settings["portal.timezone"]), plugins, database or Database(database_url(settings)))
    portal.specs = {spec.name: spec for spec in specs}
    _collect(portal, source)
    packages = ["portal_core", *(p.module.__name__ for p in plugins.loaded)]
    portal.localizer = make_default_localizer(settings["portal.locale"], packages)
    return portal


def database_url(settings) -> str:
    """The configured database, or SQLite in the data folder, which is made when it is missing."""
    if settings["portal.database_url"]:
        return settings["portal.database_url"]
    folder = settings.path("portal.data_dir")
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite+pysqlite:///{folder / 'portal.db'}"


def _owned(owner, name, value, separator):
    if owner != "core" and not name.startswith(owner + separator):
        raise StartError(f"plugin {owner!r}: {name!r} must start with {owner + separator!r}")
    return value


def _collect(portal: Portal, source) -> None:
    """Fill the dictionaries from the core's own declarations and then from each plugin, refusing doubles."""
    where = line_of(source, "portal.plugins")

    def add(target: dict, owner: str, key: str, value: Any, separator=".") -> None:
        _owned(owner, key, value, separator)
        if key in target:
            raise StartError(f"{where}: plugin {owner!r}: {key!r} is declared twice")
        target[key] = value

    declare = portal.plugins.declare
    for _owner, _bases in declare("portal_models"):
        pass  # Importing the models is the point: their tables join the shared MetaData.
    # Flows come last: what they name must be known by then.
    for hook, own, target, key, separator in (
        ("portal_permissions", core.PERMISSIONS, portal.permissions, "name", ":"),
        ("portal_notification_types", core.NOTIFICATION_TYPES, portal.notification_types, "code", "."),
        ("portal_notification_channels", core.CHANNELS, portal.channels, "code", "."),
        ("portal_evaluation_forms", core.EVALUATION_FORMS, portal.evaluation_forms, "code", "."),
        ("portal_jobs", core.JOBS, portal.jobs, "name", "."),
        ("portal_file_owners", core.FILE_OWNERS, portal.file_owners, "owner", ""),
        ("portal_health_checks", core.HEALTH_CHECKS, portal.health_checks, "name", "."),
        ("portal_stat_datasets", DATASETS, portal.datasets, "code", "."),
        ("portal_dictionaries", (), portal.dictionaries, "code", "."),
        ("portal_search_providers", PROVIDERS, portal.search_providers, "code", "."),
        ("portal_flows", core.FLOWS, portal.flows, "kind", "."),
    ):
        for owner, items in (("core", own), *declare(hook)):
            for item in items:
                add(target, owner, getattr(item, key), item, separator)
    for flow in portal.flows.values():
        flows.check(flow, portal.permissions.keys(), portal.notification_types.keys())
    portal.health_checks |= {check.name: check for check in files_health.checks(portal)}
    for dataset in portal.datasets.values():
        datasets.check(dataset, portal.permissions)
    for provider in portal.search_providers.values():
        search_index.register(provider)
    portal.health_checks["core.evaluation_forms"] = definitions.health_check(portal.evaluation_forms.values())
    portal.declared = {name: dict(getattr(portal, name)) for name in SWITCHED}
    portal.roles += [*core.ROLES, *(role for _owner, roles in declare("portal_role_defaults") for role in roles)]
    portal.audit_words = words.merged((words.CORE, *(item for _owner, item in declare("portal_audit_words"))))
    portal.migrations += [core.MIGRATIONS, *(item for _owner, item in declare("portal_migrations"))]
    portal.assets += [core.ASSETS, *(item for _owner, item in declare("portal_assets"))]
