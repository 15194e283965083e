"""CSRF tokens: of the session for people who are logged in, by double submit for those who are not yet.

Logging in therefore changes the token, and a token seen before the login is worth nothing after it.
"""

import hmac

from pyramid.interfaces import ICSRFStoragePolicy
from zope.interface import implementer

from portal_core.accounts.cookies import CSRF_COOKIE, set_cookie
from portal_core.accounts.sessions import TOKEN, new_token


@implementer(ICSRFStoragePolicy)
class CSRFStoragePolicy:
    """See the module."""

    def get_csrf_token(self, request):
        """The token that forms of this request's pages carry; an anonymous visitor gets a cookie with it."""
        if request.login_session is not None:
            return request.login_session.csrf_token
        token = request.cookies.get(CSRF_COOKIE, "")
        return token if TOKEN.fullmatch(token) else self.new_csrf_token(request)

    def new_csrf_token(self, request):
        """A new token for an anonymous visitor, also sent as cookie; within a session the token stays the session's."""
        if request.login_session is not None:
            return request.login_session.csrf_token
        token = new_token()
        request.cookies[CSRF_COOKIE] = token
        request.add_response_callback(lambda request, response: set_cookie(request, response, CSRF_COOKIE, token))
        return token

    def check_csrf_token(self, request, supplied_token):
        """Is ``supplied_token`` the expected one? Compared in constant time."""
        return hmac.compare_digest(self.get_csrf_token(request).encode(), str(supplied_token).encode("utf8", "replace"))


def includeme(config):
    """Install the policy; that every POST is checked is set in ``portal_core.app``."""
    config.set_csrf_storage_policy(CSRFStoragePolicy())
