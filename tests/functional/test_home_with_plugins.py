"""The home page with every plugin that is installed: what it may cost in all."""

from portal_core.testing.fixtures import count_statements

MAX_STATEMENTS = 12


def test_the_home_page_is_cheap_with_all_plugins(app, make_user):
    for roles in (["clerk"], ["clerk", "meetings-admin"], ["admin"]):
        browser = app.another()
        browser.login(make_user(roles=roles))
        browser.get("/")
        with count_statements(app.portal.database.engine) as seen:
            browser.get("/")
        assert seen.count <= MAX_STATEMENTS, "\n".join(seen.texts)
