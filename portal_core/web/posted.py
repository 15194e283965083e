"""Files in forms: a view gets them only under the names that it declares.

Any form can be sent with a file where text belongs. WebOb then hands out an object that is neither text nor a truth value, and
most code that reads a form would fail on it. So a view says ``files=("pictures",)`` (an argument of ``add_view``), and a file
under any other name is answered with 400 before the view runs. More text than any form can hold is answered with 413, also where
a view reads the fields without a form.
"""

import structlog
from pyramid.httpexceptions import HTTPBadRequest, HTTPRequestEntityTooLarge

from portal_core.web.errors import FORM_TYPES
from portal_core.web.forms import MAX_FORM_TEXT

log = structlog.get_logger("portal.forms")


def files_deriver(view, info):
    """Wraps every view that people reach by an address; the pages of errors are shown whatever was sent."""
    if info.exception_only:
        return view
    declared = frozenset(info.options.get("files") or ())

    def guarded(context, request):
        if request.method == "POST" and request.content_type in FORM_TYPES:
            check(request, declared)
        return view(context, request)

    return guarded


files_deriver.options = ("files",)


def check(request, declared):
    """Raise what is wrong with the form as a whole; ``declared`` are the names under which files may come."""
    texts = [value for value in request.POST.values() if isinstance(value, str)]
    if sum(map(len, texts)) > MAX_FORM_TEXT:
        raise HTTPRequestEntityTooLarge()
    refused = [name for name, value in request.POST.items() if not isinstance(value, str) and name not in declared]
    if refused:
        log.warning("a file where the view declares none", field=refused[0][:80], path=request.path_info)
        raise HTTPBadRequest()


def includeme(config):
    """Install it below the checks of permission and CSRF token, which answer first."""
    config.add_view_deriver(files_deriver, "files", under="csrf_view")
