"""Pages of follow-ups: the page for answering one, its part of the case page, and what the rater sees beside the rating."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from wtforms import FileField, TextAreaField
from wtforms.validators import Length

from portal_core.errors import Conflict, Forbidden, Invalid, ServiceError
from portal_core.evaluations.follow_up_flow import ANSWERED, FLOW
from portal_core.evaluations.follow_ups import OWNER, PHOTO_MAX_MB, FollowUpService
from portal_core.evaluations.services import EvaluationService
from portal_core.files.chosen import ChosenFiles
from portal_core.files.images import normalise
from portal_core.i18n import _
from portal_core.inbox.services import OPINION_MAX, CaseService
from portal_core.web.forms import Filled, PortalForm, VersionField

PANEL = "portal_core:templates/evaluations/follow_up.pt"
PAGE = "portal_core:templates/evaluations/follow_up_answer.pt"
THUMBNAIL = 480


class AnswerForm(PortalForm):
    """What was done, and a photo of it."""

    opinion = TextAreaField(_("What was done"), [Filled(), Length(max=OPINION_MAX)])
    photo = FileField(_("Photo"))
    version = VersionField()


@dataclass(frozen=True)
class FollowUpView:
    """A follow-up as it is shown. ``answers`` are pairs of question and choice, ``state`` and ``tone`` its label.

    ``to_judge``: the rater is asked whether the answer will do. ``photo`` is the address of a small copy, ``photo_url`` of the
    whole picture; both are empty without one.
    """

    number: str
    state: Any
    tone: str
    form: Any
    subject: str
    rater: str
    answers: list[tuple[str, str]]
    comment: str
    complaint: bool
    answer: str
    answered: Any
    answered_by: str
    photo: str
    photo_url: str
    satisfied: bool | None
    to_judge: bool


@dataclass(frozen=True)
class AnswerFollowUpPage:
    """Context of ``evaluations/follow_up_answer.pt``."""

    view: FollowUpView
    form: AnswerForm
    chosen: ChosenFiles | None
    form_page: bool = True


def follow_up_of(request, evaluation) -> FollowUpView | None:
    """What came of ``evaluation``, for the person who gave it; None when nothing had to."""
    row = request.services.get(FollowUpService).of_answer(evaluation)
    return _view(request, row) if row else None


def panel(request, case):
    """Template and context for the case page."""
    return PANEL, _view(request, request.services.get(FollowUpService).of_case(case.id))


def show(request):
    """The page for answering; whoever cannot answer it, or not any more, reads on the case's page how it stands."""
    row = _to_answer(request)
    possible = request.services.get(CaseService).available(row.case, request.identity)
    if all(transition.action != "answer" for transition in possible):
        return HTTPSeeOther(f"/cases/{row.case.number}")
    return _page(request, row, AnswerForm(request, data={"version": str(row.case.version)}))


def answer(request):
    """Store what was done. When it is refused, a photo that was chosen is kept."""
    row, form = _to_answer(request), AnswerForm(request, request.POST)
    chosen = ChosenFiles(request, "photo", PHOTO_MAX_MB, max_files=1)
    service = request.services.get(FollowUpService)
    try:
        if not form.validate():
            raise Invalid()
        service.answer(row, request.identity, form.opinion.data, form.version.seen, chosen.uploads())
    except (Invalid, Conflict, Forbidden) as error:
        return _refused(request, row.case.number, form, chosen, error)
    chosen.done()
    request.flash("ok", request.translator()(_("Your answer is stored, the rater has been told.")))
    return HTTPSeeOther(f"/cases/{row.case.number}")


def admits(request, file) -> bool:
    """Whoever may see a follow-up may see its photo."""
    row = request.services.get(FollowUpService).photo_of(file.id)
    return row is not None and request.services.get(CaseService).may_view(row.case, request.identity)


def _to_answer(request):
    return request.services.get(FollowUpService).to_answer(request.matchdict["number"], request.identity)


def _refused(request, number, form, chosen, error: ServiceError):
    request.roll_back()
    chosen.keep(normalise)
    form.add_errors(error)
    request.response.status_int = {Invalid: 422, Forbidden: 403}.get(type(error), 409)
    row = request.services.get(FollowUpService).to_answer(number, request.identity)
    return _page(request, row, form, chosen)


def _page(request, row, form, chosen=None):
    return AnswerFollowUpPage(_view(request, row), form, chosen)


def _view(request, row) -> FollowUpView:
    evaluation, state = row.evaluation, FLOW.state(row.case.state)
    declared = request.registry.portal.evaluation_forms.get(row.form_code)
    return FollowUpView(
        number=row.case.number,
        state=state.label,
        tone=state.tone,
        form=declared.title if declared else row.form_code,
        subject=evaluation.subject_title,
        rater=evaluation.rater.name,
        answers=request.services.get(EvaluationService).in_words(evaluation),
        comment=evaluation.comment,
        complaint=evaluation.complaint,
        answer=row.answer,
        answered=row.answered,
        answered_by=row.answered_by.name if row.answered_by else "",
        photo=request.file_url(row.photo, THUMBNAIL) if row.photo else "",
        photo_url=request.file_url(row.photo) if row.photo else "",
        satisfied=row.satisfied,
        to_judge=row.case.state == ANSWERED and request.identity.user_id == evaluation.rater_id,
    )


def includeme(config):
    """Routes, views, and who may see the photos."""
    page = {"permission": "authenticated", "renderer": PAGE}
    config.add_route("core.follow_up", "/followups/{number}")
    config.add_view(show, route_name="core.follow_up", request_method=("GET", "HEAD"), **page)
    config.add_view(answer, route_name="core.follow_up", request_method="POST", files=("photo",), **page)
    config.add_file_access(OWNER, admits)
