"""The real application under WebTest, over a database of the test's own."""

from contextlib import contextmanager

from pyramid.config import Configurator
from webtest import TestApp

from portal_core.app import configure
from portal_core.services import Services


class PortalApp(TestApp):
    """A browser without JavaScript. ``portal`` is the running application's; the clock stands still.

    ``login`` logs a person in by the form; ``services`` and ``reading`` look into the database beside the application.
    """

    def __init__(self, application, portal):
        super().__init__(application, extra_environ={"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:80"})
        self.portal = portal

    def login(self, person):
        """Log ``person`` (from ``make_user``) in through the login page; returns the page that follows."""
        form = self.get("/login").forms["login"]
        form["username"], form["password"] = person.login, person.password
        return form.submit().follow()

    def another(self):
        """A second browser on the same portal, with cookies of its own."""
        return PortalApp(self.app, self.portal)

    @contextmanager
    def services(self):
        """Services over a writing transaction that is committed at the end."""
        with self.portal.database.writing() as session:
            yield Services(session, self.portal)

    def reading(self):
        """A reading session, as a context manager."""
        return self.portal.database.reading()


def wsgi_application(portal, raw):
    """The WSGI application of ``portal`` without its embedded worker. ``raw``: the ini strings of ``portal``."""
    config: Configurator = configure(portal, raw)
    return config.make_wsgi_app()
