"""Errors become pages: every error has a clear answer with the right status, in the reader's language."""

from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from pyramid.csrf import BadCSRFOrigin, BadCSRFToken
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPBadRequest, HTTPClientError, HTTPServerError
from pyramid.renderers import render_to_response
from pyramid.response import Response
from pyramid.tweens import MAIN
from pyramid_retry import is_last_attempt

from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, ServiceError
from portal_core.i18n import _
from portal_core.web.transactions import is_transient

TEMPLATE = "portal_core:templates/error.pt"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
log = structlog.get_logger("portal.errors")

TEXTS = {
    400: (_("This request cannot be understood"), _("The address or the form is damaged. Please go back and try again.")),
    403: (_("You may not do this"), _("Please ask the administrator of this service if you need it.")),
    404: (_("This page does not exist"), _("It was removed, the address is wrong, or it is not meant for you.")),
    409: (_("This is not possible now"), _("Something has changed meanwhile. Please look at the present state and try again.")),
    413: (_("This is too large"), _("Please send smaller or fewer files.")),
    422: (_("Some details are not right"), _("Please go back and correct them.")),
    500: (
        _("The server made a mistake"),
        _("It has been recorded. Please try again later, or call us and name the number below."),
    ),
    503: (_("The service is not available now"), _("Please try again in a moment.")),
}
NO_LONGER_VALID = (
    _("This page is no longer valid"),
    _("You were logged out or the page is too old. Please load it again; what you typed was not saved."),
)
# Shown when not even the error page can be made, e.g. because the database is gone.
LAST_RESORT = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>暂时无法使用</title></head>
<body><h1>暂时无法使用</h1><p>系统暂时无法处理您的请求，请稍后再试。</p>
<p>Temporarily unavailable, please try again later.</p><p>{id}</p></body></html>"""

STATUS = ((NotFound, 404), (Forbidden, 403), (Invalid, 422), (Conflict, 409), (ServiceError, 400))


@dataclass(frozen=True)
class ErrorPage:
    """The template's context, in the reader's language. ``reference`` finds the line of the log (server faults only)."""

    status: int
    title: str
    message: str
    reference: str = ""


def error_response(request, status, title=None, message=None, details=()):
    """A page (for htmx a fragment) that says what is wrong; texts default to those of ``status``. Never raises.

    ``details`` are further lines below the message.
    """
    default_title, default_message = TEXTS.get(status) or TEXTS[400 if status < 500 else 500]
    try:
        say = request.translator()
        lines = [say(text) for text in (message or default_message, *details)]
        reference = request.request_id if status >= 500 else ""
        page = ErrorPage(status, say(title or default_title), "\n".join(lines), reference)
        response = render_to_response(TEMPLATE, page, request=request)
    except Exception:
        log.exception("no error page")
        response = Response(LAST_RESORT.format(id=request.request_id), content_type="text/html", charset="utf-8")
    response.status_int = status
    return response


def service_error(error, request):
    """A service refused: its message is meant for the reader."""
    status = next(code for kind, code in STATUS if isinstance(error, kind))
    details = getattr(error, "fields", {}).values()
    return error_response(request, status, message=error.message, details=details)


def http_error(error, request):
    """An HTTP error that Pyramid or a view raised. Its own explanation is English and technical, so it is not shown."""
    if isinstance(error, (BadCSRFToken, BadCSRFOrigin)):
        title, message = NO_LONGER_VALID
        return error_response(request, 400, title, message)
    response = error_response(request, error.status_int)
    for name in ("Allow", "Retry-After"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def unfit_value(error, request):
    """A value that the database cannot hold got past a form: an absurd number in an address names nothing that exists."""
    log.warning("a value does not fit the database", error=str(getattr(error, "orig", error)))
    return error_response(request, 404 if request.method in ("GET", "HEAD") else 400)


def fault(error, request):
    """Anything else is our mistake (or the database's trouble): logged with its traceback, shown with the request's id."""
    transient = is_transient(error)
    if transient and not is_last_attempt(request):
        # pyramid_retry tries again; a page now would be thrown away.
        raise error
    log.error("request failed", exc_info=error, method=request.method, path=request.environ.get("PATH_INFO"))
    response = error_response(request, 503 if transient else 500)
    if transient:
        response.headers["Retry-After"] = "2"
    return response


def last_resort_tween(handler, registry):
    """Turns what goes wrong outside the exception views, above all a failing commit, into a page as well."""

    def tween(request):
        try:
            return handler(request)
        except Exception as error:
            return fault(error, request)

    return tween


def input_tween(handler, registry):
    """Refuses addresses and forms that are not valid UTF-8 or hold NUL bytes, before anything reads them."""

    def tween(request):
        try:
            _check_address(request)
            _check_form(request)
        except (UnicodeDecodeError, ValueError) as error:
            raise HTTPBadRequest() from error
        return handler(request)

    return tween


def _check_address(request):
    try:
        address = request.path_info + request.script_name
    except UnicodeDecodeError:
        # The error page needs an address that can be read.
        request.environ["PATH_INFO"], request.environ["SCRIPT_NAME"] = "/", ""
        raise
    try:
        values = [text for pair in request.GET.items() for text in pair]
    except UnicodeDecodeError:
        request.environ["QUERY_STRING"] = ""
        raise
    if any("\0" in text for text in (address, *values)):
        raise ValueError("NUL in the address")


def _check_form(request):
    if request.method in ("GET", "HEAD") or request.content_type not in FORM_TYPES:
        return
    for name, value in request.POST.items():
        # A part of a multipart body need not have a name.
        if name is None or "\0" in name or (isinstance(value, str) and "\0" in value):
            raise ValueError("NUL in a form field, or a field without a name")


def includeme(config):
    """The exception views and the two tweens around them."""
    config.include("portal_core.logs")
    config.add_exception_view(service_error, context=ServiceError)
    config.add_exception_view(http_error, context=HTTPClientError)
    config.add_exception_view(http_error, context=HTTPServerError)
    config.add_exception_view(lambda _error, request: error_response(request, 400), context=URLDecodeError)
    config.add_exception_view(unfit_value, context=sa.exc.DataError)
    config.add_exception_view(unfit_value, context=OverflowError)
    config.add_exception_view(fault, context=Exception)
    config.add_tween(
        "portal_core.web.errors.last_resort_tween",
        under="portal_core.web.security.headers_tween",
        over="portal_core.web.transactions.retry_tween",
    )
    config.add_tween("portal_core.web.errors.input_tween", under="portal_core.web.limits.limits_tween", over=MAIN)
