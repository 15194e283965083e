"""The log: one JSON object per line on standard error, each line of a request carrying its id."""

import logging
import re
import sys
import time
import uuid

import structlog

from portal_core.accounts.addresses import client_ip

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_PATHS = ("/static/", "/-/")
log = structlog.get_logger("portal.request")

_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(level="INFO"):
    """Send structlog and the standard library's loggers to standard error as JSON lines.

    ``level`` is a name such as ``INFO``. Calling it again replaces the former set-up.
    """
    use_standard_library()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    # pserve puts a handler of its own there; other kinds (pytest's, a site's) stay.
    root.handlers = [other for other in root.handlers if type(other) is not logging.StreamHandler]
    root.addHandler(handler)
    root.setLevel(level)
    # Alembic announces at INFO which database it found; that helps nobody.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))


def use_standard_library():
    """Hand structlog's lines to the standard library's loggers, without choosing where they go (for tests)."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def request_id(request):
    """The id that the proxy in front gave (``X-Request-ID``) or a new one; shown on error pages and in every log line."""
    given = request.headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def log_tween(handler, registry):
    """Binds the request's id to its log lines, and writes one line when it is answered."""

    def tween(request):
        structlog.contextvars.clear_contextvars()
        # The audit log takes both from here, so that no service needs to be given them.
        structlog.contextvars.bind_contextvars(request_id=request.request_id, ip=client_ip(request))
        start = time.perf_counter()
        response = handler(request)
        response.headers["X-Request-ID"] = request.request_id
        address = request.environ.get("PATH_INFO", "")
        if not address.startswith(QUIET_PATHS):
            milliseconds = round((time.perf_counter() - start) * 1000, 1)
            log.info("answered", method=request.method, path=address, status=response.status_int, ms=milliseconds)
        return response

    return tween


def includeme(config):
    """``request.request_id`` and the tween, outside everything else."""
    config.add_request_method(request_id, reify=True)
    config.add_tween("portal_core.logs.log_tween", over="portal_core.web.security.headers_tween")
