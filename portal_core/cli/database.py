"""``portal db``: the schema."""

import sys

import click

from portal_core import migrate
from portal_core.errors import StartError


def register(program):
    """Add the group ``db``."""
    program.add_command(db)


@click.group()
def db():
    """The database's schema."""


@db.command()
@click.pass_obj
def upgrade(context):
    """Bring the core's and every plugin's tables to the newest schema; safe to repeat and to run on several hosts."""
    migrate.upgrade(context.portal)
    _print_status(context.portal)


@db.command()
@click.pass_obj
def status(context):
    """Show where every lineage stands; exit 1 when an upgrade is needed."""
    if not _print_status(context.portal):
        sys.exit(1)


@db.command()
@click.argument("lineage")
@click.pass_obj
def draft(context, lineage):
    """Print a first version of the next migration of LINEAGE (core or a plugin), for its author to finish by hand."""
    by_name = {item.name: item for item in context.portal.migrations}
    if lineage not in by_name:
        raise StartError(f"no lineage {lineage!r}; there are: {', '.join(by_name)}")
    click.echo(migrate.draft(context.portal.database.engine, by_name[lineage]))


def _print_status(portal):
    states = migrate.status(portal.database.engine, portal.migrations)
    for state in states:
        click.echo(f"{state.name:<12} {state.current or '-':<16} {'up to date' if state.at_head else f'newest is {state.head}'}")
    return all(state.at_head for state in states)
