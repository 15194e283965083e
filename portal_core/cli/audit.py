"""``portal audit``, ``portal security`` and ``portal backup``: the audit log, keys, second factors and copies from a shell."""

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path

import click

from portal_core.accounts.services import AccountService
from portal_core.audit import archive as archives
from portal_core.audit import seals
from portal_core.errors import StartError
from portal_core.security import backups
from portal_core.security.crypto import new_key
from portal_core.security.factors import SecondFactorService
from portal_core.services import Services


def register(program):
    """Add the groups of this module."""
    program.add_command(audit)
    program.add_command(security)
    program.add_command(backup)


@click.group()
def audit():
    """The audit log."""


@audit.command()
@click.option("--anchor", default="", metavar="NUMBER:HASH", help="A seal that was noted elsewhere and must still be there.")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check an archive instead.")
@click.pass_obj
def verify(context, anchor, path):
    """Check every entry against its seal, in the database or in an archive (….jsonl); exit 1 when something was changed."""
    if path:
        result, broken = archives.verify(path), None
    else:
        with context.portal.database.reading() as session:
            broken = seals.missing(session, _anchor(anchor))
            result = seals.verify(session)
    broken = broken or result.broken
    if broken:
        click.echo(f"BROKEN  {broken}")
        sys.exit(1)
    click.echo(f"{result.entries} entries fit their seals; newest seal {result.anchor}")


@audit.command()
@click.pass_obj
def seal(context):
    """Seal what was written since the last time; the worker does this every hour."""
    with _services(context) as services:
        made = seals.seal(services)
    click.echo(f"{len(made)} new seals" + (f", newest {made[-1].id}:{made[-1].hash}" if made else ""))


@audit.command()
@click.option("--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Copy what was sealed before this day.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the archive.")
@click.pass_obj
def archive(context, before, folder):
    """Copy old entries with their seals into files. Nothing is removed from the database: it refuses that to everybody."""
    day = context.portal.clock.at(before.date(), dt.time())
    with _services(context) as services:
        try:
            made = archives.write(services, day, folder)
        except FileExistsError as error:
            raise StartError(f"{error.filename}: is there already") from error
    if made is None:
        click.echo("nothing was sealed before that day")
    else:
        click.echo(f"{made.entries} entries, seals {made.first_seal} to {made.last_seal}: {made.lines}")


@click.group()
def security():
    """Keys and second factors."""


@security.command("new-key")
@click.argument("key_id")
def make_key(key_id):
    """Print a random key named KEY_ID (small letters and digits) for portal.encryption_keys."""
    click.echo(new_key(key_id))


@security.command()
@click.pass_obj
def rotate(context):
    """Encrypt what is stored under an older key again under the first one of portal.encryption_keys."""
    with _services(context) as services:
        count = services.get(SecondFactorService).rotate()
    click.echo(f"{count} secrets encrypted again")


@security.command("remove-factor")
@click.argument("login")
@click.pass_obj
def remove_factor(context, login):
    """Forget the second factor of LOGIN, whose phone is lost; the next login asks to set up a new one where one is needed."""
    with _services(context) as services:
        services.get(SecondFactorService).remove(services.get(AccountService).get(login))
    click.echo(f"second factor of {login} removed")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", "manifest", metavar="FILE", help="Check a copy in FOLDER by its description (….json) instead.")
@click.pass_obj
def backup(context, folder, manifest):
    """Copy the database into FOLDER while it is in use, with a description by which the copy can be checked."""
    if manifest:
        described = backups.check(folder / manifest)
        click.echo(f"{described['file']} is what was made on {described['made']}; seal {described['anchor'] or 'none'}")
        return
    made = backups.write(context.portal, folder)
    click.echo(f"{made.path}\n{made.manifest}")


@contextmanager
def _services(context):
    """Services over a transaction of their own."""
    with context.portal.database.writing() as session:
        yield Services(session, context.portal)


def _anchor(text):
    number, _colon, digest = text.partition(":")
    if text and not (number.isdigit() and len(digest) == 64):
        raise StartError(f"{text!r} is no NUMBER:HASH as `portal audit verify` prints it")
    return text
