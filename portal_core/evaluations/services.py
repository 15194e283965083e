"""Answering questionnaires: one answer per person and subject, which the unique constraint proves."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.db import insert_into
from portal_core.declarations import EvaluationForm, Subject
from portal_core.errors import Conflict, Invalid, NotFound, Stale
from portal_core.evaluations import definitions
from portal_core.evaluations.follow_ups import FollowUpService
from portal_core.evaluations.models import Evaluation, EvaluationFormRow
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.web.text import clean_text

COMMENT_MAX = 1000
ANSWERED_ELSEWHERE = _("You answered this in another window meanwhile. Submit again to replace that answer.")
# What a subject's key may look like (``case:12``): it stands in addresses, and plugins take it apart.
KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True)
class Given:
    """An answer that was checked: values by question code, the comment, and whether it is a complaint."""

    answers: dict[str, int]
    comment: str
    complaint: bool


class EvaluationService:
    """Reads and writes answers. Which subjects a person may answer about is the plugin's word, asked every time."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    # -- reading ---------------------------------------------------------------------------------------------------

    def form(self, form_code: str) -> EvaluationForm:
        """The declared form. Raises NotFound."""
        try:
            return self.services.portal.evaluation_forms[form_code]
        except KeyError:
            raise NotFound() from None

    def subjects(self, form_code: str, identity: Identity) -> list[tuple[Subject, Evaluation | None]]:
        """What ``identity`` may answer about or has answered, with the answer or None, in the plugin's order.

        Unanswered subjects whose time is over are left out. One statement besides the plugin's own. Raises NotFound.
        """
        form, now = self.form(form_code), self.services.clock.now()
        subjects = list(form.subjects(self.session, identity.user_id, now))
        query = sa.select(Evaluation).where(
            Evaluation.form_code == form_code,
            Evaluation.rater_id == identity.user_id,
            Evaluation.subject.in_([s.key for s in subjects]),
        )
        mine = {e.subject: e for e in self.session.scalars(query)} if subjects else {}
        return [(s, mine.get(s.key)) for s in subjects if s.key in mine or not is_over(s, now)]

    def subject(self, form_code: str, key: str, identity: Identity) -> tuple[Subject, Evaluation | None]:
        """One subject with the person's own answer or None. Raises NotFound for unknown and foreign subjects alike.

        An answer stays readable for the person who gave it even when the plugin no longer offers its subject.
        """
        form = self.form(form_code)
        if not KEY.fullmatch(key):
            raise NotFound()
        mine = self._mine(form_code, key, identity)
        subject = form.find(self.session, identity.user_id, key, self.services.clock.now())
        if subject is None and mine is not None:
            subject = Subject(key, mine.subject_title, until=mine.created)
        if subject is None:
            raise NotFound()
        return subject, mine

    def for_subject(self, key: str) -> list[Evaluation]:
        """Everybody's answers about ``key`` to the declared forms, oldest first."""
        forms = list(self.services.portal.evaluation_forms)
        # Naming the forms lets the index of the unique constraint serve the query.
        query = sa.select(Evaluation).where(Evaluation.form_code.in_(forms), Evaluation.subject == key).order_by(Evaluation.id)
        return list(self.session.scalars(query))

    def in_words(self, evaluation: Evaluation) -> list[tuple[str, str]]:
        """Questions and chosen answers of ``evaluation`` as they stood when it was given; an answer left out is empty."""
        row = self.session.get_one(EvaluationFormRow, (evaluation.form_code, evaluation.form_version))
        labels = {choice["value"]: choice["label"] for choice in row.definition["scale"]}
        return [(q["label"], labels.get(evaluation.answers.get(q["code"]), "")) for q in row.definition["questions"]]

    def may_answer(self, form: EvaluationForm, subject: Subject, mine: Evaluation | None) -> bool:
        """Is it time to answer about ``subject``, or to change the answer ``mine``?"""
        now = self.services.clock.now()
        return not is_over(subject, now) if mine is None else now < self.editable_until(form, mine)

    def editable_until(self, form: EvaluationForm, evaluation: Evaluation) -> dt.datetime:
        """The moment after which an answer can no longer be changed (UTC)."""
        return evaluation.created + dt.timedelta(days=form.edit_days)

    # -- writing ---------------------------------------------------------------------------------------------------

    def answer(
        self,
        form_code: str,
        key: str,
        identity: Identity,
        answers: Mapping[str, int | None],
        comment: str = "",
        seen: str | None = None,
        complaint: bool = False,
    ) -> Evaluation:
        """Store what ``identity`` thinks of the subject ``key``, or change it within the form's ``edit_days``.

        ``answers``: chosen values by question code; None stands for a choice that is not on the scale. ``comment``: at
        most ``COMMENT_MAX`` characters. ``seen``: ``stamp`` of the answer that the person was shown, to find a change made
        in another window; None does not look. ``complaint``: the rater asks for an answer. The plugin's ``answered`` is
        called for a first answer; a low one opens a follow-up where the form has them.
        Raises NotFound, Invalid (fields named by question code, and ``comment``), Conflict (too late, or two at once), Stale.
        """
        form, now = self.form(form_code), self.services.clock.now()
        subject, mine = self.subject(form_code, key, identity)
        given = self._checked(form, answers, clean_text(comment), complaint and form.follow_up is not None)
        if mine is None:
            mine = self._first(form, subject, identity, given, now)
        elif (mine.answers, mine.comment, mine.complaint) == (given.answers, given.comment, given.complaint):
            return mine  # The same form sent twice: the button was pressed again.
        else:
            self._change(form, subject, mine, given, seen, now)
        self.services.get(FollowUpService).consider(form, mine, identity)
        return mine

    # -- parts -----------------------------------------------------------------------------------------------------

    def _mine(self, form_code: str, key: str, identity: Identity) -> Evaluation | None:
        return self.session.scalar(
            sa.select(Evaluation).where(
                Evaluation.form_code == form_code, Evaluation.subject == key, Evaluation.rater_id == identity.user_id
            )
        )

    def _checked(self, form: EvaluationForm, answers: Mapping[str, int | None], comment: str, complaint: bool) -> Given:
        scale = {choice.value for choice in form.scale}
        values: dict[str, int] = {}
        errors = {}
        for question in form.questions:
            value = answers.get(question.code)
            if value is not None and value in scale:
                values[question.code] = value
            elif question.code in answers or question.required:
                errors[question.code] = _("Please choose an answer")
        if len(comment) > COMMENT_MAX:
            errors[definitions.COMMENT] = _("At most ${max} characters", mapping={"max": COMMENT_MAX})
        if complaint and not comment:
            errors[definitions.COMMENT] = _("Please say what you complain about")
        if errors:
            raise Invalid(fields=errors)
        return Given(values, comment, complaint)

    def _first(self, form: EvaluationForm, subject: Subject, identity: Identity, given: Given, now: dt.datetime) -> Evaluation:
        if not self.may_answer(form, subject, None):
            raise Conflict(_("The time for this evaluation is over."))
        definitions.store(self.session, form, self.services.portal.default_text, now)
        # The loser of a race waits here for the winner and gets no row back: no error that would end its transaction.
        made = self.session.scalar(
            insert_into(self.session, Evaluation)
            .values(
                form_code=form.code,
                form_version=form.version,
                subject=subject.key,
                subject_title=subject.title[:200],
                rater_id=identity.user_id,
                department_id=identity.department_id,
                scope=form.scope(self.session, subject.key) if form.scope else "",
                answers=given.answers,
                comment=given.comment,
                complaint=given.complaint,
                created=now,
                changed=now,
            )
            .on_conflict_do_nothing(index_elements=[Evaluation.form_code, Evaluation.subject, Evaluation.rater_id])
            .returning(Evaluation.id)
        )
        if made is None:
            raise Conflict(ANSWERED_ELSEWHERE)
        if form.answered:
            form.answered(self.services, subject, identity.user_id, given.answers)
        return self.session.get_one(Evaluation, made)

    def _change(
        self,
        form: EvaluationForm,
        subject: Subject,
        mine: Evaluation,
        given: Given,
        seen: str | None,
        now: dt.datetime,
    ) -> None:
        if not self.may_answer(form, subject, mine):
            raise Conflict(_("The time for changing this answer is over."))
        if seen is not None and seen != stamp(mine):
            raise Stale(ANSWERED_ELSEWHERE, at=mine.changed)
        definitions.store(self.session, form, self.services.portal.default_text, now)
        mine.form_version, mine.changed = form.version, now
        mine.answers, mine.comment, mine.complaint = given.answers, given.comment, given.complaint
        self.session.flush()


def stamp(evaluation: Evaluation | None) -> str:
    """What tells one state of an answer from another; empty when there is none yet."""
    return evaluation.changed.isoformat() if evaluation else ""


def is_over(subject: Subject, now: dt.datetime) -> bool:
    """Has the time for answering about ``subject`` passed?"""
    return subject.until is not None and subject.until <= now
