"""Accounts, passwords, sessions and the import, as services."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from portal_core.accounts import passwords
from portal_core.accounts.imports import AccountImport
from portal_core.accounts.jobs import end_expired
from portal_core.accounts.models import Captcha, Department, LoginAttempt, SessionRow, User
from portal_core.accounts.services import AccountService, RightsService, SessionService
from portal_core.errors import Invalid, NotFound

GOOD = "Neue-Katze-42"


@pytest.fixture
def accounts(services):
    return services.get(AccountService)


@pytest.fixture
def sessions(services):
    return services.get(SessionService)


def test_a_new_account_has_a_random_password_that_must_be_changed(accounts):
    user, password = accounts.create(" Li.Jing ", " 李静 ")
    other, other_password = accounts.create("wang", "王磊")
    assert (user.login, user.name) == ("li.jing", "李静")
    assert user.must_change_password and password != other_password
    assert passwords.problem(password, user.login) is None
    assert accounts.hasher.verify(user.password_hash, password)
    assert password not in user.password_hash


@pytest.mark.parametrize("login", ["", "x", "-li", "李静", "li jing", "li'--", "<b>", "a" * 65, "li/jing"])
def test_unfit_logins(accounts, login):
    with pytest.raises(Invalid) as caught:
        accounts.create(login, "李静")
    assert set(caught.value.fields) == {"login"}


def test_logins_are_unique_whatever_their_case(accounts):
    accounts.create("li", "李静")
    with pytest.raises(Invalid):
        accounts.create("LI", "李敬")
    assert accounts.find("Li ").name == "李静"
    with pytest.raises(NotFound):
        accounts.get("nobody")


def test_a_reset_ends_sessions_and_locks(accounts, sessions, session, services):
    user, _old = accounts.create("li", "李静")
    sessions.open(user.id)
    user.locked_until = services.clock.now() + dt.timedelta(minutes=30)
    session.add(LoginAttempt(login="li", ip="10.0.0.1", at=services.clock.now(), success=False))
    password = accounts.reset_password(user)
    session.expire_all()
    assert sessions.open_sessions(user.id) == []
    assert user.locked_until is None and user.must_change_password
    assert session.scalars(sa.select(LoginAttempt.cleared)).all() == [True]
    assert accounts.hasher.verify(user.password_hash, password)


def test_setting_a_password_obeys_the_rules(accounts):
    user, _password = accounts.create("li-jing", "李静")
    for unfit in ("Ab-1", "alllowercase", "Hi-Li-jing-1"):
        with pytest.raises(Invalid):
            accounts.set_password(user, unfit, must_change=False)
    accounts.set_password(user, GOOD, must_change=False)
    assert not user.must_change_password


def test_changing_needs_the_current_one(accounts, sessions, session):
    user, password = accounts.create("li-jing", "李静")
    session.commit()
    sessions.open(user.id)
    sessions.open(user.id)
    session.commit()
    keep = session.scalars(sa.select(SessionRow.id).order_by(SessionRow.id)).first()
    with pytest.raises(Invalid) as caught:
        accounts.change_password(user.id, "wrong", GOOD, keep)
    assert set(caught.value.fields) == {"current"}
    accounts.change_password(user.id, password, GOOD, keep)
    assert [s.id for s in sessions.open_sessions(user.id)] == [keep]


def test_leaving_and_coming_back(accounts, sessions):
    user, old = accounts.create("li", "李静")
    sessions.open(user.id)
    accounts.deactivate(user)
    assert not user.active and sessions.open_sessions(user.id) == []
    new = accounts.reactivate(user)
    assert user.active and new != old and user.must_change_password


def test_the_state_of_an_account(accounts, services):
    user, _password = accounts.create("li", "李静")

    def state():
        return next(line.state for line in accounts.overview() if line.login == "li")

    assert state() == "initial"
    accounts.set_password(user, GOOD, must_change=False)
    assert state() == "active"
    user.locked_until = services.clock.now() + dt.timedelta(minutes=1)
    assert state() == "locked"
    accounts.deactivate(user)
    assert state() == "closed"


def test_a_session_of_somebody_else_cannot_be_ended(accounts, sessions, session):
    li, wang = accounts.create("li", "李静")[0], accounts.create("wang", "王磊")[0]
    sessions.open(li.id)
    session_id = session.scalars(sa.select(SessionRow.id)).one()
    with pytest.raises(NotFound):
        sessions.end(session_id, wang.id)
    sessions.end(session_id, li.id)
    with pytest.raises(NotFound):
        sessions.end(session_id, li.id)


def test_tokens_are_long_and_never_stored(accounts, sessions, session):
    user, _password = accounts.create("li", "李静")
    tokens = {sessions.open(user.id, agent="x" * 500) for _i in range(20)}
    assert len(tokens) == 20 and all(re.fullmatch("[A-Za-z0-9_-]{43}", token) for token in tokens)
    stored = set(session.scalars(sa.select(SessionRow.token_hash)))
    assert len(stored) == 20 and stored.isdisjoint(tokens)


def test_the_job_clears_up(accounts, sessions, session, portal, services):
    user, _password = accounts.create("li", "李静")
    now = services.clock.now()
    sessions.open(user.id)
    session.add_all(
        [
            LoginAttempt(login="old", ip="", at=now - dt.timedelta(days=181), success=True),
            LoginAttempt(login="new", ip="", at=now - dt.timedelta(days=179), success=True),
            Captcha(key="old", answer_hash="", expires=now),
            Captcha(key="new", answer_hash="", expires=now + dt.timedelta(minutes=1)),
        ]
    )
    session.flush()
    end_expired(session, portal, services.clock)
    assert session.scalars(sa.select(LoginAttempt.login)).all() == ["new"]
    assert session.scalars(sa.select(Captcha.key)).all() == ["new"]
    assert len(sessions.open_sessions(user.id)) == 1
    services.clock.advance(minutes=30)
    end_expired(session, portal, services.clock)
    assert session.scalars(sa.select(SessionRow.ended)).all() == [services.clock.now()]
    services.clock.advance(days=181)
    end_expired(session, portal, services.clock)
    assert session.scalars(sa.select(SessionRow.id)).all() == []


CSV = "登录名,姓名,部门,电话,角色\nli,李静,机关/财政局,13800000000,clerk\nwang,王磊,机关/财政局,,clerk leader\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_import_makes_accounts_units_and_roles(portal, session, encoding):
    task = AccountImport(portal)
    task.read(CSV.encode(encoding))
    assert task.errors == [] and len(task.rows) == 2
    made = dict(task.store())
    users = {u.login: u for u in session.scalars(sa.select(User).where(User.login.in_(made)))}
    assert users["li"].name == "李静" and users["li"].phone == "13800000000"
    assert users["li"].department_id == users["wang"].department_id is not None
    assert session.scalars(sa.select(Department.name).order_by(Department.id)).all()[-2:] == ["机关", "财政局"]


def test_a_dry_run_writes_nothing(portal, session):
    AccountImport(portal).read(CSV.encode())
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", [1]),
        (b"name\nx\n", [1]),
        (b"\xff\xfe\xff", [1]),
        ("login,name\nli,李静\nli,李敬\n".encode(), [3]),
        ("login,name\n李,李静\nwang,\n".encode(), [2, 3]),
        ("login,name,roles\nli,李静,king\n".encode(), [2]),
        (("login,name,department\nli,李静," + "x" * 201 + "\n").encode(), [2]),
        (b"login,name\nli," + b"x" * 200_000 + b"\n", [2]),
    ],
)
def test_an_unfit_file_names_its_lines(portal, data, lines):
    task = AccountImport(portal)
    task.read(data)
    assert {error.line for error in task.errors} == set(lines)


def test_an_import_is_all_or_nothing(portal, session):
    """Two people import the same list: the second one writes nothing."""
    task = AccountImport(portal)
    task.read(CSV.encode())
    other = AccountImport(portal)
    other.read(CSV.encode())
    task.store()
    with pytest.raises(Invalid):
        other.store()
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 2


def test_rights_of_imported_people(portal, services):
    task = AccountImport(portal)
    task.read(CSV.encode())
    task.store()
    wang = services.get(AccountService).find("wang")
    assert services.get(RightsService).identity_of(wang.id).may("core:case:view_all")
