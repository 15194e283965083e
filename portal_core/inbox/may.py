"""Who may do an act of a flow on a case."""

from collections.abc import Sequence
from dataclasses import replace

from portal_core.accounts.identity import SYSTEM, Identity
from portal_core.inbox.flow import APPLICANT, SYSTEM_ONLY, TASK, Flow, Transition
from portal_core.inbox.models import Case, Task
from portal_core.inbox.tasks import is_own_case
from portal_core.inbox.whose import answers, stand_in_for
from portal_core.services import Services


def may(services: Services, flow: Flow, transition: Transition, case: Case, identity: Identity, tasks: Sequence[Task]) -> bool:
    """May ``identity`` do the act of ``transition``, as far as its ``who`` says? ``tasks``: the open ones of the case."""
    if identity is SYSTEM:
        return SYSTEM_ONLY in transition.who
    for word in transition.who:
        if word == APPLICANT and identity.user_id in (case.applicant_id, case.handler_id):
            return True
        if word == TASK and any(answers(t, identity) and not is_own_case(flow, case, t, identity) for t in tasks):
            return True
        if ":" in word and identity.may(word, flow.handler.case_scope(services, case)):
            return True
    return False


def may_any(services: Services, flow: Flow, case: Case, identity: Identity) -> bool:
    """Does the flow give a permission of ``identity`` an act on the case as it stands?"""
    return any(may(services, flow, transition, case, identity, ()) for transition in flow.out_of(case.state))


def absent_for(
    services: Services, flow: Flow, transition: Transition, case: Case, actor: Identity, tasks: Sequence[Task]
) -> int | None:
    """The id of the person for whom the actor stands in with an act that they may do; None when it is theirs anyway."""
    if not actor.stand_ins or may(services, flow, transition, case, replace(actor, stand_ins=()), tasks):
        return None
    return next(found.identity.user_id for task in tasks if answers(task, actor) and (found := stand_in_for(task, actor)))
