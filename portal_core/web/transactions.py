"""One transaction per writing request; reading requests open none.

``request.db`` is what views and services use. For GET and HEAD it is a plain reading session. For other methods it joins
pyramid_tm's transaction, so that the request's writes are committed together or not at all. ``request.reader`` always reads; the
login session and the page frame use it, so that they stay usable when the writing transaction has failed.
"""

import sqlalchemy as sa
import zope.sqlalchemy
from pyramid_retry import mark_error_retryable

from portal_core.services import Services

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
TWEEN = "portal_core.web.transactions.retry_tween"

_RETRYABLE_SQLSTATES = frozenset(("55P03", "57P01", "57P02", "57P03"))


def writes(request) -> bool:
    """Does this request get a transaction? (pyramid_tm's activate hook)"""
    return request.method not in SAFE_METHODS


def is_transient(error) -> bool:
    """Would the same request succeed if tried again? Serialisation failures, lock time-outs, a lost or restarting server."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return state.startswith("40") or state in _RETRYABLE_SQLSTATES
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY") or error.connection_invalidated


def retry_tween(handler, registry):
    """Marks transient database errors for pyramid_retry, also when they arise at commit or were shown by an error view."""

    def tween(request):
        try:
            response = handler(request)
        except Exception as error:
            if is_transient(error):
                mark_error_retryable(error)
            raise
        error = getattr(request, "exception", None)
        if error is not None and is_transient(error):
            mark_error_retryable(error)
        return response

    return tween


def reader(request):
    """A reading session for this request, closed when it ends."""
    session = request.registry.portal.database.reader()
    request.add_finished_callback(lambda _request: session.close())
    return session


def writer(request):
    """The session that takes part in this request's transaction."""
    session = request.registry.portal.database.writer()
    # With zope.sqlalchemy's default state, Core statements would be rolled back silently at commit.
    zope.sqlalchemy.register(session, initial_state="changed", transaction_manager=request.tm)
    return session


def db(request):
    """``reader`` or ``writer``, by the request's method."""
    return request.writer if writes(request) else request.reader


def roll_back(request):
    """Undo what this request wrote so far and let go of its locks; reading goes on, for the page that explains why."""
    request.tm.abort()
    request.writer.bind = request.registry.portal.database.read_engine
    request.tm.begin()


def services(request):
    """The request's service container over ``request.db``."""
    return Services(request.db, request.registry.portal)


def includeme(config):
    """Install pyramid_tm, pyramid_retry, the tween and the request attributes."""
    import transaction

    settings = config.registry.settings
    settings.update(
        {
            "tm.manager_hook": lambda _request: transaction.TransactionManager(explicit=True),
            "tm.annotate_user": False,
            "tm.commit_veto": "pyramid_tm.default_commit_veto",
            "tm.activate_hook": writes,
            "retry.attempts": 4,
        }
    )
    config.include("pyramid_retry")
    config.include("pyramid_tm")
    config.add_tween(TWEEN, over="pyramid_tm.tm_tween_factory")
    config.add_request_method(reader, reify=True)
    config.add_request_method(writer, reify=True)
    config.add_request_method(db, property=True)
    config.add_request_method(services, reify=True)
    config.add_request_method(roll_back)
