"""A questionnaire as a form: one group of radios per question, a comment, and what the person was shown."""

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal_core.declarations import EvaluationForm
from portal_core.evaluations.definitions import COMMENT, COMPLAINT
from portal_core.evaluations.services import COMMENT_MAX, stamp
from portal_core.i18n import _
from portal_core.web.forms import PortalForm

PREFIX = "q_"


class AnswerForm(PortalForm):
    """Base of the forms that ``form_class`` makes."""

    @property
    def questions(self):
        """The groups of radios, in the declared order."""
        return [field for field in self if field.name.startswith(PREFIX)]

    @property
    def answers(self):
        """What was chosen, by question code; questions without a choice are left out."""
        return {field.name.removeprefix(PREFIX): field.data for field in self.questions if field.raw_data}

    @property
    def is_complaint(self):
        """Was the box ticked? Forms without follow-ups have none."""
        return COMPLAINT in self and self[COMPLAINT].data

    def refuse(self, fields):
        """Show the messages of a service's ``Invalid`` at their fields."""
        for code, message in fields.items():
            field = self[code if code == COMMENT else PREFIX + code]
            field.errors = [self.meta.translate(message)]


def form_class(declared: EvaluationForm) -> type[AnswerForm]:
    """The form class for a declared questionnaire. No answer is chosen beforehand: nobody shall agree by doing nothing."""
    choices = [SelectChoice(choice.value, choice.label) for choice in declared.scale]
    fields = {
        PREFIX + question.code: RadioField(
            question.label,
            [InputRequired(_("Please choose an answer")) if question.required else Optional()],
            choices=choices,
            coerce=int,
        )
        for question in declared.questions
    }
    fields[COMMENT] = TextAreaField(declared.comment_label or _("Comments and suggestions"), [Length(max=COMMENT_MAX)])
    if declared.follow_up:
        fields[COMPLAINT] = BooleanField(_("This is a complaint; please put it right and answer me"))
    fields["seen"] = HiddenField()
    return type("AnswerForm", (AnswerForm,), fields)


def values_of(evaluation):
    """What the form shows of an earlier answer, or of none."""
    if evaluation is None:
        return {"seen": ""}
    chosen = {PREFIX + code: value for code, value in evaluation.answers.items()}
    return {**chosen, COMMENT: evaluation.comment, COMPLAINT: evaluation.complaint, "seen": stamp(evaluation)}
