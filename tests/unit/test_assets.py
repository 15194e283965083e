"""Static files: addresses that change with the content, in both kinds of folders."""

import json
from types import SimpleNamespace

import pytest
from pyramid import testing

from portal_core.assets import island
from portal_core.declarations import Assets
from portal_core.errors import StartError


@pytest.fixture
def folders(tmp_path):
    """A built folder and a hand-written one."""
    built = tmp_path / "dist"
    (built / "islands").mkdir(parents=True)
    (built / "portal-ABC.css").write_text("a{}")
    names = {
        "portal.css": "portal-ABC.css",
        "islands/x.js": "islands/x-1.js",
        "islands/x.css": "islands/x-2.css",
        "islands/y.js": "islands/y-1.js",
    }
    (built / "manifest.json").write_text(json.dumps(names))
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "grid.css").write_text("b{}")
    return SimpleNamespace(built=built, plain=plain)


def configured(folders, **settings):
    config = testing.setUp(settings=settings)
    config.registry.portal = SimpleNamespace(assets=[Assets("core", str(folders.built)), Assets("rooms", str(folders.plain))])
    config.include("portal_core.assets")
    request = testing.DummyRequest()
    request.registry = config.registry
    return request


@pytest.fixture(autouse=True)
def torn_down():
    yield
    testing.tearDown()


def address(request, path):
    return request.registry.assets.address(request, path)


def test_a_built_file_gets_its_name_from_the_manifest(folders):
    assert address(configured(folders), "core/portal.css") == "/static/core/portal-ABC.css"


def test_a_handwritten_file_carries_its_hash(folders):
    before = address(configured(folders), "rooms/grid.css")
    assert before.startswith("/static/rooms/grid.css?v=")
    (folders.plain / "grid.css").write_text("c{}")
    assert address(configured(folders), "rooms/grid.css") != before


def test_development_follows_changes_without_a_restart(folders):
    request = configured(folders, **{"pyramid.reload_templates": "true"})
    before = address(request, "rooms/grid.css")
    (folders.plain / "grid.css").write_text("c{}")
    (folders.plain / "new.css").write_text("d{}")
    assert address(request, "rooms/grid.css") != before
    assert address(request, "rooms/new.css").startswith("/static/rooms/new.css?v=")


@pytest.mark.parametrize("path", ["core/missing.css", "rooms/missing.css", "nobody/x.css", "x"])
def test_a_name_that_does_not_exist_is_an_error_and_not_a_dead_link(folders, path):
    with pytest.raises(LookupError, match="no static file"):
        address(configured(folders), path)


def test_the_address_is_below_the_root_of_the_application(folders):
    request = configured(folders)
    request.script_name = "/portal"
    assert address(request, "core/portal.css") == "/portal/static/core/portal-ABC.css"


def test_an_island_has_a_style_sheet_or_none(folders):
    request = configured(folders)
    assert island(request, "core/x") == {"src": "/static/core/islands/x-1.js", "css": "/static/core/islands/x-2.css"}
    assert island(request, "core/y")["css"] is None


def test_the_missing_output_of_the_build_names_the_command(folders, tmp_path):
    folders.built = tmp_path / "nowhere" / "dist"
    with pytest.raises(StartError, match=r"tools/build_assets\.py"):
        configured(folders)
