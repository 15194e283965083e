"""Results of one questionnaire: how often each answer was chosen, how content people are, and what came of low ratings.

Satisfaction is the share of answers from ``EvaluationForm.good`` on (four of five) among all answers given. The rate of
follow-ups (整改率) is the share of closed ones among those opened in the period (specification of the core, N7). Every number is
counted by the same conditions as the list behind it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.identity import Identity
from portal_core.accounts.reach import within
from portal_core.declarations import EvaluationForm, Question
from portal_core.errors import NotFound
from portal_core.evaluations.declared import VIEW_RESULTS
from portal_core.evaluations.models import Evaluation, FollowUpRow
from portal_core.evaluations.services import EvaluationService
from portal_core.services import Services
from portal_core.web.params import MAX_ID

# Fewer anonymous answers than this could be guessed to be somebody's.
ANONYMOUS_MIN = 5
MONTHS_MAX = 24
PAGE = 20


@dataclass(frozen=True)
class Period:
    """Days from ``first`` to ``last``, both included, in the users' zone."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Choice:
    """Which answers are listed: those with ``value`` to ``question``, those ``content`` with it, or those with a comment."""

    question: str = ""
    value: int | None = None
    content: bool = False
    comments: bool = False


@dataclass(frozen=True)
class QuestionResult:
    """Answers to one question: ``counts`` by value, ``content`` of them satisfied, their ``mean`` (None without answers)."""

    question: Question
    counts: dict[int, int]
    content: int

    @property
    def answers(self) -> int:
        """How many answered the question."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The mean of the values."""
        return sum(v * n for v, n in self.counts.items()) / self.answers if self.answers else None


@dataclass(frozen=True)
class MonthResult:
    """A month of the period, cut to it: ``answers`` and ``content`` over all questions."""

    period: Period
    evaluations: int
    answers: int
    content: int
    opened: int
    closed: int


@dataclass(frozen=True)
class Results:
    """``evaluations`` counts people's answers as a whole. ``hidden``: too few of an anonymous form to show more than that."""

    evaluations: int
    hidden: bool
    values: tuple[int, ...] = ()
    questions: tuple[QuestionResult, ...] = ()
    months: tuple[MonthResult, ...] = ()
    opened: int = 0
    closed: int = 0

    @property
    def answers(self) -> int:
        """All answers to all questions."""
        return sum(q.answers for q in self.questions)

    @property
    def content(self) -> int:
        """Those of ``answers`` that are satisfied."""
        return sum(q.content for q in self.questions)


