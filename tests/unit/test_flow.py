"""Flows as data: what a broken one says at the start, and the progress strip."""

from dataclasses import replace

import pytest

from portal_core.errors import StartError
from portal_core.inbox.flow import CaseHandler, State, TaskSpec, Transition, check
from portal_core.inbox.models import Case, CaseEvent
from portal_core.inbox.strip import steps
from tests.trial import APPROVE, FLOW, MANAGE

KNOWN = frozenset((APPROVE, MANAGE))
MESSAGES = frozenset(t.notify for t in FLOW.transitions if t.notify)


def changed(**fields):
    return replace(FLOW, **fields)


def with_transition(*args, **fields):
    return changed(transitions=(*FLOW.transitions, Transition(*args, **fields)))


def test_the_trial_flow_is_sound():
    check(FLOW, KNOWN, MESSAGES)


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (changed(initial="start"), "unknown state 'start'"),
        (changed(path=("pending", "done")), "unknown state 'done'"),
        (with_transition("x", "X", ("pending",), "nowhere", ("task",)), "unknown state 'nowhere'"),
        (changed(states=(*FLOW.states, State("island", "Island", final=True))), "state 'island' cannot be reached from 'draft'"),
        (changed(states=tuple(replace(s, final=False) for s in FLOW.states)), "no way out of state 'rated', which is not final"),
        (
            with_transition("approve", "X", ("pending",), "rejected", ("task",)),
            "action 'approve' leads two ways out of state 'pending'",
        ),
        (with_transition("x", "X", ("pending",), "rejected", ("trial:thing:burn",)), "unknown permission 'trial:thing:burn'"),
        (
            with_transition("x", "X", ("draft",), "pending", ("applicant",), opens=(TaskSpec("s", "S", "trial:thing:see"),)),
            "unknown permission 'trial:thing:see'",
        ),
        (
            with_transition("x", "X", ("draft",), "pending", ("applicant",), opens=(TaskSpec("s", "S"),)),
            "task 's' must go either to a permission or to the applicant",
        ),
        (
            with_transition("x", "X", ("draft",), "pending", ("applicant",), opens=(TaskSpec("s", "S", APPROVE, kind="read"),)),
            "task 's' of kind 'read' cannot be opened for a permission",
        ),
        (
            with_transition("x", "X", ("pending",), "rejected", ("applicant",), notify="trial.lost"),
            "unknown notification type 'trial.lost'",
        ),
        (
            with_transition("x", "X", ("pending",), "rejected", ("task",), negative=True),
            "action 'x' is negative and must require an opinion",
        ),
        (
            with_transition("x", "X", ("pending",), "rejected", ("task",)),
            "action 'x' answers step 'review' neither with yes nor with no",
        ),
        (
            with_transition("x", "X", ("pending",), "rejected", ("applicant",), completes="rate"),
            "an action completes 'rate', which is no configurable step",
        ),
        (
            with_transition("x", "X", ("draft",), "approved", ("applicant",), opens=(FLOW.task_specs["review"],)),
            "no action out of state 'approved' completes step 'review'",
        ),
        (
            with_transition(
                "x",
                "X",
                ("draft",),
                "pending",
                ("applicant",),
                opens=(TaskSpec("s", "S", to_applicant=True, configurable=True),),
            ),
            "step 's' is configurable and must ask for a permission",
        ),
    ],
)
def test_a_broken_flow_stops_the_start(flow, problem):
    with pytest.raises(StartError) as error:
        check(flow, KNOWN, MESSAGES)
    assert str(error.value) == f"flow trial.thing: {problem}"


def test_transitions_are_found_by_state_and_action():
    assert FLOW.transition("pending", "approve").target == "approved"
    assert FLOW.transition("approved", "approve") is None
    assert [t.action for t in FLOW.out_of("approved")] == ["cancel", "rate"]
    with pytest.raises(KeyError):
        FLOW.state("nowhere")


def strip(state, *been):
    case = Case(state=state)
    return [(step.label, step.look) for step in steps(FLOW, case, [CaseEvent(to_state=code) for code in been])]


@pytest.mark.parametrize(
    ("state", "been", "looks"),
    [
        ("pending", (), [("待审核", "now"), ("已通过", ""), ("已评价", "")]),
        ("approved", ("pending", "approved"), [("待审核", "done"), ("已通过", "now"), ("已评价", "")]),
        ("rated", ("pending", "approved", "rated"), [("待审核", "done"), ("已通过", "done"), ("已评价", "done")]),
        ("returned", ("pending", "returned"), [("待审核", "done"), ("已退回", "stop"), ("已通过", ""), ("已评价", "")]),
        ("cancelled", ("pending", "approved", "cancelled"), [("待审核", "done"), ("已通过", "done"), ("已取消", "stop")]),
        ("draft", (), [("草稿", "now"), ("待审核", ""), ("已通过", ""), ("已评价", "")]),
    ],
)
def test_the_strip_shows_where_a_case_has_been_and_goes(state, been, looks):
    assert strip(state, *been) == looks


def test_a_handler_allows_and_adds_nothing_by_itself():
    handler = CaseHandler()
    assert handler.offered(None, None, None, None)
    assert not handler.may_view(None, None, None)
    assert (handler.case_scope(None, None), handler.task_url(None, None), handler.panel(None, None)) == ("", "", ())
    assert list(handler.actions(None, None, None)) == []
