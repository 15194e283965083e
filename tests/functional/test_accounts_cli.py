"""``portal user``, run as a person at a shell does."""

import re

import pytest
from click.testing import CliRunner

from portal_core import portal as portals
from portal_core.accounts.passwords import problem
from portal_core.accounts.services import AccountService, RightsService
from portal_core.cli.program import make_program
from portal_core.services import Services

ONE_LINE = re.compile(r"(\S+)  (\S+)\n")


@pytest.fixture
def ini(tmp_path, fresh_db_url):
    """An ini file for a migrated database of the test's own."""
    path = tmp_path / "test.ini"
    path.write_text(
        "[app:main]\nuse = egg:portal-core\nportal.password_profile = cheapest\n"
        f"portal.data_dir = {tmp_path}\nportal.database_url = {fresh_db_url}\n"
    )
    return path


@pytest.fixture
def run(ini):
    """Runs ``portal -c FILE user ...`` and returns click's result."""

    def run(*arguments):
        return CliRunner().invoke(make_program(), ["-c", str(ini), "user", *map(str, arguments)], catch_exceptions=False)

    return run


@pytest.fixture
def looking(ini):
    """Services over what the commands wrote."""
    raw = dict(line.split(" = ", 1) for line in ini.read_text().splitlines()[2:])
    portal = portals.load({}, raw)
    with portal.database.reading() as session:
        yield Services(session, portal)
    portal.database.dispose()


def test_add_prints_a_random_password_once(run, looking):
    result = run("add", "li", "--name", "李静", "--department", "机关/财政局", "--role", "clerk", "--role", "leader")
    login, password = ONE_LINE.fullmatch(result.output).groups()
    assert login == "li" and problem(password, login) is None
    accounts = looking.get(AccountService)
    user = accounts.get("li")
    assert user.must_change_password and accounts.hasher.verify(user.password_hash, password)
    identity = looking.get(RightsService).identity_of(user.id)
    assert identity.department_name == "财政局" and identity.may("core:case:view_all")


def test_add_with_an_unknown_role_writes_nothing(run, looking):
    result = run("add", "li", "--name", "李静", "--role", "king")
    assert result.exit_code == 1 and "没有角色 king" in result.output
    assert looking.get(AccountService).find("li") is None


def test_add_twice_is_refused(run):
    run("add", "li", "--name", "李静")
    result = run("add", "LI", "--name", "")
    assert result.exit_code == 1 and "用户名 li 已被使用" in result.output and "请填写姓名" in result.output


def test_passwd_gives_another_password(run, looking):
    first = ONE_LINE.fullmatch(run("add", "li", "--name", "李静").output).group(2)
    second = ONE_LINE.fullmatch(run("passwd", "li").output).group(2)
    accounts = looking.get(AccountService)
    stored = accounts.get("li").password_hash
    assert accounts.hasher.verify(stored, second) and not accounts.hasher.verify(stored, first)
    assert run("passwd", "nobody").exit_code == 1


def test_deactivate_and_reactivate(run):
    run("add", "li", "--name", "李静")
    run("deactivate", "li")
    assert re.search(r"^li +closed +李静", run("list").output, re.MULTILINE)
    assert ONE_LINE.fullmatch(run("reactivate", "li").output)
    assert re.search(r"^li +initial +李静", run("list").output, re.MULTILINE)
    assert run("unlock", "li").exit_code == 0


def test_import_checks_first_and_then_writes(run, tmp_path, looking):
    file = tmp_path / "people.csv"
    file.write_bytes("登录名,姓名,部门\nli,李静,财政局\nwang,王磊,财政局\n".encode("gb18030"))
    assert "2 accounts" in run("import", file, "--dry-run").output
    assert looking.get(AccountService).find("li") is None
    assert len(ONE_LINE.findall(run("import", file).output)) == 2
    again = run("import", file)
    assert again.exit_code == 1 and "line 2:" in again.output and "已被使用" in again.output


def test_a_refusal_is_said_in_the_language_of_the_portal(run):
    for arguments in (("passwd", "nobody"), ("role", "nobody", "clerk"), ("add", "li", "--name", "")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert re.search("[\u4e00-\u9fff]", result.output), result.output


def test_roles_are_given_and_taken(run, looking):
    run("add", "li", "--name", "李静")
    assert run("role", "li", "leader").exit_code == 0
    user = looking.get(AccountService).get("li")
    assert looking.get(RightsService).identity_of(user.id).may("core:case:view_all")
    assert run("role", "li", "leader", "--remove").exit_code == 0
    looking.session.rollback()
    assert not looking.get(RightsService).identity_of(user.id).may("core:case:view_all")
