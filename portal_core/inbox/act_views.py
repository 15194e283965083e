"""Pages and buttons of the acts besides the answer: 认领 退回 转办 加签 抄送 催办. Each works without JavaScript."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest

from portal_core.accounts.policy import redirect
from portal_core.errors import Conflict, Invalid, Stale
from portal_core.i18n import _
from portal_core.inbox.acting import Acting
from portal_core.inbox.acts import TaskActs
from portal_core.inbox.copies import CopyService
from portal_core.inbox.people_form import FIND, NAMES, PEOPLE, People, chosen_ids, chosen_one, people_of
from portal_core.inbox.phrases import opinion_in
from portal_core.inbox.refusals import refused, stale
from portal_core.inbox.rows import case_url
from portal_core.inbox.services import OPINION_MAX, CaseService
from portal_core.inbox.signing import SIGN_VERBS, SigningService
from portal_core.inbox.urging import UrgingService
from portal_core.services import Services
from portal_core.web.params import choice_param, int_param

NUMBER = "{number:[A-Za-z]{1,16}[0-9]{8}-[0-9]{1,8}}"
PAGE = "portal_core:templates/inbox/act.pt"


@dataclass(frozen=True)
class Texts:
    """The words of one act's page."""

    title: Any
    hint: Any
    submit: Any
    opinion: Any


TEXTS = {
    "transfer": Texts(
        _("Hand over"),
        _("The person you choose will handle this task instead of you; you can still read the case."),
        _("Hand over"),
        _("What the person should know"),
    ),
    "add-sign": Texts(
        _("Add signature"),
        _("Choose one to five people. Before: they give an opinion, then you decide. After: you decide, then they do as well."),
        _("Ask for signatures"),
        _("What the people should know"),
    ),
    "copy": Texts(
        _("Send a copy"),
        _("Choose one to twenty people. They find the case under To read and may look at it; nothing is asked of them."),
        _("Send a copy"),
        _("What the people should know"),
    ),
}


@dataclass(frozen=True)
class ActPage:
    """Context of ``act.pt``. ``act`` is a key of ``TEXTS``; ``signs`` are ``(value, title, chosen)`` for added signatures."""

    act: str
    texts: Texts
    number: str
    case_title: str
    task: int | None
    version: int
    people: People
    signs: tuple[tuple[str, Any, bool], ...]
    opinion: str
    opinion_max: int
    errors: dict
    form_page: bool = True


@dataclass(frozen=True)
class FoundPage:
    """Context of ``found.pt``, the part of ``people.pt`` that changes while one types."""

    people: People


class ActViews:
    """The three acts that ask for people. ``act`` comes from the route."""

    act = ""

    def __init__(self, request):
        self.request = request
        self.number = request.matchdict["number"]

    def show(self):
        """The form."""
        request = self.request
        case = self._case(request.services)
        self._check(request.services, case)
        return self._page(request.services, case, case.version)

    def send(self):
        """The form as it was sent: search for people, or do it."""
        request = self.request
        version = int_param(request, "version", low=1)
        if version is None:
            raise HTTPBadRequest()
        if FIND in request.POST:
            reading = Services(request.reader, request.registry.portal)
            return self._page(reading, self._case(reading), version)
        case = self._case(request.services)
        try:
            message = self._do(case, version)
        except Stale as error:
            return stale(request, error, opinion_in(request.POST))
        except (Invalid, Conflict) as error:
            return self._again(error, version)
        request.flash("ok", message)
        return redirect(request, case_url(case))

    def _case(self, services):
        return services.get(CaseService).visible(self.number, self.request.identity)

    def _again(self, error, version):
        if not isinstance(error, Invalid):
            return refused(self.request, error, opinion_in(self.request.POST))
        self.request.roll_back()
        self.request.response.status_int = 422
        services = self.request.services
        return self._page(services, self._case(services), version, error.fields)

    def _page(self, services, case, version, errors=None):
        request, errors = self.request, errors or {}
        sign = request.params.get("sign", "")
        return ActPage(
            act=self.act,
            texts=TEXTS[self.act],
            number=case.number,
            case_title=case.title,
            task=self._task(),
            version=version,
            people=people_of(request, services, self.act != "transfer", errors.get("people", "")),
            signs=tuple((value, title, value == sign) for value, title in SIGN_TITLES) if self.act == "add-sign" else (),
            opinion=opinion_in(request.POST),
            opinion_max=OPINION_MAX,
            errors=errors,
        )

    def _task(self):
        task = None if self.act == "copy" else int_param(self.request, "task", low=1)
        if task is None and self.act != "copy":
            raise HTTPBadRequest()
        return task

    def _check(self, services, case):
        """Raise what forbids the act before the form is filled in."""
        services.get(Acting).held(case, self._task(), self.request.identity, case.version)

    def _do(self, case, version):
        raise NotImplementedError