class ResultService:
    """See the module. Every method raises NotFound for unknown forms and for people who may not see the results."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def form(self, form_code: str, identity: Identity) -> EvaluationForm:
        """The form, if ``identity`` may see at least a part of its results."""
        form = self.services.get(EvaluationService).form(form_code)
        if not may_see(form, identity):
            raise NotFound()
        return form

    def results(self, form: EvaluationForm, identity: Identity, period: Period) -> Results:
        """All numbers of the results page, in five statements."""
        conditions = self._conditions(form, identity, period)
        total = self.session.scalar(sa.select(sa.func.count()).select_from(Evaluation).where(*conditions)) or 0
        if form.anonymous and total < ANONYMOUS_MIN:
            return Results(total, hidden=True)
        questions = self._questions(form, conditions)
        values = sorted({c.value for c in form.scale}.union(*(q.counts for q in questions)), reverse=True)
        months = self._months(form, identity, period)
        opened, closed = self._follow_ups(form, identity, [period])[0]
        return Results(total, False, tuple(values), tuple(questions), tuple(months), opened, closed)

    def answers(
        self, form: EvaluationForm, identity: Identity, period: Period, choice: Choice, before: int | None = None
    ) -> tuple[list[Evaluation], int | None]:
        """One page of the answers that ``choice`` selects, the newest first, and the key of the next page or None.

        None of an anonymous form with too few answers. Two statements, three for an anonymous form.
        """
        conditions = self._conditions(form, identity, period)
        if form.anonymous:
            total = self.session.scalar(sa.select(sa.func.count()).select_from(Evaluation).where(*conditions)) or 0
            if total < ANONYMOUS_MIN:
                return [], None
        people = (joinedload(Evaluation.rater), joinedload(Evaluation.department))
        query = sa.select(Evaluation).options(*people).where(*conditions, *_chosen(form, choice))
        query = query.where(Evaluation.id < (before or MAX_ID)).order_by(Evaluation.id.desc()).limit(PAGE + 1)
        found = list(self.session.scalars(query))
        return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None

    def follow_ups(
        self, form: EvaluationForm, identity: Identity, period: Period, closed: bool | None = None, before: int | None = None
    ) -> tuple[list[FollowUpRow], int | None]:
        """One page of the follow-ups opened in the period, the newest first; ``closed``: only those that are, or are not."""
        query = (
            sa.select(FollowUpRow)
            .options(joinedload(FollowUpRow.case), joinedload(FollowUpRow.answered_by))
            .join(Evaluation, Evaluation.id == FollowUpRow.evaluation_id)
            .where(*self._reach(form, identity), *self._within(FollowUpRow.opened, period), FollowUpRow.form_code == form.code)
        )
        if closed is not None:
            query = query.where(FollowUpRow.closed.is_not(None) if closed else FollowUpRow.closed.is_(None))
        query = query.where(FollowUpRow.case_id < (before or MAX_ID)).order_by(FollowUpRow.case_id.desc()).limit(PAGE + 1)
        found = list(self.session.scalars(query))
        return found[:PAGE], found[PAGE - 1].case_id if len(found) > PAGE else None

    # -- parts -----------------------------------------------------------------------------------------------------

    def _conditions(self, form, identity, period):
        return (
            Evaluation.form_code == form.code,
            *self._within(Evaluation.created, period),
            *self._reach(form, identity),
        )

    def _reach(self, form, identity):
        """Whose answers: of the units that the person's right reaches, or about what they are in charge of."""
        ways = [within(identity, VIEW_RESULTS, Evaluation.department_id, (Evaluation.rater_id,))]
        if form.results_permission:
            if identity.may(form.results_permission):
                return ()
            ways.append(Evaluation.scope.in_(identity.scoped.get(form.results_permission, ())))
        return (sa.or_(*ways),)

    def _within(self, column, period):
        clock = self.services.clock
        return (
            column >= clock.at(period.first, dt.time()),
            column < clock.at(period.last + dt.timedelta(days=1), dt.time()),
        )

    def _questions(self, form, conditions) -> list[QuestionResult]:
        """Counts by question and value, in one statement."""
        parts = []
        for question in form.questions:
            value = Evaluation.answers[question.code].as_integer().label("value")
            given = sa.select(sa.literal(question.code).label("code"), value).where(*conditions).subquery()
            parts.append(
                sa.select(given.c.code, given.c.value, sa.func.count())
                .where(given.c.value.is_not(None))
                .group_by(given.c.code, given.c.value)
            )
        counts: dict[str, dict[int, int]] = {question.code: {} for question in form.questions}
        for code, value, number in self.session.execute(sa.union_all(*parts)):
            counts[code][value] = number
        return [
            QuestionResult(q, counts[q.code], sum(n for value, n in counts[q.code].items() if value >= form.good))
            for q in form.questions
        ]

    def _months(self, form, identity, period) -> list[MonthResult]:
        """The last months of the period, the newest first, in two statements."""
        months = months_of(period)[-MONTHS_MAX:]
        conditions = self._conditions(form, identity, Period(months[0].first, months[-1].last))
        values = [Evaluation.answers[question.code].as_integer() for question in form.questions]
        given: sa.ColumnElement = sum((sa.case((v.is_not(None), 1), else_=0) for v in values), sa.literal(0))
        content: sa.ColumnElement = sum((sa.case((v >= form.good, 1), else_=0) for v in values), sa.literal(0))
        rows = sa.select(Evaluation.created, given.label("given"), content.label("content")).where(*conditions).subquery()
        columns = []
        for month in months:
            inside = sa.and_(*self._within(rows.c.created, month))
            columns += [
                sa.func.count().filter(inside),
                sa.func.coalesce(sa.func.sum(rows.c.given).filter(inside), 0),
                sa.func.coalesce(sa.func.sum(rows.c.content).filter(inside), 0),
            ]
        numbers = self.session.execute(sa.select(*columns).select_from(rows)).one()
        done = self._follow_ups(form, identity, months)
        made = []
        for i, month in enumerate(months):
            evaluations, given_answers, satisfied = numbers[3 * i : 3 * i + 3]
            made.append(MonthResult(month, evaluations, given_answers, satisfied, *done[i]))
        return made[::-1]

    def _follow_ups(self, form, identity, periods: Sequence[Period]) -> list[tuple[int, int]]:
        """How many were opened in each period, and how many of these are closed."""
        columns = []
        for period in periods:
            inside = sa.and_(*self._within(FollowUpRow.opened, period))
            columns += [
                sa.func.count().filter(inside),
                sa.func.count().filter(inside, FollowUpRow.closed.is_not(None)),
            ]
        query = sa.select(*columns).select_from(FollowUpRow).join(Evaluation, Evaluation.id == FollowUpRow.evaluation_id)
        whole = Period(periods[0].first, periods[-1].last)
        query = query.where(
            FollowUpRow.form_code == form.code, *self._within(FollowUpRow.opened, whole), *self._reach(form, identity)
        )
        numbers = self.session.execute(query).one()
        return [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]


def may_see(form: EvaluationForm, identity: Identity) -> bool:
    """May ``identity`` see at least a part of the form's results?"""
    own = form.results_permission and identity.may_somewhere(form.results_permission)
    return bool(own) or identity.may_somewhere(VIEW_RESULTS)


def months_of(period: Period) -> list[Period]:
    """The calendar months that the period touches, the first and the last one cut to it."""
    months, first = [], period.first
    while first <= period.last:
        following = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        months.append(Period(first, min(period.last, following - dt.timedelta(days=1))))
        first = following
    return months


def last_year(today: dt.date) -> Period:
    """The month of ``today`` so far and the eleven before it."""
    first = today.replace(day=1)
    for _month in range(11):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    return Period(first, today)


def _chosen(form: EvaluationForm, choice: Choice) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if choice.question:
        value = Evaluation.answers[choice.question].as_integer()
        conditions.append(value.is_not(None))
        if choice.value is not None:
            conditions.append(value == choice.value)
        if choice.content:
            conditions.append(value >= form.good)
    if choice.comments:
        conditions.append(Evaluation.comment != "")
    return conditions
