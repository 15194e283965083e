"""常用意见: the page ``/account/phrases`` and what every form with an opinion offers."""

from dataclasses import dataclass
from typing import Any

from portal_core.accounts.policy import AUTHENTICATED, redirect
from portal_core.errors import Conflict, Invalid
from portal_core.inbox.phrases import PHRASE_LENGTH, PHRASES_MAX, START_SET, PhraseLine, PhraseService
from portal_core.web.params import choice_param, path_id

PAGE = "portal_core:templates/inbox/phrases.pt"
URL = "/account/phrases"


@dataclass(frozen=True)
class PhrasesPage:
    """Context of ``phrases.pt``. ``wrong`` is the id of the phrase whose change was refused with ``error``, 0 for a new one."""

    phrases: tuple[PhraseLine, ...]
    start_set: tuple[Any, ...]
    most: int
    length: int
    text: str
    wrong: int | None
    error: Any


def show(request) -> PhrasesPage:
    """The person's phrases."""
    return _page(request)


def add(request):
    """One more at the end."""
    return _done(request, None, lambda service, text: service.add(request.identity, text))


def change(request):
    """Change, delete or move one: ``act`` is change, delete or up."""
    number, act = path_id(request), choice_param(request, "act", ("change", "delete", "up"), "change")

    def do(service, text):
        match act:
            case "change":
                service.change(request.identity, number, text)
            case "delete":
                service.delete(request.identity, number)
            case "up":
                service.move_up(request.identity, number)

    return _done(request, number, do)


def _done(request, number, do):
    text = request.POST.get("text", "")
    try:
        do(request.services.get(PhraseService), text)
    except (Invalid, Conflict) as error:
        request.roll_back()
        request.response.status_int = 422 if isinstance(error, Invalid) else 409
        message = getattr(error, "fields", {}).get("text") or error.message
        return _page(request, text, number or 0, message)
    return redirect(request, URL)


def _page(request, text="", wrong=None, error=""):
    phrases = tuple(request.services.get(PhraseService).own(request.identity.user_id))
    return PhrasesPage(phrases, () if phrases else START_SET, PHRASES_MAX, PHRASE_LENGTH, text, wrong, error)


def offered(request) -> list:
    """``request.phrases``: what is offered beside a field for an opinion; texts of the start set are translation strings."""
    return request.services.get(PhraseService).offered(request.identity.user_id)


def includeme(config):
    """Routes, views and ``request.phrases``."""
    config.add_request_method(offered, "phrases", reify=True)
    page = {"renderer": PAGE, "permission": AUTHENTICATED}
    config.add_route("account.phrases", URL)
    config.add_route("account.phrase", f"{URL}/{{id}}")
    config.add_view(show, route_name="account.phrases", request_method="GET", **page)
    config.add_view(add, route_name="account.phrases", request_method="POST", **page)
    config.add_view(change, route_name="account.phrase", request_method="POST", **page)
