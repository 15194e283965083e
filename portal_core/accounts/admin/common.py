"""What the pages for people and rights share."""

from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPForbidden
from wtforms.fields import SelectChoice

from portal_core.accounts.services import DepartmentService
from portal_core.web.answers import reading


def everywhere(permission):
    """Arguments of ``add_view``: the page is for those who hold ``permission`` for everything.

    Pyramid's policy opens a page also to those who hold it within one scope, e.g. one meeting room.
    """

    def guarded(view):
        def wrapper(context, request):
            if not request.identity.may(permission):
                raise HTTPForbidden()
            return view(context, request)

        return wrapper

    return {"permission": permission, "decorator": guarded}


def address(path, **params):
    """``path`` with those of ``params`` that have a value."""
    given = {name: value for name, value in params.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def unit_choices(tree) -> list[SelectChoice]:
    """Units for a select, indented by their depth; ``tree`` is what ``DepartmentService.tree`` gives."""
    return [SelectChoice(unit.id, unit.indented) for unit in tree]


def units_of(request):
    """The tree of active units."""
    return reading(request).get(DepartmentService).tree()
