"""One-time messages from a request to the next page, kept in a short-lived cookie so that no page pays a statement for them.

The cookie is not signed. What a forger could gain is a sentence, escaped like all text, in the browser that holds the cookie;
the tone is checked against a list because it becomes part of a class name.
"""

import base64
import binascii
import json

from portal_core.accounts.cookies import FLASH_COOKIE, delete_cookie, set_cookie
from portal_core.i18n import translate

TONES = ("ok", "info", "warn", "bad")
MAX_TEXT = 200
MAX_MESSAGES = 3
LIFETIME = 120
# Browsers keep cookies of up to 4096 bytes, name and flags included.
MAX_COOKIE = 3500


class FlashBox:
    """The messages of one request: those that arrived with it and those it leaves."""

    def __init__(self, request):
        self._request = request
        self._arrived = decode(request.cookies.get(FLASH_COOKIE))
        self._left = []
        request.add_response_callback(self._store)

    def add(self, tone, text):
        """Leave a message; ``text`` is a translation string or plain text."""
        if tone not in TONES:
            raise ValueError(f"tone {tone!r} is none of {', '.join(TONES)}")
        self._left.append((tone, translate(self._request.localizer, text)))

    def pop(self):
        """All messages as ``(tone, text)``; they are used up."""
        messages = self._arrived + self._left
        self._arrived, self._left = [], []
        return messages

    def _store(self, request, response):
        # An error page means that what the message speaks of was undone.
        if self._left and response.status_int < 400:
            set_cookie(request, response, FLASH_COOKIE, encode(self._arrived + self._left), LIFETIME)
        elif FLASH_COOKIE in request.cookies and not self._arrived:
            delete_cookie(response, FLASH_COOKIE)


def encode(messages):
    """Messages as cookie text; the oldest are dropped when there are too many."""
    kept = [(tone, text[:MAX_TEXT]) for tone, text in messages[-MAX_MESSAGES:]]
    text = base64.urlsafe_b64encode(json.dumps(kept, ensure_ascii=False).encode()).decode("ascii")
    return text if len(text) <= MAX_COOKIE else encode(messages[1:])


def decode(text):
    """Messages from cookie text; an empty list for anything that ``encode`` did not make."""
    if not text or len(text) > MAX_COOKIE:
        return []
    try:
        messages = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        return [(tone, message) for tone, message in messages if tone in TONES and isinstance(message, str)][:MAX_MESSAGES]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return []


def flash(request, tone, text):
    """Show ``text`` on the next page; ``tone`` is ok, info, warn or bad."""
    request.flash_box.add(tone, text)


def pop_flashes(request):
    """The messages to show now, as ``(tone, text)``; asking uses them up."""
    return request.flash_box.pop()


def includeme(config):
    """``request.flash`` and ``request.pop_flashes``."""
    config.add_request_method(FlashBox, "flash_box", reify=True)
    config.add_request_method(flash)
    config.add_request_method(pop_flashes)
