"""Pages of the questionnaires: what a person may answer about, the form, and the answer given earlier."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pyramid.events import ApplicationCreated
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response

from portal_core.errors import Conflict, Invalid
from portal_core.evaluations.definitions import check_at_start
from portal_core.evaluations.follow_up_views import follow_up_of
from portal_core.evaluations.forms import form_class, values_of
from portal_core.evaluations.services import EvaluationService, stamp
from portal_core.i18n import _
from portal_core.web.params import choice_param

LIST = "portal_core:templates/evaluations/list.pt"
FORM = "portal_core:templates/evaluations/form.pt"
ANSWER = "portal_core:templates/evaluations/answer.pt"


@dataclass(frozen=True)
class Item:
    """A line of the list. ``answered``: when, or None. ``until``: last moment for answering or changing; ``open``: not over."""

    title: str
    note: str
    url: str
    answered: dt.datetime | None
    until: dt.datetime | None
    open: bool


@dataclass(frozen=True)
class ListPage:
    """Context of ``evaluations/list.pt``. ``waiting`` and ``answered`` are the counts of the two tabs."""

    title: str
    tab: str
    items: list[Item]
    waiting: int
    answered: int


@dataclass(frozen=True)
class FormPage:
    """Context of ``evaluations/form.pt``. ``until`` is the last moment for a change, None for a first answer.

    ``follow_up`` is what came of a low answer (``FollowUpView``), or None.
    """

    title: str
    subject: Any
    form: Any
    problem: str
    until: dt.datetime | None
    back_url: str
    follow_up: Any = None
    form_page: bool = True


@dataclass(frozen=True)
class AnswerPage:
    """Context of ``evaluations/answer.pt``: an answer that can no longer be changed, as pairs of question and choice."""

    title: str
    subject: Any
    answers: list[tuple[str, str]]
    comment: str
    answered: dt.datetime
    back_url: str
    complaint: bool = False
    follow_up: Any = None


def list_view(request, form_code):
    """The subjects of one form in two tabs: awaiting an answer, and answered."""
    service = request.services.get(EvaluationService)
    form = service.form(form_code)
    tab = choice_param(request, "tab", ("todo", "done"), "todo")
    items = [_item(request, service, form, *pair) for pair in service.subjects(form_code, request.identity)]
    waiting, answered = [i for i in items if not i.answered], [i for i in items if i.answered]
    _mark_menu(request, form_code)
    return ListPage(form.title, tab, answered if tab == "done" else waiting, len(waiting), len(answered))


def form_view(request):
    """GET: the form, filled in when it was answered before, or the answer when it can no longer be changed. POST: store it."""
    service, key = request.services.get(EvaluationService), request.matchdict["key"]
    declared = service.form(request.matchdict["form_code"])
    _mark_menu(request, declared.code)
    if request.method == "POST":
        return _store(request, service, declared, key)
    subject, mine = service.subject(declared.code, key, request.identity)
    if not service.may_answer(declared, subject, mine):
        return _read_only(request, declared, subject, mine)
    return _form_page(request, service, declared, subject, mine, form_class(declared)(request, data=values_of(mine)))


def _store(request, service, declared, key):
    form = form_class(declared)(request, request.POST)
    try:
        if not form.validate():
            raise Invalid()
        comment, seen = form.comment.data or "", form.seen.data
        service.answer(declared.code, key, request.identity, form.answers, comment, seen, form.is_complaint)
    except (Invalid, Conflict) as error:
        return _refused(request, service, declared, key, form, error)
    request.flash("ok", _("Thank you, your answer is stored."))
    return HTTPSeeOther(_list_url(request, declared.code))


def _refused(request, service, declared, key, form, error):
    request.roll_back()
    subject, mine = service.subject(declared.code, key, request.identity)
    if isinstance(error, Invalid):
        request.response.status_int = 422
        form.refuse(error.fields)
    else:
        request.response.status_int = 409
        # Whoever reads the message and sends the form once more means to replace what is stored now.
        form.seen.data = stamp(mine)
    return _form_page(request, service, declared, subject, mine, form, error.message)


def _form_page(request, service, declared, subject, mine, form, problem=""):
    until = service.editable_until(declared, mine) if mine else None
    follow_up = follow_up_of(request, mine)
    return FormPage(declared.title, subject, form, problem, until, _list_url(request, declared.code), follow_up)


def _read_only(request, declared, subject, mine):
    """The answer as it was given; without one the time is over, and there is nothing to show."""
    if mine is None:
        raise Conflict(_("The time for this evaluation is over."))
    answers = request.services.get(EvaluationService).in_words(mine)
    page = AnswerPage(
        title=declared.title,
        subject=subject,
        answers=answers,
        comment=mine.comment,
        answered=mine.changed,
        back_url=_list_url(request, declared.code),
        complaint=mine.complaint,
        follow_up=follow_up_of(request, mine),
    )
    return render_to_response(ANSWER, page, request=request)


def _item(request, service, form, subject, mine):
    url = request.route_path("core.evaluation", form_code=form.code, key=subject.key)
    until = service.editable_until(form, mine) if mine else subject.until
    return Item(subject.title, subject.note, url, mine and mine.changed, until, service.may_answer(form, subject, mine))


def _list_url(request, form_code):
    route = request.registry.evaluation_pages.get(form_code)
    return request.route_path(route) if route else request.route_path("core.evaluations", form_code=form_code)


def _mark_menu(request, form_code):
    # The plugin's entry stays marked in the menu although the address is the core's.
    request.chrome.current = form_code.partition(".")[0]


def add_evaluation_page(config, form_code, route_name):
    """Directive: the list of the form ``form_code`` stands at the plugin's route ``route_name``; its pages lead back there."""

    def register():
        config.registry.evaluation_pages[form_code] = route_name

    config.action(("evaluation_page", form_code), register)
    config.add_view(
        lambda request: list_view(request, form_code), route_name=route_name, renderer=LIST, permission="authenticated"
    )


def includeme(config):
    """Routes, views, the directive ``config.add_evaluation_page``, and the check of the declarations when the start is done."""
    config.registry.evaluation_pages = {}
    config.add_directive("add_evaluation_page", add_evaluation_page)
    # Before the pages of one subject, whose addresses they would match as well.
    config.include("portal_core.evaluations.result_views")
    config.include("portal_core.evaluations.follow_up_views")
    config.add_route("core.evaluations", "/evaluations/{form_code}")
    config.add_route("core.evaluation", "/evaluations/{form_code}/{key}")
    config.add_view(
        lambda request: list_view(request, request.matchdict["form_code"]),
        route_name="core.evaluations",
        request_method=("GET", "HEAD"),
        renderer=LIST,
        permission="authenticated",
    )
    config.add_view(
        form_view, route_name="core.evaluation", request_method=("GET", "HEAD", "POST"), renderer=FORM, permission="authenticated"
    )
    config.add_subscriber(lambda event: check_at_start(event.app.registry.portal), ApplicationCreated)
