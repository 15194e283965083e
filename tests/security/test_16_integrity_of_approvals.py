"""Item 16: integrity at rest of what was approved: the timeline of a case is a chain of hashes, and is checked every night."""

import pytest
import sqlalchemy as sa

from portal_core.audit import checks
from portal_core.audit.models import ChainCheck
from portal_core.inbox import timeline
from portal_core.inbox.models import CaseEvent
from portal_core.inbox.services import CaseService
from tests import trial
from tests.trial import apply_for

_loaded_portal, people = trial._loaded_portal, trial.people


@pytest.fixture
def approved(services, people):
    """Three cases with two lines each; their ids."""
    cases = services.get(CaseService)
    made = [apply_for(services, people.clerk) for _number in range(3)]
    for case in made:
        cases.perform(case, "approve", people.li.identity, opinion="同意", version=case.version)
    services.session.flush()
    return [case.id for case in made]


def night(session):
    state = ChainCheck(chain=checks.CASES, position=0, anchor="", found="")
    return checks.check_cases(session, state), state.position


def unprotected(session):
    """The table without its triggers; the test's transaction is rolled back."""
    if session.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER core_case_event_no_{act}"))
    else:
        session.execute(sa.text("ALTER TABLE core_case_event DISABLE TRIGGER ALL"))


def test_sound_timelines_are_a_complete_round(session, approved):
    assert night(session) == (("", True), 0)


@pytest.mark.parametrize("size", [1, 2, 500])
@pytest.mark.parametrize(
    "change",
    [
        sa.update(CaseEvent).values(opinion="不同意"),
        sa.update(CaseEvent).values(actor_id=sa.null()),
        sa.update(CaseEvent).values(to_state="elsewhere"),
    ],
)
def test_a_changed_line_is_found_whatever_the_slices(session, approved, monkeypatch, size, change):
    monkeypatch.setattr(checks, "CASES_AT_ONCE", size)
    last = sa.select(sa.func.max(CaseEvent.id)).where(CaseEvent.case_id == approved[1]).scalar_subquery()
    unprotected(session)
    session.execute(change.where(CaseEvent.id == last), execution_options={"synchronize_session": False})
    session.expire_all()
    (found, complete), _position = night(session)
    assert f"case {approved[1]}," in found and not complete
    assert timeline.broken_at(session, approved[1]) is not None
    assert timeline.broken_at(session, approved[0]) is None


def test_a_line_taken_out_is_found(session, approved):
    first = sa.select(sa.func.min(CaseEvent.id)).where(CaseEvent.case_id == approved[2]).scalar_subquery()
    unprotected(session)
    session.execute(sa.delete(CaseEvent).where(CaseEvent.id == first), execution_options={"synchronize_session": False})
    session.expire_all()
    assert f"case {approved[2]}," in night(session)[0][0]


def test_one_night_looks_at_so_many_cases(session, approved, monkeypatch):
    monkeypatch.setattr(checks, "CASES_AT_ONCE", 1)
    monkeypatch.setattr(checks, "CASES_A_NIGHT", 2)
    assert night(session) == (("", False), approved[1])
