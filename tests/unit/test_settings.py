"""Settings: parsed, checked, overridden by the environment, and errors that name the line."""

import pytest

from portal_core.declarations import SettingSpec
from portal_core.errors import StartError
from portal_core.settings import CORE_SETTINGS, as_bool, as_list, line_of, read

INI = """[app:main]
use = egg:portal-core

portal.max_body_mb = {value}
{more}
"""


@pytest.fixture
def ini(tmp_path):
    def write(value="24", more=""):
        path = tmp_path / "portal.ini"
        path.write_text(INI.format(value=value, more=more))
        return {"__file__": str(path)}

    return write


def test_defaults_and_paths(ini, tmp_path):
    settings = read(ini(), {}, CORE_SETTINGS)
    assert settings["portal.max_body_mb"] == 24
    assert settings["portal.plugins"] == ()
    assert settings.path("portal.data_dir") == tmp_path / "var"


def test_an_unknown_setting_names_its_line(ini):
    source = ini(more="portal.pluggins = meetings")
    with pytest.raises(StartError, match=r"portal\.ini, line 5: unknown setting 'portal\.pluggins'"):
        read(source, {"portal.pluggins": "meetings"}, CORE_SETTINGS)


def test_a_bad_value_names_its_line(ini):
    with pytest.raises(StartError, match=r"portal\.ini, line 4: portal\.max_body_mb: .*'many'"):
        read(ini("many"), {"portal.max_body_mb": "many"}, CORE_SETTINGS)


def test_settings_of_others_are_left_alone(ini):
    assert "pyramid.reload_templates" not in read(ini(), {"pyramid.reload_templates": "true"}, CORE_SETTINGS)


def test_the_environment_wins(ini, monkeypatch):
    monkeypatch.setenv("PORTAL_DATABASE_URL", "postgresql://elsewhere/portal")
    settings = read(ini(), {"portal.database_url": "sqlite://"}, CORE_SETTINGS)
    assert settings["portal.database_url"] == "postgresql://elsewhere/portal"


def test_a_plugins_settings_are_checked_too(ini):
    specs = [*CORE_SETTINGS, SettingSpec("meetings.days", "30", "Days ahead.", int)]
    assert read(ini(), {"meetings.days": "7"}, specs)["meetings.days"] == 7
    with pytest.raises(StartError, match="unknown setting 'meetings.dayz'"):
        read(ini(), {"meetings.dayz": "7"}, specs)


def test_a_setting_that_stands_nowhere_names_the_file(ini):
    source = ini()["__file__"]
    assert line_of(source, "portal.theme") == source
    assert line_of(None, "portal.theme") == "settings"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Yes", True), ("0", False), (" off ", False)])
def test_booleans(text, value):
    assert as_bool(text) is value


def test_what_is_no_boolean():
    with pytest.raises(ValueError, match="neither true nor false"):
        as_bool("maybe")


def test_lists_take_commas_and_lines():
    assert as_list("meetings, repairs\n  canteen") == ("meetings", "repairs", "canteen")
