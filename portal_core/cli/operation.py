"""``portal plugin``, ``demo``, ``worker`` and ``doctor``: running a portal."""

import os
import sys

import click

from portal_core import migrate
from portal_core.calendar.services import CalendarService
from portal_core.errors import StartError
from portal_core.health import run_checks
from portal_core.jobs.runner import jobs_succeed
from portal_core.plugins import installed
from portal_core.services import Services


def register(program):
    """Add the commands of this module."""
    for command in (plugin, demo, worker, doctor):
        program.add_command(command)


@click.group()
def plugin():
    """Plugins."""


@plugin.command("list")
@click.pass_obj
def list_plugins(context):
    """List installed plugins with version, and whether they are enabled."""
    enabled = {item.name: item.info for item in context.portal.plugins.loaded}
    for name in [*enabled, *sorted(set(installed()) - set(enabled))]:
        info = enabled.get(name)
        click.echo(f"{name:<16} {info.version:<10} enabled" if info else f"{name:<16} {'-':<10} installed, not enabled")


@click.command()
@click.pass_obj
def demo(context):
    """Load invented data for a demonstration; safe to repeat, refused in production."""
    from portal_core.demo import load

    portal = context.portal
    if portal.settings["portal.production"]:
        raise StartError("demo data is refused: portal.production is true")
    load(portal)
    click.echo("demo data loaded")


@click.command()
@click.pass_obj
def worker(context):
    """Run background jobs until SIGTERM; any number of workers may run, on any number of hosts."""
    from portal_core.jobs.worker import run_forever

    run_forever(context.portal)


@click.command()
@click.pass_obj
def doctor(context):
    """Look for trouble: configuration, schema, folders, health checks; exit 1 when there is any."""
    portal = context.portal
    schema = schema_troubles(portal)
    troubles = [*schema, *folder_troubles(portal), *setting_troubles(portal)]
    if not schema:
        troubles += [f"{name}: {text}" for name, text in run_checks(portal, thorough=True).items() if text]
        troubles += job_troubles(portal)
    for trouble in troubles:
        click.echo(f"TROUBLE  {trouble}")
    if not troubles:
        click.echo(f"all is well: {len(portal.plugins.loaded)} plugins, {portal.database.dialect}")
    for note in [] if schema else calendar_notes(portal):
        click.echo(f"NOTE     {note}")
    if troubles:
        sys.exit(1)


def schema_troubles(portal):
    """What is wrong with the database's schema, as texts."""
    try:
        states = migrate.status(portal.database.engine, portal.migrations)
    except Exception as error:
        return [f"database: {error}"]
    return [
        f"schema of {s.name}: {s.current or 'none'}, newest is {s.head}: run `portal db upgrade`" for s in states if not s.at_head
    ]


def job_troubles(portal):
    """Background jobs whose last run failed."""
    with portal.database.reading() as session:
        text = jobs_succeed(session)
    return [f"jobs {text}"] if text else []


def calendar_notes(portal):
    """Years whose public holidays are missing. No trouble: the portal works, but its due times know weekends only."""
    with portal.database.reading() as session:
        years = Services(session, portal).get(CalendarService).unknown_years()
    return [f"public holidays of {year} are unknown: upgrade chinesecalendar or enter them at /admin/calendar" for year in years]


def folder_troubles(portal):
    """Folders that the portal must be able to write."""
    folder = portal.settings.path("portal.data_dir")
    existing = folder if folder.exists() else folder.parent
    return [] if os.access(existing, os.W_OK) else [f"folder {folder} cannot be written (portal.data_dir)"]


def setting_troubles(portal):
    """Settings that work but are unfit for production."""
    settings = portal.settings
    if not settings["portal.production"]:
        return []
    troubles = []
    if portal.database.dialect == "sqlite":
        troubles.append("portal.database_url: SQLite is for one process; production needs PostgreSQL")
    if not settings["portal.secure_cookies"]:
        troubles.append("portal.secure_cookies: false, so login cookies also travel unencrypted")
    if settings["portal.password_profile"] != "standard":
        troubles.append("portal.password_profile: only standard is safe")
    return troubles
