"""The audit log: in the caller's transaction or in its own, and unchangeable."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.identity import SYSTEM
from portal_core.audit.models import AuditEntry
from portal_core.audit.services import AuditService
from portal_core.db import Database
from portal_core.services import Services


def entries(session):
    return list(session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def test_a_line_belongs_to_the_transaction_of_the_act(services, session, make_user):
    person = make_user("li")
    audit = services.get(AuditService)
    audit.record(person.identity, "meetings.room_changed", "meetings.room", 7, detail={"name": ["旧", "新"]}, ip="10.1.2.3")
    audit.record(SYSTEM, "core.expired")
    session.flush()
    first, second = entries(session)
    assert (first.actor_id, first.object_id, first.detail, first.ip) == (person.id, "7", {"name": ["旧", "新"]}, "10.1.2.3")
    assert second.actor_id is None
    session.rollback()
    assert entries(session) == []


def test_a_line_in_its_own_transaction_stays_when_the_act_is_undone(portal, fresh_db_url):
    portal.database = Database(fresh_db_url)
    with portal.database.reading() as session:
        Services(session, portal).get(AuditService).record_now(SYSTEM, "core.looked", "core.case", "HY20261124-001")
    with portal.database.reading() as session:
        assert [entry.object_id for entry in entries(session)] == ["HY20261124-001"]
    portal.database.dispose()


@pytest.mark.parametrize("change", [sa.update(AuditEntry).values(action="nothing"), sa.delete(AuditEntry)])
def test_nobody_can_change_it(services, session, change):
    services.get(AuditService).record(SYSTEM, "core.acted")
    session.flush()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        session.execute(change)
    session.rollback()
