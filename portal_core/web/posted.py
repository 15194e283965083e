"""Files in forms: a view gets them only under the names that it declares.

Any form can be sent with a file where text belongs. WebOb then hands out an object that is neither text nor a truth value, and
most code that reads a form would fail on it. So a view says ``files=("pictures",)`` (an argument of ``add_view``), and a file
under any other name is answered with 400 before the view runs.
"""

import structlog
from pyramid.httpexceptions import HTTPBadRequest

from portal_core.web.errors import FORM_TYPES

log = structlog.get_logger("portal.forms")


def files_deriver(view, info):
    """Wraps every view that people reach by an address; the pages of errors are shown whatever was sent."""
    if info.exception_only:
        return view
    declared = frozenset(info.options.get("files") or ())

    def guarded(context, request):
        if request.method == "POST" and request.content_type in FORM_TYPES:
            refused = [name for name, value in request.POST.items() if not isinstance(value, str) and name not in declared]
            if refused:
                log.warning("a file where the view declares none", field=refused[0][:80], path=request.path_info)
                raise HTTPBadRequest()
        return view(context, request)

    return guarded


files_deriver.options = ("files",)


def includeme(config):
    """Install it below the checks of permission and CSRF token, which answer first."""
    config.add_view_deriver(files_deriver, "files", under="csrf_view")
