"""``portal user``: accounts from a shell. Passwords are random, printed once, and must be changed at the first login."""

from contextlib import contextmanager

import click

from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.imports import AccountImport
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.audit.services import AuditService
from portal_core.services import Services


def register(program):
    """Add the group ``user``."""
    program.add_command(user)


@click.group()
def user():
    """Accounts."""


@contextmanager
def _writing(portal):
    """Services over a transaction of their own."""
    with portal.database.writing() as session:
        yield Services(session, portal)


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@click.option("--department", default="", metavar="PATH", help="Unit, with those above it: 机关/财政局/预算处.")
@click.option("--phone", default="", help="Telephone number.")
@click.option("--role", "roles", multiple=True, metavar="CODE", help="Role, e.g. clerk; may be repeated.")
@click.pass_obj
def add(context, login, name, department, phone, roles):
    """Make the account LOGIN and print its initial password."""
    with _writing(context.portal) as services:
        unit = services.get(DepartmentService).find_or_create_path(department) if department else None
        made, password = services.get(AccountService).create(login, name, unit, phone=phone)
        for role in roles:
            services.get(RightsService).assign(made, role)
    click.echo(f"{made.login}  {password}")


@user.command()
@click.argument("login")
@click.pass_obj
def passwd(context, login):
    """Give LOGIN a new initial password, end its sessions and any lock, and print the password."""
    with _writing(context.portal) as services:
        accounts = services.get(AccountService)
        password = accounts.reset_password(accounts.get(login))
    click.echo(f"{login}  {password}")


@user.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only check the file.")
@click.pass_obj
def import_accounts(context, file, dry_run):
    """Make the accounts of a CSV FILE (UTF-8 or GB18030) and print their initial passwords.

    Columns: login (登录名), name (姓名), and if wanted department (部门), phone (电话), email (邮箱), roles (角色, codes with
    blanks between). One wrong row and nothing is written.
    """
    task = AccountImport(context.portal)
    task.read(file.read())
    for error in task.errors:
        click.echo(f"line {error.line}: {context.portal.default_text(error.message)}", err=True)
    if task.errors:
        raise click.ClickException("nothing was imported")
    if dry_run:
        click.echo(f"{len(task.rows)} accounts could be made")
        return
    for login, password in task.store():
        click.echo(f"{login}  {password}")


@user.command()
@click.argument("login")
@click.pass_obj
def deactivate(context, login):
    """Close the account LOGIN and end its sessions; what the person filed stays."""
    with _writing(context.portal) as services:
        accounts = services.get(AccountService)
        accounts.deactivate(accounts.get(login))
    click.echo(f"{login} is closed")


@user.command()
@click.argument("login")
@click.pass_obj
def reactivate(context, login):
    """Open the closed account LOGIN again and print its new initial password."""
    with _writing(context.portal) as services:
        accounts = services.get(AccountService)
        password = accounts.reactivate(accounts.get(login))
    click.echo(f"{login}  {password}")


@user.command()
@click.argument("login")
@click.pass_obj
def unlock(context, login):
    """End the lock of LOGIN after failed logins."""
    with _writing(context.portal) as services:
        accounts = services.get(AccountService)
        accounts.unlock(accounts.get(login))
    click.echo(f"{login} is unlocked")


@user.command()
@click.argument("login")
@click.argument("code")
@click.option("--scope", default="", help="Only within one thing of a plugin: meetings.room:7.")
@click.option("--remove", is_flag=True, help="Take the role away instead.")
@click.pass_obj
def role(context, login, code, scope, remove):
    """Give LOGIN the role CODE. Whoever can run this is trusted with everything, so no rule about administrators applies."""
    with _writing(context.portal) as services:
        person, rights = services.get(AccountService).get(login), services.get(RightsService)
        change = rights.unassign if remove else rights.assign
        change(person, code, scope)
        action = "core.role_unassigned" if remove else "core.role_assigned"
        detail = {"login": login, "role": code, "scope": scope}
        services.get(AuditService).record(SYSTEM, action, "core.user", person.id, detail=detail)
    click.echo(f"{login}  {'-' if remove else '+'}{code}")


@user.command("list")
@click.pass_obj
def list_users(context):
    """List all accounts with their state."""
    portal = context.portal
    with portal.database.reading() as session:
        for row in Services(session, portal).get(AccountService).overview():
            click.echo(f"{row.login:<24} {row.state:<8} {row.name} {row.department_name}")
