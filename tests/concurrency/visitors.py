"""People at browsers: they log in, fill in the booking form and send it, over real HTTP."""

import datetime as dt
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE = 30
HOUR = dt.timedelta(hours=1)

# What a browser sees when the server behind it dies: no answer, or half of one.
GONE = (OSError, http.client.HTTPException)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are answers here: where to says what became of the form."""

    def redirect_request(self, *_arguments):
        return None


class Visitor:
    """One browser. ``address`` is the portal's, e.g. ``http://127.0.0.1:6543``."""

    def __init__(self, address):
        self.address = address
        self._opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(CookieJar()))

    def log_in(self, login, password):
        """Log in by the form; AssertionError when that fails."""
        status, _where, text = self.send("/login", username=login, password=password)
        assert status in (302, 303), text

    def book(self, room, start, title):
        """Send the booking form for an hour from ``start`` (in the users' zone); returns the number of the filed case."""
        form = {
            "title": title,
            "room": room,
            "kind": "work",
            "date": f"{start:%Y-%m-%d}",
            "start": f"{start:%H:%M}",
            "end": f"{start + HOUR:%H:%M}",
            "people": 5,
            "contact": "张三",
            "phone": "88001234",
        }
        status, where, text = self.send("/meetings/book", **form)
        assert status == 303, (status, text)
        return where.rpartition("/")[2]

    def get(self, path):
        """``(status, Location, text)`` of a page."""
        return self._open(path)

    def send(self, path, **fields):
        """Open the form at ``path`` and send it with ``fields``; ``(status, Location, text)`` of the answer."""
        _status, _where, page = self._open(path)
        token = TOKEN.search(page)
        assert token, page
        return self._open(path, urllib.parse.urlencode(fields | {"csrf_token": token[1]}).encode())

    def _open(self, path, body=None):
        try:
            with self._opener.open(self.address + path, body, PATIENCE) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("Location", ""), error.read().decode()
