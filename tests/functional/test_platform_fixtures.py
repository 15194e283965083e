"""The fixtures that other tests rely on: nothing is left behind, and statements are counted truly."""

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.testing.fixtures import NOW, count_statements


def logins(session):
    return set(session.scalars(sa.select(User.login)))


def test_commits_of_a_test_are_seen_by_it(portal, session, make_user):
    make_user("li")
    session.execute(sa.update(User).where(User.login == "li").values(name="李静"))
    session.commit()
    with portal.database.reading() as other:
        assert other.scalar(sa.select(User.name).where(User.login == "li")) == "李静"


def test_and_gone_for_the_next(session):
    assert "li" not in logins(session)


def test_an_error_of_the_database_does_not_end_the_test(session, make_user):
    make_user("li")
    with session.begin_nested() as savepoint:
        try:
            session.execute(sa.text("SELECT nonsense FROM nowhere"))
        except sa.exc.DBAPIError:
            savepoint.rollback()
    assert "li" in logins(session)


def test_people_have_roles_permissions_and_scopes(make_user, portal):
    person = make_user("chen", roles=["clerk"], permissions=["core:admin:view", ("core:case:view_all", "meetings.room:7")])
    assert person.identity.may("core:admin:view")
    assert person.identity.may("core:case:view_all", "meetings.room:7")
    assert not person.identity.may("core:case:view_all", "meetings.room:8")
    assert portal.clock.now() == NOW


def test_statements_are_counted(portal):
    with count_statements(portal.database.engine) as statements, portal.database.reading() as session:
        logins(session)
        logins(session)
    assert statements.count == 2


def test_statements_of_the_application_are_counted(app, make_user):
    app.login(make_user("li"))
    with count_statements(app.portal.database.engine) as statements:
        app.get("/-/health")
    assert 1 <= statements.count <= 10


def test_browsers_have_cookies_of_their_own(app, make_user):
    app.login(make_user("li"))
    assert app.get("/", status=200)
    assert app.another().get("/", status=303)
