"""Of a confidential meeting only owner, reviewers of the room and holders of the right read more than that the room is taken."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from portal_core.api import Case, NotFound
from portal_core.audit.models import AuditEntry
from portal_core.inbox.models import CaseEvent
from portal_core.notifications.models import Notification
from portal_meetings.models import Change
from portal_meetings.services.bookings import SlotTaken

SECRET = "干部调整"


@pytest.fixture
def secret(bookings, clerk, form):
    return bookings.get(bookings.book(clerk.identity, form(title=SECRET, confidential=True)).case_id, clerk.identity)


def test_who_reads_it(bookings, secret, floor, clerk, other, reviewer, make_user):
    here, elsewhere = floor.room.scope, floor.tidy.scope
    may = [clerk, reviewer, *(make_user(permissions=[(f"meetings:booking:{word}", here)]) for word in ("approve", "view"))]
    may_not = [
        other,
        make_user(permissions=[("meetings:booking:view", elsewhere)]),
        make_user(roles=["leader"]),
        make_user(roles=["admin"]),
    ]
    for person in may:
        assert bookings.get(secret.case_id, person.identity).title == SECRET
    for person in may_not:
        with pytest.raises(NotFound):
            bookings.get(secret.case_id, person.identity)
        assert not bookings.may_see_detail(secret, person.identity)


def test_a_conflict_does_not_tell(bookings, secret, other, reviewer, form):
    for person, title in ((other, None), (reviewer, SECRET)):
        with pytest.raises(SlotTaken) as caught:
            bookings.book(person.identity, form())
        assert [taken.title for taken in caught.value.taken] == [title]


def test_nothing_that_is_stored_for_others_tells(session, bookings, act, secret, clerk, reviewer, form, at):
    act(secret, "approve", reviewer)
    bookings.change(secret, clerk.identity, form(start=at(14), title=SECRET + "二", confidential=True), secret.case.version)
    act(secret, "approve_change", reviewer)
    public = session.execute(sa.select(Case.title, Case.summary)).all()
    public += session.execute(sa.select(CaseEvent.changes, CaseEvent.opinion)).all()
    public += session.execute(sa.select(Notification.params)).all()
    public += session.execute(sa.select(AuditEntry.detail)).all()
    assert SECRET not in str(public)
    assert SECRET in str(session.scalars(sa.select(Change.diff)).all())


def test_a_look_at_it_is_recorded(session, bookings, secret, clerk, reviewer):
    def looks():
        return list(session.scalars(sa.select(AuditEntry.actor_id).where(AuditEntry.action == "meetings.confidential_viewed")))

    assert looks() == []
    bookings.get(secret.case_id, clerk.identity)
    bookings.get(secret.case_id, reviewer.identity, full=False)
    assert looks() == []
    bookings.get(secret.case_id, reviewer.identity)
    assert looks() == [reviewer.id]


@pytest.mark.parametrize("reach, sees", [("all", True), ("tree", True), ("department", True), ("own", False)])
def test_readers_of_their_units_cases_read_its_open_meetings_only(bookings, clerk, form, reach, sees):
    plain = bookings.book(clerk.identity, form())
    unit = replace(clerk.identity, user_id=999_999, permissions=frozenset(), reaches={"core:case:view_all": reach})
    head = replace(unit, permissions=frozenset(("core:case:view_all",)), reaches={}) if reach == "all" else unit
    assert bookings.may_see_detail(plain, head) is sees
    elsewhere = replace(head, department_paths=("/4711/",))
    assert bookings.may_see_detail(plain, elsewhere) is (reach == "all")
