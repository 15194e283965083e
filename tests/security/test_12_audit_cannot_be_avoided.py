"""Item 12 (level 3): the audit cannot be switched off, and an act that cannot be recorded does not happen."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import SessionRow, User
from portal_core.accounts.services import AccountService
from portal_core.audit.services import AuditService
from portal_core.core_declarations import JOBS, SETTINGS
from portal_core.testing.fixtures import PASSWORD
from tests.functional.test_accounts_login import attempt
from tests.security.test_01_passwords import change


@pytest.fixture
def broken(app):
    """The table of the log refuses every line from now on: ``broken()``."""

    def break_it():
        with app.portal.database.writing() as session:
            if app.portal.database.dialect == "sqlite":
                statement = "CREATE TRIGGER no_more BEFORE INSERT ON core_audit BEGIN SELECT RAISE(ABORT, 'full'); END"
            else:
                statement = "ALTER TABLE core_audit ADD CONSTRAINT no_more CHECK (id < 0) NOT VALID"
            session.execute(sa.text(statement))

    return break_it


def test_no_setting_switches_it_off():
    assert not [spec.name for spec in SETTINGS if "audit" in spec.name]
    assert {"core.audit_seal", "core.chain_check"} <= {job.name for job in JOBS}


def test_no_route_writes_it(app):
    """The pages of the log answer GET only: there is no address that clears or changes anything."""
    found = set()
    for item in app.app.registry.introspector.get_category("routes"):
        if item["introspectable"]["name"].startswith("core.audit"):
            for view in item["related"]:
                if view.category_name == "views":
                    found |= (
                        {view["request_methods"]} if isinstance(view["request_methods"], str) else set(view["request_methods"])
                    )
    assert found <= {"GET", "HEAD"}


def test_an_act_without_its_line_is_undone(app, make_user, broken):
    make_user("lisi")
    broken()
    with pytest.raises(sa.exc.DBAPIError), app.services() as services:
        accounts = services.get(AccountService)
        accounts.deactivate(accounts.get("lisi"))
    with app.reading() as session:
        assert session.scalar(sa.select(User.active).where(User.login == "lisi"))


def test_nobody_logs_in_unseen(app, make_user, broken):
    make_user("lisi")
    broken()
    assert attempt(app, "lisi", PASSWORD).status_int == 500
    with app.reading() as session:
        assert session.scalar(sa.select(SessionRow.id)) is None


def test_a_password_is_not_changed_unseen(app, make_user, broken):
    person = make_user("lisi")
    app.login(person)
    broken()
    assert change(app, PASSWORD, "Neue-Katze-42").status_int == 500
    with app.reading() as session:
        assert session.scalar(sa.select(User.password_changed)) == app.portal.clock.now()
    assert "core_audit" not in app.get("/me")


def test_looking_unseen_at_what_is_confidential_is_not_possible(services, session):
    """``record_now`` raises when the line cannot be written, before anything is shown."""
    with pytest.raises(sa.exc.DBAPIError):
        services.get(AuditService).record_now(SYSTEM, "x" * 65 if session.get_bind().dialect.name != "sqlite" else None)
    session.rollback()
