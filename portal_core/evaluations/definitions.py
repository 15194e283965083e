"""What a questionnaire says, as JSON beside the answers, and the rules that its declaration must keep.

The questions and the scale of one version never change: answers are numbers, and a number means nothing without the exact
words it answered. So each version that has answers is stored, and a declaration that differs from what is stored stops the start.
"""

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.db import insert_into
from portal_core.declarations import EvaluationForm, HealthCheck
from portal_core.errors import StartError
from portal_core.evaluations.models import EvaluationFormRow

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
COMMENT, COMPLAINT = "comment", "complaint"
# Higher than any value on a scale: what was not answered is not low.
BEST = 1 << 30


def check(form: EvaluationForm) -> None:
    """Raise StartError when ``form`` cannot be answered or counted: doubled or unusable codes, too few questions or answers."""
    codes = [q.code for q in form.questions]
    values = [c.value for c in form.scale]
    if not codes or len(values) < 2:
        raise StartError(f"evaluation form {form.code}: it needs at least one question and two answers to choose from")
    for code in codes:
        # These are fields beside the questions, so no question may take their names.
        if not CODE.fullmatch(code) or code in (COMMENT, COMPLAINT):
            raise StartError(f"evaluation form {form.code}: {code!r} cannot be the code of a question")
    if len(set(codes)) < len(codes) or len(set(values)) < len(values):
        raise StartError(f"evaluation form {form.code}: each question's code and each answer's value must be there once only")
    if form.anonymous and form.follow_up:
        raise StartError(f"evaluation form {form.code}: a follow-up names the rater, so an anonymous form cannot have one")


def definition(form: EvaluationForm, text) -> dict:
    """Questions and scale of ``form`` as JSON. ``text`` turns a label into stored text of the default language.

    ``source`` is the untranslated label: a corrected translation is not a changed question.
    """
    return {
        "title": text(form.title),
        "questions": [
            {"code": q.code, "required": q.required, "source": str(q.label), "label": text(q.label)} for q in form.questions
        ],
        "scale": [{"value": c.value, "source": str(c.label), "label": text(c.label)} for c in form.scale],
    }


def store(session: Session, form: EvaluationForm, text, now) -> None:
    """Keep the definition of ``form``'s version if it is not kept yet; of two that do it at once, one does and none fails."""
    session.execute(
        insert_into(session, EvaluationFormRow)
        .values(code=form.code, version=form.version, definition=definition(form, text), created=now)
        .on_conflict_do_nothing()
    )


def changed_forms(session: Session, forms) -> list[str]:
    """One sentence for each of ``forms`` whose questions or scale differ from the stored ones of the same version."""
    stored = {(row.code, row.version): row.definition for row in session.scalars(sa.select(EvaluationFormRow))}
    sentences = []
    for form in forms:
        kept = stored.get((form.code, form.version))
        if kept and _essence(kept) != _essence(definition(form, str)):
            sentences.append(
                f"evaluation form {form.code}: questions or scale were changed, but answers to version {form.version} exist; "
                f"declare version {form.version + 1}"
            )
    return sentences


def health_check(forms) -> HealthCheck:
    """The check for ``/-/health`` and ``portal doctor`` over the declared ``forms``."""
    return HealthCheck("core.evaluation_forms", lambda session: "; ".join(changed_forms(session, forms)) or None)


def check_at_start(portal) -> None:
    """Raise StartError when a declared form is unusable or differs from its stored version.

    A database that has no tables yet holds no answers, so there is nothing to compare; one that cannot be reached is the
    business of the health check.
    """
    forms = list(portal.evaluation_forms.values())
    for form in forms:
        check(form)
    try:
        with portal.database.reading() as session:
            sentences = changed_forms(session, forms)
    except (sa.exc.OperationalError, sa.exc.ProgrammingError):
        return
    if sentences:
        raise StartError("; ".join(sentences))


def _essence(stored: dict) -> tuple:
    questions = [(q["code"], q["required"], q["source"]) for q in stored["questions"]]
    return questions, [(c["value"], c["source"]) for c in stored["scale"]]
