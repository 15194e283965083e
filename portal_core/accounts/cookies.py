"""Cookies of the login: one place for their names and flags."""

SESSION_COOKIE = "portal_session"
CSRF_COOKIE = "portal_csrf"
FLASH_COOKIE = "portal_flash"


def set_cookie(request, response, name, value, max_age=None):
    """Set a cookie that scripts cannot read and other sites' forms do not send.

    ``max_age`` in seconds; None: until the browser closes.
    """
    secure = request.registry.portal.settings["portal.secure_cookies"]
    response.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="Lax", secure=secure)


def delete_cookie(response, name):
    """Make the browser forget a cookie set by ``set_cookie``."""
    response.delete_cookie(name, path="/")
