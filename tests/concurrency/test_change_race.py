"""Several people act on one booking, or move bookings across each other: one act wins, nobody waits long, holds stay apart."""

import datetime as dt
from collections import Counter

import pytest
from clerks import LATE, NOW, TAKEN, WON, meeting

from portal_core.api import CaseService, RightsService, Services
from portal_meetings.services.bookings import BookingService

pytestmark = pytest.mark.concurrency

LONGEST_WAIT = 2.0
ROUNDS = 25


def day(number):
    """Nine o'clock of the ``number``-th day from tomorrow."""
    return NOW.replace(hour=9, minute=0) + dt.timedelta(days=1 + number)


def file(compound, room, start, approved=False):
    """A booking of the first clerk; returns its id and version."""
    with compound.portal.database.writing() as session:
        services = Services(session, compound.portal)
        rights, cases = services.get(RightsService), services.get(CaseService)
        booking = services.get(BookingService).book(rights.identity_of(compound.clerks[0]), meeting(room, start))
        case = cases.get(booking.case_id)
        if approved:
            cases.perform(case, "approve", rights.identity_of(compound.admin), version=case.version)
        return case.id, case.version


def settled(outcomes):
    """No fault, no long wait; how often each result came."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert not errors, errors[0]
    assert max(outcome.seconds for outcome in outcomes) < LONGEST_WAIT
    return Counter(outcome.result for outcome in outcomes)


def test_one_act_on_a_pending_booking(racers, compound):
    owner, admin = compound.clerks[0], compound.admin
    for number in range(ROUNDS):
        case_id, version = file(compound, compound.room, day(number))
        jobs = [
            ("perform", (admin, case_id, version, "approve")),
            ("perform", (admin, case_id, version, "reject")),
            ("perform", (admin, case_id, version, "return")),
            ("perform", (owner, case_id, version, "withdraw")),
            ("cancel", (owner, case_id, version)),
            ("cancel", (admin, case_id, version)),
            ("change", (owner, case_id, version, compound.other, day(number))),
            ("change", (owner, case_id, version, compound.hall, day(number))),
        ]
        assert settled(racers.race(jobs)) == {WON: 1, LATE: len(jobs) - 1}
    assert compound.report().sound


def test_one_act_on_an_approved_booking(racers, compound):
    owner, admin = compound.clerks[0], compound.admin
    for number in range(ROUNDS):
        case_id, version = file(compound, compound.left, day(number), approved=True)
        jobs = [
            ("change", (owner, case_id, version, compound.right, day(number))),
            ("change", (owner, case_id, version, compound.hall, day(number))),
            ("cancel", (owner, case_id, version)),
            ("cancel", (admin, case_id, version)),
        ]
        assert settled(racers.race(jobs)) == {WON: 1, LATE: len(jobs) - 1}
    assert compound.report().sound


def test_a_change_is_decided_once(racers, compound):
    """Approving, rejecting, withdrawing and cancelling at once, while others want the old and the new time."""
    owner, admin, other = compound.clerks[0], compound.admin, compound.clerks[1]
    for number in range(ROUNDS):
        case_id, version = file(compound, compound.room, day(number), approved=True)
        assert settled(racers.race([("change", (owner, case_id, version, compound.other, day(number)))])) == {WON: 1}
        decisions = [
            ("perform", (admin, case_id, version + 1, "approve_change")),
            ("perform", (admin, case_id, version + 1, "reject_change")),
            ("perform", (owner, case_id, version + 1, "withdraw_change")),
            ("cancel", (owner, case_id, version + 1)),
        ]
        rivals = [("book", (other, room, day(number))) for room in (compound.room, compound.other)] * 4
        outcomes = racers.race(decisions + rivals)
        assert settled(outcomes[: len(decisions)]) == {WON: 1, LATE: len(decisions) - 1}
        # Each room was given up by at most one booking, so at most one rival got it.
        for first in range(2):
            assert settled(outcomes[len(decisions) + first :: 2])[WON] <= 1
    assert compound.report().sound


def test_bookings_that_change_places(racers, compound):
    """Two meetings each want the other's room, others the whole hall: lock orders cross, and still nobody deadlocks."""
    owner = compound.clerks[0]
    for number in range(ROUNDS):
        left, left_version = file(compound, compound.left, day(number))
        right, right_version = file(compound, compound.right, day(number))
        outcomes = racers.race(
            [
                ("change", (owner, left, left_version, compound.right, day(number))),
                ("change", (owner, right, right_version, compound.left, day(number))),
                ("change", (owner, left, left_version, compound.hall, day(number))),
                ("change", (owner, right, right_version, compound.hall, day(number))),
                ("cancel", (owner, right, right_version)),
                ("book", (compound.clerks[1], compound.hall, day(number))),
            ]
        )
        assert settled(outcomes).keys() <= {WON, TAKEN, LATE}
    assert compound.report().sound
