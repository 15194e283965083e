"""Themes: a folder that recolours the portal and may replace any page template.

    <portal.themes_dir>/<portal.theme>/
        theme.toml                       name, title, and color of the browser's own frame
        static/theme.css                 tokens of the light look
        static/theme-dark.css            tokens of the dark look (loaded when the page is dark)
        static/icon.svg                  icon of the browser tab
        templates/<package>/<path>.pt    replaces <package>:templates/<path>.pt

Everything but ``theme.toml`` may be left out. A template of the theme that replaces nothing stops the start: after an upgrade it
would silently be ignored.
"""

import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from portal_core.errors import StartError
from portal_core.settings import line_of

BUILT_IN = "default"
DEFAULT_COLOR = "#1a56c4"


@dataclass(frozen=True)
class Theme:
    """The theme in use. ``has_css`` and so on: which of the optional static files it brings."""

    name: str = BUILT_IN
    title: str = BUILT_IN
    color: str = DEFAULT_COLOR
    has_css: bool = False
    has_dark_css: bool = False
    has_icon: bool = False


def load(folder: Path) -> Theme:
    """Read a theme folder.

    Raises:
        StartError: ``theme.toml`` is missing, not TOML, or names another theme than its folder.
    """
    file = folder / "theme.toml"
    try:
        described = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StartError(f"theme {folder.name!r}: there is no {file}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"{file}: {error}") from error
    if described.get("name") != folder.name:
        raise StartError(f"{file}: name must be {folder.name!r}, the name of the folder")
    static = folder / "static"
    return Theme(
        name=folder.name,
        title=str(described.get("title", folder.name)),
        color=str(described.get("color", DEFAULT_COLOR)),
        has_css=(static / "theme.css").is_file(),
        has_dark_css=(static / "theme-dark.css").is_file(),
        has_icon=(static / "icon.svg").is_file(),
    )


def template_overrides(folder: Path) -> list[tuple[str, Path]]:
    """Pairs of (asset spec of the packaged template, the theme's file) for every template of a theme.

    Raises:
        StartError: a template replaces nothing.
    """
    pairs = []
    root = folder / "templates"
    for file in sorted(root.rglob("*.pt")):
        package, *rest = file.relative_to(root).parts
        path = PurePosixPath("templates", *rest)
        if not _has_file(package, path):
            raise StartError(f"{file}: there is no template {package}:{path} to replace")
        pairs.append((f"{package}:{path}", file.resolve()))
    return pairs


def _has_file(package, path):
    found = find_spec(package) if package.isidentifier() else None
    folders = found.submodule_search_locations if found else None
    return bool(folders) and (Path(folders[0]) / path).is_file()


def includeme(config):
    """Load the theme that the settings name; add ``request.theme`` and ``request.theme_css``."""
    settings = config.registry.portal.settings
    name = settings["portal.theme"]
    folder = settings.path("portal.themes_dir") / name
    if folder.is_dir():
        theme = load(folder)
        _use(config, folder)
    elif name == BUILT_IN:
        theme = Theme()
    else:
        raise StartError(f"{line_of(settings.source, 'portal.theme')}: there is no theme folder {folder}")
    config.add_request_method(lambda request: theme, "theme", reify=True)
    config.add_request_method(_theme_css, "theme_css", reify=True)


def _use(config, folder):
    if (folder / "static").is_dir():
        config.registry.assets.add(config, "theme", str((folder / "static").resolve()))
    for spec, file in template_overrides(folder):
        config.override_asset(spec, str(file))


def _theme_css(request):
    """The address of the theme's style sheet, or None."""
    return request.asset("theme/theme.css") if request.theme.has_css else None
