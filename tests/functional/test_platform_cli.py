"""The command ``portal``: what it prints and how it exits."""

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal_core.cli import program as cli
from portal_core.db import Database
from portal_core.declarations import HealthCheck
from portal_core.jobs.models import JobRun
from portal_core.testing.fixtures import NOW

INI = """[app:main]
use = egg:portal-core
portal.plugins =
portal.database_url = {url}
portal.data_dir = {folder}
portal.production = {production}
{more}
"""


@pytest.fixture
def portal_ini(tmp_path):
    def write(url, production="false", more=""):
        path = tmp_path / "portal.ini"
        path.write_text(INI.format(url=url, folder=tmp_path, production=production, more=more))
        return str(path)

    return write


@pytest.fixture
def run(capsys, monkeypatch):
    """Run ``portal`` with arguments; returns (exit code, output, errors)."""

    # The log of the whole test run stays as it is.
    monkeypatch.setattr(cli, "configure_logging", lambda level: None)

    def go(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.run(list(arguments))
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return go


def test_upgrade_then_status(run, portal_ini, empty_db_url):
    ini = portal_ini(empty_db_url)
    code, out, _err = run("-c", ini, "db", "status")
    assert code == 1
    assert "newest is core_00" in out
    assert run("-c", ini, "db", "upgrade")[0] == 0
    assert run("-c", ini, "db", "upgrade")[0] == 0, "safe to repeat"
    code, out, _err = run("-c", ini, "db", "status")
    assert code == 0
    assert "up to date" in out


def test_doctor(run, portal_ini, empty_db_url, monkeypatch):
    ini = portal_ini(empty_db_url)
    code, out, _err = run("-c", ini, "doctor")
    assert code == 1
    assert "run `portal db upgrade`" in out
    run("-c", ini, "db", "upgrade")
    code, out, _err = run("-c", ini, "doctor")
    assert (code, out[:11]) == (0, "all is well")
    monkeypatch.setattr("portal_core.core_declarations.HEALTH_CHECKS", [HealthCheck("core.disk", lambda session: "full")])
    database = Database(empty_db_url)
    with database.writing() as session:
        session.execute(sa.insert(JobRun).values(name="core.bad", slot=NOW, started=NOW, failures=1, error="LookupError"))
    database.dispose()
    code, out, _err = run("-c", ini, "doctor")
    assert code == 1
    assert "TROUBLE  core.disk: full" in out
    assert "TROUBLE  jobs failing: core.bad" in out


def test_doctor_names_what_is_unfit_for_production(run, portal_ini, empty_db_url):
    code, out, _err = run("-c", portal_ini(empty_db_url, production="true", more="portal.password_profile = cheapest"), "doctor")
    assert code == 1
    assert "portal.secure_cookies" in out
    assert "portal.password_profile" in out
    assert ("SQLite is for one process" in out) == empty_db_url.startswith("sqlite")


def test_demo_is_refused_in_production(run, portal_ini, fresh_db_url):
    code, _out, err = run("-c", portal_ini(fresh_db_url, production="true"), "demo")
    assert (code, err) == (2, "portal: demo data is refused: portal.production is true\n")


def test_no_configuration(run, monkeypatch, tmp_path):
    monkeypatch.delenv("PORTAL_CONFIG", raising=False)
    assert run("db", "status")[::2] == (2, "portal: no configuration: give -c FILE or set PORTAL_CONFIG\n")
    missing = str(tmp_path / "missing.ini")
    assert run("-c", missing, "db", "status")[::2] == (2, f"portal: {missing}: there is no such file\n")
    (tmp_path / "broken.ini").write_text("[app:main\n")
    code, _out, err = run("-c", str(tmp_path / "broken.ini"), "db", "status")
    assert code == 2
    assert "broken.ini" in err


def test_a_misspelt_setting_is_one_line(run, portal_ini):
    code, out, err = run("-c", portal_ini("sqlite:///unused.db", more="portal.them = shuixiang"), "db", "status")
    assert (code, out) == (2, "")
    assert err.endswith("portal.ini, line 7: unknown setting 'portal.them'\n")


def test_the_configuration_may_come_from_the_environment(run, portal_ini, fresh_db_url, monkeypatch):
    monkeypatch.setenv("PORTAL_CONFIG", portal_ini(fresh_db_url))
    assert run("db", "status")[0] == 0


def test_a_plugin_adds_its_commands(monkeypatch, portal_ini):
    class OnePlugin:
        def __init__(self, names, source):
            pass

        def declare(self, hook, group):
            group.add_command(click.Command("verify", callback=lambda: click.echo("verified")))
            yield "demo", None

    monkeypatch.setattr(cli, "Plugins", OnePlugin)
    ini = portal_ini("sqlite:///unused.db")
    assert CliRunner().invoke(cli.make_program(), ["-c", ini, "verify"]).output == "verified\n"
    assert "verify" in CliRunner().invoke(cli.make_program(), ["-c", ini, "--help"]).output


def test_plugin_list_and_docs(run, portal_ini, tmp_path):
    ini = portal_ini("sqlite:///unused.db")
    assert run("-c", ini, "plugin", "list")[0] == 0
    assert run("-c", ini, "docs", str(tmp_path))[0] == 0
    assert "### portal_menu" in (tmp_path / "hooks.md").read_text()
    assert "`portal.max_body_mb`" in (tmp_path / "settings.md").read_text()
