"""Plugins: discovery by entry point, enabling by ini, checks with names and ini lines, and calls that isolate errors.

There is no global plugin manager: every ``Portal`` has its own, so that tests can run several side by side.
"""

import importlib.metadata
import inspect
from dataclasses import dataclass
from types import ModuleType

import pluggy
import structlog

from portal_core.declarations import HOOK_API, PluginInfo
from portal_core.errors import StartError
from portal_core.hookspecs import PROJECT, SPECIFICATIONS
from portal_core.settings import line_of

GROUP = "portal.plugins"
log = structlog.get_logger("portal.plugins")


@dataclass(frozen=True)
class LoadedPlugin:
    """An enabled plugin: its entry point name, module, and what it says of itself."""

    name: str
    module: ModuleType
    info: PluginInfo


def installed() -> dict[str, importlib.metadata.EntryPoint]:
    """All installed plugins by name."""
    return {e.name: e for e in importlib.metadata.entry_points(group=GROUP)}


class Plugins:
    """The enabled plugins in ini order and the calls to their hooks. ``off`` names those that are switched off."""

    def __init__(self, names, source=None, extra=()):
        """``names``: enabled names; ``source``: ini path for messages; ``extra``: ``(name, module)`` pairs used by tests."""
        self.manager = pluggy.PluginManager(PROJECT)
        for specification in SPECIFICATIONS:
            self.manager.add_hookspecs(specification)
        self.loaded: list[LoadedPlugin] = []
        self.off: frozenset[str] = frozenset()
        where = line_of(source, "portal.plugins")
        available = installed()
        given = dict(extra)
        duplicates = {n for n in names if list(names).count(n) > 1}
        if duplicates:
            raise StartError(f"{where}: plugin {sorted(duplicates)[0]!r} is named twice")
        for name in names:
            if name not in available and name not in given:
                raise StartError(
                    f"{where}: plugin {name!r} is enabled but not installed; installed: {', '.join(sorted(available)) or 'none'}"
                )
            self._load(name, given.get(name) or self._import(available[name], where), where)
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise StartError(f"{where}: {error}") from error

    @property
    def names(self) -> frozenset[str]:
        """The names of all enabled plugins."""
        return frozenset(plugin.name for plugin in self.loaded)

    def _import(self, entry_point, where):
        try:
            return entry_point.load()
        except Exception as error:
            raise StartError(f"{where}: plugin {entry_point.name!r} cannot be imported: {error!r}") from error

    def _load(self, name, module, where):
        for attribute, value in vars(module).items():
            if attribute.startswith("portal_") and inspect.isfunction(value) and not hasattr(value, f"{PROJECT}_impl"):
                raise StartError(f"{where}: plugin {name!r}: {attribute} lacks @hookimpl and would never be called")
        try:
            self.manager.register(module, name=name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise StartError(f"{where}: plugin {name!r}: {error}") from error
        implementation = getattr(module, "portal_plugin_info", None)
        info = implementation() if implementation else None
        if not isinstance(info, PluginInfo) or info.name != name:
            raise StartError(f"{where}: plugin {name!r}: portal_plugin_info must return PluginInfo(name={name!r}, ...)")
        if info.hook_api != HOOK_API:
            raise StartError(f"{where}: plugin {name!r} was written for hook API {info.hook_api}; this core has {HOOK_API}")
        self.loaded.append(LoadedPlugin(name, module, info))

    def declare(self, hook, **arguments):
        """Call a start-up hook on each plugin in ini order; yields ``(plugin name, result)``. An error stops the start."""
        for plugin in self.loaded:
            for result in self.call(plugin, hook, **arguments):
                yield plugin.name, result

    def collect(self, hook, **arguments):
        """Call a run-time hook on each plugin that is not switched off. Yields ``(plugin name, result)``.

        A plugin that raises is logged and left out.
        """
        for plugin in self.loaded:
            if plugin.name in self.off:
                continue
            try:
                results = list(self.call(plugin, hook, **arguments))
            except Exception:
                log.exception("hook failed", plugin=plugin.name, hook=hook)
                continue
            for result in results:
                yield plugin.name, result

    def call(self, plugin, hook, **arguments):
        """Call ``hook`` on one plugin; yields its results and lets errors through."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == plugin.name:
                yield implementation.function(*(arguments[a] for a in implementation.argnames))
