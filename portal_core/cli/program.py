"""The program ``portal``: its options, its commands and those of plugins, and the portal that they work with."""

import configparser
import os
import sys

import click
from plaster import PlasterError
from pyramid.paster import get_appsettings

from portal_core import portal as portals
from portal_core.cli import audit, database, docs, operation, user
from portal_core.errors import ServiceError, StartError
from portal_core.logs import configure_logging
from portal_core.plugins import Plugins
from portal_core.settings import as_list

CONFIG_VARIABLE = "PORTAL_CONFIG"


class Context:
    """What commands get as ``ctx.obj``: the portal, loaded when it is first needed."""

    def __init__(self, config):
        self.config = config
        self._portal = None

    @property
    def portal(self):
        """The loaded ``Portal``. Raises StartError when the configuration cannot work or there is none."""
        if self._portal is None:
            global_config, raw = read_config(self.config)
            self._portal = portals.load(global_config, raw)
            configure_logging(self._portal.settings["portal.log_level"])
        return self._portal

    def said(self, error):
        """The messages of a ``ServiceError`` in the portal's language."""
        texts = [error.message, *getattr(error, "fields", {}).values()]
        return " ".join(self.portal.default_text(text) for text in texts if text)

    def close(self):
        """Let go of the database."""
        if self._portal is not None:
            self._portal.database.dispose()


def read_config(path):
    """The ini file's DEFAULT section (with ``__file__``) and its ``[app:main]``. Raises StartError."""
    if not path:
        raise StartError(f"no configuration: give -c FILE or set {CONFIG_VARIABLE}")
    if not os.path.isfile(path):
        raise StartError(f"{path}: there is no such file")
    path = os.path.abspath(path)
    try:
        found = get_appsettings(path, name="main")
    except (PlasterError, configparser.Error, LookupError, ValueError) as error:
        raise StartError(f"{path}: {error}") from error
    settings = {name: value for name, value in found.items() if name not in found.global_conf}
    return {**found.global_conf, "__file__": path}, settings


class PortalGroup(click.Group):
    """Adds the commands of the configured plugins when the program looks for commands."""

    def invoke(self, ctx):
        """Run the command. What a rule refuses is said in the portal's language and ends the program with 1."""
        try:
            return super().invoke(ctx)
        except ServiceError as error:
            raise click.ClickException(ctx.obj.said(error)) from error

    def list_commands(self, ctx):
        self._add_plugin_commands(ctx)
        return super().list_commands(ctx)

    def get_command(self, ctx, name):
        # The core's commands do not need the plugins: `doctor` must work when one of them is broken.
        found = super().get_command(ctx, name)
        if found is None:
            self._add_plugin_commands(ctx)
            found = super().get_command(ctx, name)
        return found

    def _add_plugin_commands(self, ctx):
        config = ctx.params.get("config") or os.environ.get(CONFIG_VARIABLE)
        if not config or ctx.meta.get("portal.plugins"):
            return
        ctx.meta["portal.plugins"] = True
        global_config, raw = read_config(config)
        plugins = Plugins(as_list(raw.get("portal.plugins", "")), global_config["__file__"])
        for _owner, _result in plugins.declare("portal_cli", group=self):
            pass


def make_program():
    """A new ``portal`` program with the core's commands. Plugin commands are added to it, so each run has its own."""

    @click.group(cls=PortalGroup, context_settings={"help_option_names": ["-h", "--help"]})
    # Eager, so that `portal -c FILE --help` knows the plugins whose commands it lists.
    @click.option(
        "-c",
        "--config",
        envvar=CONFIG_VARIABLE,
        is_eager=True,
        metavar="FILE",
        help=f"The ini file; else from {CONFIG_VARIABLE}.",
    )
    @click.version_option(package_name="portal-core", prog_name="portal")
    @click.pass_context
    def program(ctx, config):
        """Administer the portal."""
        ctx.obj = Context(config)
        ctx.call_on_close(ctx.obj.close)

    for module in (database, operation, docs, user, audit):
        module.register(program)
    return program


def run(arguments=None):
    """Run the program. Exits with 2 and one clear line when the portal cannot start."""
    try:
        make_program()(args=arguments, prog_name="portal")
    except StartError as error:
        click.echo(f"portal: {error}", err=True)
        sys.exit(2)
