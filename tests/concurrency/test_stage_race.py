"""Approvers of one stage act at the same moment: no signature is lost, none is taken for another, and a no stops everything."""

import pytest
import sqlalchemy as sa
from racing import Racers
from signer import Signer

from portal_core.accounts.rights import sync_permissions
from portal_core.db import Database
from portal_core.inbox import timeline
from portal_core.inbox.models import DONE, OPEN, WAITING, Case, Task
from portal_core.inbox.plans import stages as s
from portal_core.inbox.plans.services import PlanService
from portal_core.services import Services
from tests.trial import apply_for, load_portal

pytestmark = pytest.mark.concurrency

SIGNERS, ROUNDS = 4, 15


@pytest.fixture
def portal(fresh_db_url, tmp_path):
    """A portal with the trial plugin, over a database in which real commits happen."""
    portal = load_portal(Database(fresh_db_url), portal__data_dir=tmp_path)
    with portal.database.writing() as session:
        sync_permissions(session, portal)
    yield portal
    portal.database.dispose()


@pytest.fixture
def signers(portal, make_user):
    """The people whom the stages name."""
    return [make_user(f"signer{n}", name=f"审批人{n}") for n in range(SIGNERS)]


@pytest.fixture
def racers(portal, signers, fresh_db_url, tmp_path):
    """A process for each of them."""
    racers = Racers(SIGNERS, Signer, fresh_db_url, str(tmp_path), [person.identity for person in signers])
    yield racers
    racers.close()


@pytest.fixture
def numbers(portal, make_user, signers):
    """Makes cases whose approval has the given stages."""

    def make(*stages, count=ROUNDS):
        clerk = make_user("yang", name="杨晓")
        with portal.database.writing() as session:
            services = Services(session, portal)
            services.get(PlanService).save(signers[0].identity, "trial.thing", "review", s.Plan(stages), 0)
            return [apply_for(services, clerk, f"第 {n} 件").number for n in range(count)]

    return make


def everybody(signers, **fields):
    return s.Stage(rule=s.USER, users=tuple(person.id for person in signers), **fields)


def results(racers, jobs):
    outcomes = racers.race([("answer", job) for job in jobs])
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return [outcome.result for outcome in outcomes]


def look(portal, number):
    """State, actions of the timeline, and the step's tasks by status of a case whose timeline is sound."""
    with portal.database.reading() as session:
        case = session.scalars(sa.select(Case).where(Case.number == number)).one()
        assert timeline.broken_at(session, case.id) is None
        statuses = session.scalars(sa.select(Task.status).where(Task.case_id == case.id, Task.step == "review"))
        return case.state, [event.action for event in timeline.events(session, case.id)], list(statuses)


def test_all_of_a_stage_at_once_lose_no_signature(portal, racers, signers, numbers):
    for number in numbers(everybody(signers, mode=s.EVERY)):
        waiting = list(range(SIGNERS))
        while waiting:
            made = results(racers, [(number, who, "approve") for who in waiting])
            assert "won" in made
            waiting = [who for who, result in zip(waiting, made, strict=True) if result == "late"]
        state, actions, statuses = look(portal, number)
        assert (state, actions) == ("approved", ["submit", *["approve"] * SIGNERS])
        assert statuses == [DONE] * SIGNERS


def test_the_last_signature_twice_counts_once(portal, racers, signers, numbers):
    for number in numbers(s.Stage(rule=s.USER, users=(signers[0].id,)), s.Stage(rule=s.USER, users=(signers[1].id,))):
        made = results(racers, [(number, 0, "approve")] * 3)
        assert sorted(made) == ["late", "late", "won"]
        state, actions, statuses = look(portal, number)
        assert (state, actions, statuses) == ("pending", ["submit", "approve"], [DONE, OPEN])
        assert sorted(results(racers, [(number, 1, "approve")] * 3)) == ["late", "late", "won"]
        assert look(portal, number)[0] == "approved"


def test_a_yes_and_a_no_at_once_end_in_one_of_the_two(portal, racers, signers, numbers):
    """Two are asked, both answer at once: either the no is first and the yes too late, or the no follows the yes."""
    for number in numbers(everybody(signers[:2], mode=s.EVERY)):
        yes, no = results(racers, [(number, 0, "approve"), (number, 1, "return")])
        state, actions, statuses = look(portal, number)
        if no == "won":
            assert state == "returned"
            assert actions == (["submit", "approve", "return"] if yes == "won" else ["submit", "return"])
            assert not {OPEN, WAITING} & set(statuses)
        else:
            assert (yes, state, actions) == ("won", "pending", ["submit", "approve"])
            assert sorted(statuses) == [DONE, OPEN]
