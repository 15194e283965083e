"""Results of a questionnaire and the lists behind its numbers."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPBadRequest

from portal_core.evaluations.follow_up_flow import FLOW
from portal_core.evaluations.results import Choice, Period, Results, ResultService, last_year
from portal_core.evaluations.services import EvaluationService
from portal_core.i18n import _
from portal_core.web.params import choice_param, date_param, int_param

TEMPLATES = "portal_core:templates/evaluations/"
COMMENTS_SHOWN = 10


@dataclass(frozen=True)
class Number:
    """A number that leads to its list; ``share`` of the row in percent, for the bar."""

    value: int
    url: str
    share: float


@dataclass(frozen=True)
class Row:
    """A question with its counts, one for each value of the scale."""

    label: Any
    numbers: tuple[Number, ...]
    answers: Number
    content: Number
    mean: str


@dataclass(frozen=True)
class MonthRow:
    """A month. ``content`` is the satisfaction, ``rate`` the share of follow-ups that are closed, both in percent or empty."""

    label: str
    evaluations: Number
    content: str
    opened: Number
    closed: Number
    rate: str


@dataclass(frozen=True)
class Comment:
    """An answer in a list; ``rater``, ``unit`` and ``subject`` are empty for an anonymous form."""

    subject: str
    rater: str
    unit: str
    day: dt.datetime
    answers: list[tuple[str, str]]
    text: str
    complaint: bool


@dataclass(frozen=True)
class ResultsPage:
    """Context of ``evaluations/results.pt``."""

    title: Any
    first: dt.date
    last: dt.date
    values: tuple[Any, ...]
    rows: tuple[Row, ...]
    months: tuple[MonthRow, ...]
    evaluations: Number
    content: str
    mean: str
    opened: Number
    closed: Number
    rate: str
    follows_up: bool
    hidden: bool
    comments: tuple[Comment, ...]
    comments_url: str
    back_url: str


@dataclass(frozen=True)
class AnswersPage:
    """Context of ``evaluations/answers.pt``: the list behind a number."""

    title: Any
    chosen: str
    period: str
    items: tuple[Comment, ...]
    next_url: str
    results_url: str


@dataclass(frozen=True)
class FollowUpRowView:
    """A follow-up in a list."""

    number: str
    title: str
    state: Any
    tone: str
    opened: dt.datetime
    closed: dt.datetime | None
    answered_by: str


@dataclass(frozen=True)
class FollowUpsPage:
    """Context of ``evaluations/follow_ups.pt``."""

    title: Any
    period: str
    items: tuple[FollowUpRowView, ...]
    next_url: str
    results_url: str


def results(request):
    """The numbers of one form in a period; by default the last twelve months."""
    service, form, period = _asked(request)
    found = service.results(form, request.identity, period)
    link = Links(form.code, period)
    listed, _next = ([], None) if found.hidden else service.answers(form, request.identity, period, Choice(comments=True))
    labels = {choice.value: choice.label for choice in form.scale}
    return ResultsPage(
        title=form.title,
        first=period.first,
        last=period.last,
        values=tuple(labels.get(value, str(value)) for value in found.values),
        rows=tuple(_row(result, found.values, link) for result in found.questions),
        months=tuple(_month(month, form.code) for month in found.months),
        evaluations=Number(found.evaluations, link.answers(), 100),
        content=percent(found.content, found.answers),
        mean=_overall_mean(found),
        opened=Number(found.opened, link.follow_ups(), 100),
        closed=Number(found.closed, link.follow_ups("closed"), 100),
        rate=percent(found.closed, found.opened),
        follows_up=form.follow_up is not None,
        hidden=found.hidden,
        comments=_comments(request, form, listed[:COMMENTS_SHOWN]),
        comments_url=link.answers(comments=1),
        back_url=_list_url(request, form.code),
    )


def answers(request):
    """The answers behind a number."""
    service, form, period = _asked(request)
    questions = {question.code: question.label for question in form.questions}
    choice = Choice(
        question=choice_param(request, "question", tuple(questions), ""),
        value=int_param(request, "value", None, low=-1000, high=1000),
        content=choice_param(request, "content", ("1",), "") == "1",
        comments=choice_param(request, "comments", ("1",), "") == "1",
    )
    found, following = service.answers(form, request.identity, period, choice, int_param(request, "before"))
    return AnswersPage(
        title=form.title,
        chosen=_in_words(request, form, choice),
        period=_days(period),
        items=_comments(request, form, found),
        next_url=_next_url(request, following),
        results_url=Links(form.code, period).results(),
    )


def follow_ups(request):
    """The follow-ups behind a number."""
    service, form, period = _asked(request)
    closed = {"closed": True, "open": False}.get(choice_param(request, "state", ("closed", "open"), ""))
    found, following = service.follow_ups(form, request.identity, period, closed, int_param(request, "before"))
    return FollowUpsPage(
        title=form.title,
        period=_days(period),
        items=tuple(_follow_up(row) for row in found),
        next_url=_next_url(request, following),
        results_url=Links(form.code, period).results(),
    )


class Links:
    """Addresses of the lists of one form and period."""

    def __init__(self, form_code: str, period: Period):
        self._base = f"/evaluations/{form_code}/results"
        self._period = {"from": period.first.isoformat(), "to": period.last.isoformat()}

    def results(self) -> str:
        """The page with the numbers."""
        return f"{self._base}?{urlencode(self._period)}"

    def answers(self, **chosen) -> str:
        """The list of the answers that ``chosen`` (parameters of the address) selects."""
        return f"{self._base}/answers?{urlencode(self._period | chosen)}"

    def follow_ups(self, state: str = "") -> str:
        """The list of follow-ups, all or those ``open`` or ``closed``."""
        return f"{self._base}/follow-ups?{urlencode(self._period | ({'state': state} if state else {}))}"


def percent(part: int, whole: int) -> str:
    """``87.5%``, or nothing where there is nothing to divide by."""
    return f"{100 * part / whole:.1f}%" if whole else ""


def _asked(request):
    """The service, the form and the period of the address; 404 for those who may not see it."""
    service = request.services.get(ResultService)
    form = service.form(request.matchdict["form_code"], request.identity)
    usual = last_year(request.registry.portal.clock.today())
    period = Period(date_param(request, "from", usual.first), date_param(request, "to", usual.last))
    if period.first > period.last:
        raise HTTPBadRequest()
    request.chrome.current = form.code.partition(".")[0]
    return service, form, period


def _row(result, values, link):
    def number(count, **chosen):
        return Number(count, link.answers(question=result.question.code, **chosen), 100 * count / max(1, result.answers))

    return Row(
        label=result.question.label,
        numbers=tuple(number(result.counts.get(value, 0), value=value) for value in values),
        answers=number(result.answers),
        content=number(result.content, content=1),
        mean=f"{result.mean:.2f}" if result.mean is not None else "",
    )


def _month(month, form_code):
    link = Links(form_code, month.period)
    return MonthRow(
        label=f"{month.period.first:%Y-%m}",
        evaluations=Number(month.evaluations, link.answers(), 100),
        content=percent(month.content, month.answers),
        opened=Number(month.opened, link.follow_ups(), 100),
        closed=Number(month.closed, link.follow_ups("closed"), 100),
        rate=percent(month.closed, month.opened),
    )


def _overall_mean(found: Results) -> str:
    points = sum(value * number for q in found.questions for value, number in q.counts.items())
    return f"{points / found.answers:.2f}" if found.answers else ""


def _comments(request, form, found) -> tuple[Comment, ...]:
    service = request.services.get(EvaluationService)
    return tuple(
        Comment(
            subject="" if form.anonymous else e.subject_title,
            rater="" if form.anonymous else e.rater.name,
            unit="" if form.anonymous or e.department is None else e.department.name,
            day=e.created,
            answers=service.in_words(e),
            text=e.comment,
            complaint=e.complaint,
        )
        for e in found
    )


def _in_words(request, form, choice):
    """What a list holds, for its heading."""
    say = request.translator()
    labels = {c.value: c.label for c in form.scale}
    parts = [say(q.label) for q in form.questions if q.code == choice.question]
    if choice.value is not None:
        parts.append(say(labels.get(choice.value, str(choice.value))))
    if choice.content:
        parts.append(say(_("Satisfied")))
    if choice.comments:
        parts.append(say(_("With a comment")))
    return " · ".join(parts)


def _follow_up(row) -> FollowUpRowView:
    state = FLOW.state(row.case.state)
    by = row.answered_by.name if row.answered_by else ""
    return FollowUpRowView(row.case.number, row.case.title, state.label, state.tone, row.opened, row.closed, by)


def _days(period):
    return f"{period.first} – {period.last}"


def _next_url(request, following):
    if following is None:
        return ""
    return "?" + urlencode({**{k: v for k, v in request.GET.items() if k != "before"}, "before": following})


def _list_url(request, form_code):
    route = request.registry.evaluation_pages.get(form_code)
    return request.route_path(route) if route else f"/evaluations/{form_code}"


def includeme(config):
    """Routes and views."""
    for name, ending, view, template in (
        ("core.results", "", results, "results"),
        ("core.results.answers", "/answers", answers, "answers"),
        ("core.results.follow_ups", "/follow-ups", follow_ups, "follow_ups"),
    ):
        config.add_route(name, "/evaluations/{form_code}/results" + ending)
        config.add_view(
            view,
            route_name=name,
            request_method=("GET", "HEAD"),
            renderer=f"{TEMPLATES}{template}.pt",
            permission="authenticated",
        )
