"""Page of 系统管理 for the questionnaires: which there are, and the way to their results."""

from dataclasses import dataclass
from typing import Any

from portal_core.admin.menu import CONTENT
from portal_core.evaluations.results import may_see
from portal_core.i18n import _

URL = "/admin/evaluations"


@dataclass(frozen=True)
class Questionnaire:
    """A form as a line of the list; ``results_url`` is empty for those who may not see its results."""

    title: Any
    code: str
    version: int
    questions: tuple[Any, ...]
    edit_days: int
    results_url: str


@dataclass(frozen=True)
class QuestionnairesPage:
    """Context of ``admin.pt``."""

    questionnaires: tuple[Questionnaire, ...]


def questionnaires(request) -> QuestionnairesPage:
    """``/admin/evaluations``: the forms that the modules in use declare."""
    return QuestionnairesPage(
        tuple(
            Questionnaire(
                form.title,
                form.code,
                form.version,
                tuple(question.label for question in form.questions),
                form.edit_days,
                f"/evaluations/{form.code}/results" if may_see(form, request.identity) else "",
            )
            for form in request.registry.portal.evaluation_forms.values()
        )
    )


def includeme(config):
    """Route, view and menu entry."""
    config.add_route("core.admin.evaluations", URL)
    config.add_view(
        questionnaires,
        route_name="core.admin.evaluations",
        request_method="GET",
        permission="core:admin:view",
        renderer="portal_core:templates/evaluations/admin.pt",
    )
    note = _("Which there are, and what people answered")
    config.add_admin_page(
        "evaluations", _("Questionnaires"), URL, permission="core:admin:view", group=CONTENT, order=50, note=note
    )
