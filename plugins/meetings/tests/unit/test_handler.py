"""What the inbox asks the plugin about its cases: who sees a draft, and where the button of a to-do leads."""

import pytest

from portal_core.api import CaseService, NotFound, Task
from portal_meetings.flow import FLOW
from portal_meetings.services import states as s
from portal_meetings.services.bookings import BookingService


def test_a_draft_is_its_writers_alone(services, clerk, make_user):
    case = services.get(BookingService).save_draft(clerk.identity, {"title": "人事方案"})
    admin = make_user("room-admin", roles=["meetings-admin"])
    assert services.get(CaseService).visible(case.number, clerk.identity) is case
    with pytest.raises(NotFound):
        services.get(CaseService).visible(case.number, admin.identity)


def test_the_button_of_a_todo_leads_where_it_is_done(services, clerk, form):
    case = services.get(BookingService).book(clerk.identity, form()).case
    leads = {spec.step: FLOW.handler.task_url(case, Task(step=spec.step)) for t in FLOW.transitions for spec in t.opens}
    assert leads == {
        "review": "",
        "review_change": "",
        "correct": f"/meetings/change/{case.number}",
        "rate": f"/evaluations/{s.RATING_FORM}/case:{case.id}",
    }
