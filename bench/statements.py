"""How many SQL statements a page costs, counted on the real application inside this process."""

from types import SimpleNamespace

from portal_core.testing.fixtures import count_statements
from portal_core.testing.webapp import PortalApp, wsgi_application


def page_counter(portal, raw, login, password):
    """A function from path to the number of statements of that page for ``login``; the page is warm when it is counted."""
    browser = PortalApp(wsgi_application(portal, raw), portal)
    browser.login(SimpleNamespace(login=login, password=password))

    def count(path):
        browser.get(path)
        with count_statements(portal.database.engine) as seen:
            browser.get(path)
        return seen.count

    return count
