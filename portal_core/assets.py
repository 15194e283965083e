"""Static files: served below ``/static/<owner>/`` for a year, under addresses that change with the content.

Two kinds of folders:

* built by ``tools/build_assets.py``: a ``manifest.json`` maps names to names with a hash (the core);
* written by hand (plugins, themes): the address carries the file's hash as ``?v=``, computed at start-up.

Templates write ``asset('meetings/meetings.css')`` and ``island('core/panorama')`` and never an address. With
``pyramid.reload_templates`` both follow changes on disk at once, so a rebuild under a running
development server needs no restart.
"""

import hashlib
from pathlib import Path

from pyramid.path import AssetResolver
from pyramid.static import ManifestCacheBuster, QueryStringCacheBuster

from portal_core.errors import StartError

ONE_YEAR = 365 * 24 * 3600
HASH_LENGTH = 10


class HandwrittenFiles(QueryStringCacheBuster):
    """Cache buster for folders that no builder made: ``?v=`` and the beginning of the file's SHA-256.

    Args:
        root: the folder.
        reload: look at the file again for every address (development) instead of once.
    """

    def __init__(self, root: Path, reload: bool):
        super().__init__("v")
        self.root = root
        self.reload = reload
        self.hashes = {}
        self.scan()

    def scan(self):
        """Hash every file of the folder."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        self.hashes = {path.relative_to(self.root).as_posix(): _hash(path) for path in files}

    def __contains__(self, name):
        if self.reload:
            return (self.root / name).is_file()
        return name in self.hashes

    def tokenize(self, request, subpath, kw):
        """The hash of the file ``subpath``; called by Pyramid while it makes an address."""
        if self.reload:
            return _hash(self.root / subpath)
        return self.hashes[subpath]


class BuiltFiles(ManifestCacheBuster):
    """Cache buster for a folder with a ``manifest.json``; knows which names it holds."""

    def __contains__(self, name):
        return name in self.manifest


class Assets:
    """All static folders of the running portal, by owner."""

    def __init__(self, reload: bool):
        self.reload = reload
        self.folders = {}
        self._addresses = {}

    def add(self, config, owner: str, spec: str) -> None:
        """Serve the folder ``spec`` (``package:folder`` or an absolute path) as ``/static/<owner>/``.

        Raises:
            StartError: the folder does not exist, or it is the output of a build that has not run.
        """
        root = Path(AssetResolver().resolve(spec).abspath())
        if not root.is_dir():
            hint = "; run: python tools/build_assets.py" if root.name == "dist" else ""
            raise StartError(f"static files of {owner!r}: there is no folder {root}{hint}")
        spec = spec.rstrip("/") + "/"
        manifest = root / "manifest.json"
        files = BuiltFiles(str(manifest), self.reload) if manifest.exists() else HandwrittenFiles(root, self.reload)
        config.add_static_view(f"static/{owner}", spec, cache_max_age=ONE_YEAR)
        config.add_cache_buster(spec, files)
        self.folders[owner] = (spec, files)

    def has(self, path: str) -> bool:
        """Whether ``path`` (``owner/name``) exists."""
        owner, _slash, name = path.partition("/")
        return owner in self.folders and name in self.folders[owner][1]

    def address(self, request, path: str) -> str:
        """The address of ``path`` (``owner/name``) below the application's root.

        Raises:
            LookupError: there is no such file; a template names a file that was renamed or never built.
        """
        key = (request.script_name, path)
        if self.reload or key not in self._addresses:
            if not self.has(path):
                raise LookupError(f"no static file {path!r}; known owners: {', '.join(sorted(self.folders))}")
            owner, _slash, name = path.partition("/")
            self._addresses[key] = request.static_path(self.folders[owner][0] + name)
        return self._addresses[key]


def asset(request, path: str) -> str:
    """The address of a static file, e.g. ``asset('core/img/hero.svg')``. Raises LookupError when there is none."""
    return request.registry.assets.address(request, path)


def island(request, path: str) -> dict:
    """Addresses for ``<x-island>``: ``{'src': script, 'css': style sheet or None}`` of e.g. ``'core/panorama'``."""
    owner, _slash, name = path.partition("/")
    style = f"{owner}/islands/{name}.css"
    return {
        "src": asset(request, f"{owner}/islands/{name}.js"),
        "css": asset(request, style) if request.registry.assets.has(style) else None,
    }


def _hash(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_LENGTH]


def includeme(config):
    """Serve the folders of the core and of the plugins; add ``request.asset`` and ``request.island``."""
    reload = config.registry.settings.get("pyramid.reload_templates") in (True, "true")
    if reload:
        # Pyramid's static view otherwise remembers files that a rebuild has removed, and answers 500 for them.
        config.add_settings({"pyramid.reload_assets": True})
    config.registry.assets = Assets(reload)
    for folder in config.registry.portal.assets:
        config.registry.assets.add(config, folder.owner, folder.spec)
    config.add_request_method(asset)
    config.add_request_method(island)
