"""Follow-ups of low ratings: opening one, answering it, and finding it again. A follow-up is a case like any other."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.declarations import EvaluationForm, FollowUp
from portal_core.errors import NotFound
from portal_core.evaluations import definitions
from portal_core.evaluations.follow_up_flow import KIND, loaded
from portal_core.evaluations.models import Evaluation, FollowUpRow
from portal_core.files.services import FileService
from portal_core.files.uploads import Upload
from portal_core.i18n import _
from portal_core.inbox.services import CaseService
from portal_core.services import Services

OWNER = "core.evaluation"
PHOTO_MAX_MB = 20
_SHOWN = 60


class FollowUpService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.cases = services.get(CaseService)

    def consider(self, form: EvaluationForm, evaluation: Evaluation, rater: Identity) -> FollowUpRow | None:
        """Open a follow-up of ``evaluation`` if it asks for one and has none; called whenever an answer is stored or changed."""
        if form.follow_up is None or not is_asked_for(form.follow_up, evaluation):
            return None
        if self.session.scalar(sa.select(FollowUpRow.case_id).where(FollowUpRow.evaluation_id == evaluation.id)):
            return None
        title = _("Follow-up: ${title}", mapping={"title": evaluation.subject_title})
        case = self.cases.open(KIND, title=self.cases.text(title), applicant=rater, summary=self._summary(form, evaluation))
        row = FollowUpRow(
            case_id=case.id,
            evaluation_id=evaluation.id,
            form_code=form.code,
            permission=form.follow_up.permission,
            scope=evaluation.scope,
            opened=self.services.clock.now(),
        )
        self.session.add(row)
        self.session.flush()
        self.cases.perform(case, "raise", SYSTEM)
        return row

    def of_answer(self, evaluation: Evaluation | None) -> FollowUpRow | None:
        """The follow-up of an answer, with what its pages show, or None."""
        if evaluation is None:
            return None
        case_id = self.session.scalar(sa.select(FollowUpRow.case_id).where(FollowUpRow.evaluation_id == evaluation.id))
        return self.session.scalar(loaded(case_id)) if case_id else None

    def of_case(self, case_id: int) -> FollowUpRow:
        """The follow-up of a case, with what its pages show. Raises NotFound."""
        row = self.session.scalar(loaded(case_id))
        if row is None:
            raise NotFound()
        return row

    def to_answer(self, number: str, identity: Identity) -> FollowUpRow:
        """The follow-up ``number`` if ``identity`` may see it. Raises NotFound, for those of other kinds as well."""
        case = self.cases.visible(number, identity)
        if case.kind != KIND:
            raise NotFound()
        return self.of_case(case.id)

    def answer(self, row: FollowUpRow, identity: Identity, text: str, version: int, photos: Iterable[Upload] = ()) -> FollowUpRow:
        """Say what was done (``text``, required), with a photo of it if there is one; the rater is told.

        Raises Invalid (``opinion``, and what the file service says at the upload's field), Stale, Conflict, Forbidden.
        """
        files = self.services.get(FileService).save_images(list(photos), OWNER, identity, PHOTO_MAX_MB)
        data = {"photo_id": files[0].id} if files else {}
        self.cases.perform(row.case, "answer", identity, opinion=text, version=version, data=data)
        return row

    def photo_of(self, file_id: int) -> FollowUpRow | None:
        """The follow-up whose photo the file is, with its case, or None."""
        query = sa.select(FollowUpRow.case_id).where(FollowUpRow.photo_id == file_id)
        case_id = self.session.scalar(query)
        return self.session.scalar(loaded(case_id)) if case_id else None

    def _summary(self, form: EvaluationForm, evaluation: Evaluation) -> list[tuple]:
        """What the inbox shows: the questionnaire, what was rated low, and what was written."""
        labels: Mapping[int, str] = {choice.value: choice.label for choice in form.scale}
        assert form.follow_up is not None
        low = [
            f"{self.cases.text(question.label)} {self.cases.text(labels[evaluation.answers[question.code]])}"
            for question in form.questions
            if evaluation.answers.get(question.code, definitions.BEST) <= form.follow_up.low
        ]
        pairs = [(_("Questionnaire"), form.title)]
        if low:
            pairs.append((_("Rated low"), "；".join(low)))
        if evaluation.comment:
            pairs.append((_("Comment"), evaluation.comment[:_SHOWN]))
        return pairs


def is_asked_for(follow_up: FollowUp, evaluation: Evaluation) -> bool:
    """Is any answer low, or did the rater complain?"""
    return evaluation.complaint or any(value <= follow_up.low for value in evaluation.answers.values())
