"""Eight processes approve one case at the same moment: one wins, the others read who it was."""

import pytest
import sqlalchemy as sa
from approver import Approver
from racing import Racers

from portal_core.accounts.rights import sync_permissions
from portal_core.db import Database
from portal_core.inbox import timeline
from portal_core.inbox.models import DONE, OPEN, Case, Task
from portal_core.notifications.models import Notification
from portal_core.services import Services
from tests.trial import APPROVE, apply_for, load_portal

pytestmark = pytest.mark.concurrency

APPROVERS = 8
ROUNDS = 50
LONGEST_WAIT = 2.0


@pytest.fixture
def portal(fresh_db_url, tmp_path):
    """A portal with the trial plugin, over a database in which real commits happen."""
    portal = load_portal(Database(fresh_db_url), portal__data_dir=tmp_path)
    with portal.database.writing() as session:
        sync_permissions(session, portal)
    yield portal
    portal.database.dispose()


@pytest.fixture
def racers(portal, make_user, fresh_db_url, tmp_path):
    """A process for each of eight administrators."""
    people = [make_user(f"admin{n}", name=f"管理员{n}", permissions=[APPROVE]) for n in range(APPROVERS)]
    racers = Racers(APPROVERS, Approver, fresh_db_url, str(tmp_path), [person.identity for person in people])
    yield racers
    racers.close()


def test_one_of_eight_wins_and_the_others_read_who(portal, make_user, racers):
    clerk = make_user("yang", name="杨晓")
    with portal.database.writing() as session:
        services = Services(session, portal)
        numbers = [apply_for(services, clerk, f"第 {n} 件").number for n in range(ROUNDS)]

    slowest = []
    for number in numbers:
        outcomes = racers.race([("approve", (number, who)) for who in range(APPROVERS)])
        assert [outcome.error for outcome in outcomes if outcome.error] == []
        winners = [name for result, name in (outcome.result for outcome in outcomes) if result == "won"]
        assert len(winners) == 1
        assert {name for _result, name in (outcome.result for outcome in outcomes)} == set(winners)
        slowest.append(max(outcome.seconds for outcome in outcomes))

    # In the first race every process opens its connection and compiles its statements; a served portal has done so long ago.
    assert max(slowest[1:]) < LONGEST_WAIT
    with portal.database.reading() as session:
        check_left_behind(session)


def check_left_behind(session):
    """Of each case: one approval in a sound timeline, one task done, one message."""
    for case in session.scalars(sa.select(Case)):
        assert (case.state, case.version) == ("approved", 3)
        assert [event.action for event in timeline.events(session, case.id)] == ["submit", "approve"]
        assert timeline.broken_at(session, case.id) is None
        assert sorted(session.scalars(sa.select(Task.status).where(Task.case_id == case.id))) == [DONE, OPEN, OPEN]
    assert session.scalar(sa.select(sa.func.count(Notification.id))) == ROUNDS
