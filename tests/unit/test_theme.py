"""Themes: what a folder may hold, and the mistakes that stop the start."""

from pathlib import Path

import pytest

from portal_core import theme
from portal_core.errors import StartError

THEMES = Path(__file__).resolve().parents[2] / "themes"


@pytest.fixture
def folder(tmp_path):
    """A theme with a style sheet."""
    path = tmp_path / "lake"
    (path / "static").mkdir(parents=True)
    (path / "theme.toml").write_text('name = "lake"\ntitle = "Lake"\n', encoding="utf-8")
    (path / "static/theme.css").write_text(":root { --brand: #0d6b57; }")
    return path


def put(folder, name):
    file = folder / "templates" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("<p/>")
    return file


def test_what_a_theme_brings_is_found(folder):
    found = theme.load(folder)
    assert (found.name, found.title, found.color) == ("lake", "Lake", theme.DEFAULT_COLOR)
    assert (found.has_css, found.has_dark_css, found.has_icon) == (True, False, False)


@pytest.mark.parametrize("text", ["", 'name = "sea"', "name = ", None])
def test_a_broken_description_stops_the_start(folder, text):
    if text is None:
        (folder / "theme.toml").unlink()
    else:
        (folder / "theme.toml").write_text(text)
    with pytest.raises(StartError, match=r"theme\.toml"):
        theme.load(folder)


def test_a_template_replaces_the_packaged_one(folder):
    file = put(folder, "portal_core/error.pt")
    assert theme.template_overrides(folder) == [("portal_core:templates/error.pt", file)]


@pytest.mark.parametrize("name", ["portal_core/no_such_page.pt", "no_such_package/error.pt", "error.pt"])
def test_a_template_that_replaces_nothing_stops_the_start(folder, name):
    file = put(folder, name)
    with pytest.raises(StartError, match=file.name):
        theme.template_overrides(folder)


@pytest.mark.parametrize("path", sorted(p for p in THEMES.iterdir() if p.is_dir()), ids=lambda p: p.name)
def test_the_themes_that_ship_are_complete(path):
    assert theme.load(path).title
    theme.template_overrides(path)
