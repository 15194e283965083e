"""Plugins: what stops the start, with a message that helps, and what costs only a plugin's own entry."""

from types import SimpleNamespace

import pytest

from portal_core import portal as portals
from portal_core.declarations import HOOK_API, MenuEntry, NotificationType, Permission, PluginInfo, SettingSpec
from portal_core.errors import StartError
from portal_core.hookspecs import hookimpl
from portal_core.plugins import Plugins


def plugin(name="demo", hook_api=HOOK_API, **hooks):
    """A plugin as a namespace of hook implementations; functions given are marked as such."""

    @hookimpl
    def portal_plugin_info():
        return PluginInfo(name, name.title(), "1.0", hook_api)

    functions = {hook: hookimpl(function) for hook, function in hooks.items()}
    return SimpleNamespace(__name__=f"portal_{name}", portal_plugin_info=portal_plugin_info, **functions)


@pytest.fixture
def ini(tmp_path):
    """Path of an ini file that enables ``names`` in line 3."""

    def write(names):
        path = tmp_path / "portal.ini"
        path.write_text(f"[app:main]\nuse = egg:portal-core\nportal.plugins = {names}\n")
        return str(path)

    return write


def load_portal(*modules, source=None, database="sqlite:///never-opened.db"):
    names = [module.portal_plugin_info().name for module in modules]
    raw = {"portal.plugins": " ".join(names), "portal.database_url": database}
    return portals.load({"__file__": source} if source else {}, raw, extra_plugins=list(zip(names, modules, strict=True)))


def test_enabled_but_not_installed(ini):
    with pytest.raises(StartError, match=r"portal\.ini, line 3: plugin 'nowhere' is enabled but not installed; installed: "):
        Plugins(["nowhere"], ini("nowhere"))


def test_enabled_twice(ini):
    with pytest.raises(StartError, match=r"line 3: .*demo"):
        Plugins(["demo", "demo"], ini("demo demo"), [("demo", plugin())])


def test_another_hook_api(ini):
    with pytest.raises(StartError, match=rf"line 3: plugin 'demo' was written for hook API 99; this core has {HOOK_API}"):
        Plugins(["demo"], ini("demo"), [("demo", plugin(hook_api=99))])


def test_a_hook_function_without_its_mark(ini):
    module = plugin()
    module.portal_menu = lambda request: []
    with pytest.raises(StartError, match="line 3: plugin 'demo': portal_menu lacks @hookimpl"):
        Plugins(["demo"], ini("demo"), [("demo", module)])


def test_a_hook_that_does_not_exist(ini):
    with pytest.raises(StartError, match=r"line 3: .*portal_mneu"):
        Plugins(["demo"], ini("demo"), [("demo", plugin(portal_mneu=lambda: None))])


def test_an_argument_that_the_hook_does_not_have(ini):
    with pytest.raises(StartError, match=r"line 3: plugin 'demo': "):
        Plugins(["demo"], ini("demo"), [("demo", plugin(portal_menu=lambda requset: []))])


@pytest.mark.parametrize("info", [None, "demo", PluginInfo("other", "Other", "1")])
def test_a_plugin_that_does_not_say_who_it_is(info):
    module = plugin()
    module.portal_plugin_info = hookimpl(lambda: info)
    with pytest.raises(StartError, match="plugin 'demo': portal_plugin_info must return PluginInfo"):
        Plugins(["demo"], None, [("demo", module)])


def test_a_plugin_that_cannot_be_imported(monkeypatch, ini):
    class Broken:
        name = "demo"

        def load(self):
            raise ImportError("no module named lost")

    monkeypatch.setattr("portal_core.plugins.installed", lambda: {"demo": Broken()})
    with pytest.raises(StartError, match=r"line 3: plugin 'demo' cannot be imported: .*lost"):
        Plugins(["demo"], ini("demo"))


def test_declarations_must_carry_the_plugins_name():
    with pytest.raises(StartError, match="plugin 'demo': 'other.days' must start with 'demo.'"):
        load_portal(plugin(portal_settings=lambda: [SettingSpec("other.days", "1", "")]))
    with pytest.raises(StartError, match="plugin 'demo': 'core:admin:view' must start with 'demo:'"):
        load_portal(plugin(portal_permissions=lambda: [Permission("core:admin:view", "")]))


def test_a_name_declared_twice(ini):
    kinds = [NotificationType("demo.news", "News"), NotificationType("demo.news", "More news")]
    with pytest.raises(StartError, match=r"portal\.ini, line 3: plugin 'demo': 'demo.news' is declared twice"):
        load_portal(plugin(portal_notification_types=lambda: kinds), source=ini("demo"))


def test_run_time_errors_cost_only_the_plugins_own_entry():
    def broken(request):
        raise LookupError("gone")

    good = plugin("good", portal_menu=lambda request: [MenuEntry("good", "Good", "/good/")])
    plugins = Plugins(["bad", "good"], None, [("bad", plugin("bad", portal_menu=broken)), ("good", good)])
    assert [(owner, [entry.key for entry in entries]) for owner, entries in plugins.collect("portal_menu", request=None)] == [
        ("good", ["good"])
    ]


def test_start_up_errors_stop_the_start():
    def broken():
        raise LookupError("gone")

    with pytest.raises(LookupError):
        list(Plugins(["demo"], None, [("demo", plugin(portal_jobs=broken))]).declare("portal_jobs"))


def test_portals_do_not_share_plugins():
    first, second = Plugins(["demo"], None, [("demo", plugin())]), Plugins([], None)
    assert [item.name for item in first.loaded] == ["demo"]
    assert second.loaded == []


def test_hooks_get_only_the_arguments_they_name():
    module = plugin(portal_greeting=lambda day: f"on {day}")
    assert list(Plugins(["demo"], None, [("demo", module)]).collect("portal_greeting", request=None, day="Monday")) == [
        ("demo", "on Monday")
    ]