SIGN_TITLES = (
    ("before", _("Before my decision: they give an opinion first")),
    ("after", _("After my decision: they decide as well")),
)


class Transfer(ActViews):
    """转办."""

    act = "transfer"

    def _do(self, case, version):
        request = self.request
        to, opinion = chosen_one(request), opinion_in(request.POST)
        person = request.services.get(TaskActs).transfer(case, self._task(), request.identity, to, version, opinion)
        return _("Handed over to ${name}.", mapping={"name": person.name})


class AddSign(ActViews):
    """加签."""

    act = "add-sign"

    def _do(self, case, version):
        request, sign = self.request, choice_param(self.request, "sign", SIGN_VERBS, "")
        signing, opinion = request.services.get(SigningService), opinion_in(request.POST)
        made = signing.ask(case, self._task(), request.identity, chosen_ids(request), sign, version, opinion)
        return _("${count} people were asked for their signature.", mapping={"count": len(made)})


class Copy(ActViews):
    """抄送."""

    act = "copy"

    def _check(self, services, case):
        if not services.get(CopyService).may_send(case, self.request.identity):
            raise Conflict(_("This is not possible now."))

    def _do(self, case, version):
        request = self.request
        done = request.services.get(CopyService).send(case, request.identity, chosen_ids(request), opinion_in(request.POST))
        names = "、".join(person.name for person in done.sent)
        if not done.known:
            return _("A copy went to ${names}.", mapping={"names": names})
        known = "、".join(person.name for person in done.known)
        return _("A copy went to ${names}; ${known} had one already.", mapping={"names": names, "known": known})


# -- acts of one button ---------------------------------------------------------------------------------------------------


def at_once(request, do):
    """Do ``do(services, case, task id, version)``, which returns what to say; answers as every act on a case does."""
    case = request.services.get(CaseService).visible(request.matchdict["number"], request.identity)
    version, task = int_param(request, "version", low=1), int_param(request, "task", low=1)
    if version is None:
        raise HTTPBadRequest()
    try:
        message = do(request.services, case, task, version)
    except (Invalid, Conflict) as error:
        return refused(request, error, opinion_in(request.POST))
    request.flash("ok", message)
    return redirect(request, case_url(case))


def claim(request):
    """``POST /cases/<number>/claim``"""

    def do(services, case, task, version):
        services.get(TaskActs).claim(case, required(task), request.identity, version)
        return _("The task is yours now.")

    return at_once(request, do)


def release(request):
    """``POST /cases/<number>/release``"""

    def do(services, case, task, version):
        services.get(TaskActs).release(case, required(task), request.identity, version)
        return _("Everybody who may can take the task again.")

    return at_once(request, do)


def recall(request):
    """``POST /cases/<number>/recall``"""

    def do(services, case, task, version):
        services.get(SigningService).recall(case, required(task), request.identity, version)
        return _("The missing signatures are no longer waited for.")

    return at_once(request, do)


def urge(request):
    """``POST /cases/<number>/urge``"""

    def do(services, case, _task, _version):
        count = services.get(UrgingService).urge(case, request.identity)
        return _("${count} people were told.", mapping={"count": count})

    return at_once(request, do)


def sign(request):
    """``POST /cases/<number>/sign``: the opinion that was asked for beforehand; ``answer`` is agree or disagree."""
    agree = choice_param(request, "answer", ("agree", "disagree"))
    if agree is None:
        raise HTTPBadRequest()

    def do(services, case, task, _version):
        opinion = opinion_in(request.POST)
        services.get(SigningService).sign(case, required(task), request.identity, agree == "agree", opinion)
        return _("Your opinion was noted.")

    return at_once(request, do)


def required(task: int | None) -> int:
    """The id of the task that a form names; 400 without one."""
    if task is None:
        raise HTTPBadRequest()
    return task


def people(request) -> FoundPage:
    """``/people?name=&q=&people=&several=``: who was found and who is ticked, as the fragment that the search field shows."""
    name = choice_param(request, "name", NAMES, PEOPLE)
    return FoundPage(people_of(request, request.services, choice_param(request, "several", ("1",)) == "1", name=name))


def includeme(config):
    """Routes and views."""
    for view in (Transfer, AddSign, Copy):
        route = f"case.{view.act.replace('-', '_')}"
        config.add_route(route, f"/cases/{NUMBER}/{view.act}")
        config.add_view(view, attr="show", route_name=route, renderer=PAGE, request_method="GET")
        config.add_view(view, attr="send", route_name=route, renderer=PAGE, request_method="POST")
    for act in (claim, release, recall, urge, sign):
        config.add_route(f"case.{act.__name__}", f"/cases/{NUMBER}/{act.__name__}")
        config.add_view(act, route_name=f"case.{act.__name__}", request_method="POST")
    config.add_route("people", "/people")
    config.add_view(people, route_name="people", request_method="GET", renderer="portal_core:templates/inbox/found.pt")
