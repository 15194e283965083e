"""Errors that services raise and the web layer turns into clear answers.

A service never knows about HTTP; ``portal_core.web.errors`` maps each class to a status. Messages are translation strings so
that every reader gets them in their own language.
"""


class StartError(Exception):
    """The portal cannot start as configured; the text names the plugin, the cause and the ini line to change."""


class ServiceError(Exception):
    """A rule refused what was asked. ``message`` is a translation string or plain text for the user."""

    def __init__(self, message):
        super().__init__(str(message))
        self.message = message


class NotFound(ServiceError):
    """No such object, or none that this person may know of: both look alike (404)."""

    def __init__(self, message=""):
        super().__init__(message)


class Forbidden(ServiceError):
    """The object is visible to the person but this act is not theirs (403)."""


class Invalid(ServiceError):
    """Some fields are wrong (422). ``fields`` maps a form field's name to its message."""

    def __init__(self, message="", fields=None):
        super().__init__(message)
        self.fields = dict(fields or {})


class Conflict(ServiceError):
    """What was asked collides with what is there now (409). Subclasses carry what is in the way."""


class Stale(Conflict):
    """Somebody else acted first. ``by`` is that person's name or None, ``at`` the aware UTC time or None."""

    def __init__(self, message, by=None, at=None):
        super().__init__(message)
        self.by = by
        self.at = at
