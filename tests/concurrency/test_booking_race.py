"""Many people want one room: exactly one gets it, quickly, and without the lock and the rule it would go wrong."""

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa
from clerks import NOW, TAKEN, WON

from portal_core.api import Case, Task
from portal_core.inbox.models import CaseEvent
from portal_meetings.models import Booking, Hold

pytestmark = pytest.mark.concurrency

LONGEST_WAIT = 2.0
ROUNDS = 150
HESITANT_ROUNDS = 10
HESITATION = 0.02
SLOTS_PER_DAY = 14
WINDOW, WINDOWS = 0.1, 25


def slot(number):
    """The start of the ``number``-th free hour: 14 an opening day, from tomorrow on."""
    day = NOW.replace(hour=7, minute=30) + dt.timedelta(days=1 + number // SLOTS_PER_DAY)
    return day + dt.timedelta(hours=number % SLOTS_PER_DAY)


def no_errors_and_no_long_wait(outcomes):
    """Refusals are answers; anything else that was raised is a fault, and so is a wait that people would notice."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert not errors, errors[0]
    assert max(outcome.seconds for outcome in outcomes) < LONGEST_WAIT


def test_one_winner_in_every_round(racers, compound):
    outcomes, winners = [], []
    for number in range(ROUNDS):
        jobs = [("book", (compound.clerks[i % 4], compound.room, slot(number))) for i in range(racers.count)]
        done = racers.race(jobs)
        outcomes += done
        winners.append(Counter(outcome.result for outcome in done))
    print(f"longest wait {max(outcome.seconds for outcome in outcomes):.2f} s")
    no_errors_and_no_long_wait(outcomes)
    assert winners == [Counter({WON: 1, TAKEN: racers.count - 1})] * ROUNDS
    assert compound.report().sound
    with compound.portal.database.reading() as session:
        for table in (Booking, Case, Task, CaseEvent, Hold):
            # Every racer booked once before the race.
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == ROUNDS + racers.count, table


def test_control_without_lock_and_rule_books_twice(racers, compound):
    """The same race must find the fault where there is one, else its silence would prove nothing."""
    with compound.portal.database.writing() as session:
        drop_the_rule(session)
    racers.all("behave", False, HESITATION)
    hesitant_rounds(racers, compound)
    assert compound.report().overlap_count > 0


def test_lock_alone_books_once(racers, compound):
    """What the control does, but with the lock: it suffices without the database's rule."""
    with compound.portal.database.writing() as session:
        drop_the_rule(session)
    racers.all("behave", True, HESITATION)
    outcomes = hesitant_rounds(racers, compound)
    no_errors_and_no_long_wait(outcomes)
    assert sum(outcome.result == WON for outcome in outcomes) == HESITANT_ROUNDS
    assert compound.report().sound


def test_rule_alone_books_once(racers, compound):
    """What the control does, but with the rule: whoever forgets the lock may wait for a deadlock, yet never books twice."""
    racers.all("behave", False, HESITATION)
    outcomes = hesitant_rounds(racers, compound, clerks=2)
    assert {outcome.result for outcome in outcomes if not outcome.error} == {WON, TAKEN}
    assert all("DeadlockDetected" in outcome.error for outcome in outcomes if outcome.error)
    assert compound.report().sound


def hesitant_rounds(racers, compound, clerks=8):
    """Some rounds for one room each; all outcomes."""
    outcomes = []
    for number in range(HESITANT_ROUNDS):
        outcomes += racers.race([("book", (compound.clerks[0], compound.room, slot(number)))] * clerks)
    return outcomes


def drop_the_rule(session):
    """Take away what stops two holds in the database itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("ALTER TABLE meetings_hold DROP CONSTRAINT ex_meetings_hold_overlap"))
    else:
        for act in ("insert", "update"):
            session.execute(sa.text(f"DROP TRIGGER meetings_hold_overlap_{act}"))


def test_hall_and_its_halves(racers, compound):
    """Either one gets the whole hall, or the halves go to one person each; never both, and never nobody."""
    wanted = [(compound.hall, compound.left, compound.right)[i % 3] for i in range(racers.count)]
    for number in range(25):
        jobs = [("book", (compound.clerks[i % 4], room, slot(number))) for i, room in enumerate(wanted)]
        outcomes = racers.race(jobs)
        no_errors_and_no_long_wait(outcomes)
        won = sorted(room for room, outcome in zip(wanted, outcomes, strict=True) if outcome.result == WON)
        assert won in ([compound.hall], sorted([compound.left, compound.right])), won
    assert compound.report().sound


def test_staggered_times(racers, compound):
    """Meetings of an hour that begin a quarter after each other: winners are apart, and every loser meets a winner."""
    starts = [slot(0) + dt.timedelta(minutes=15 * i) for i in range(racers.count)]
    hour = dt.timedelta(hours=1)
    for day in range(25):
        wanted = [start + dt.timedelta(days=day) for start in starts]
        jobs = [("book", (compound.clerks[i % 4], compound.other, start)) for i, start in enumerate(wanted)]
        outcomes = racers.race(jobs)
        no_errors_and_no_long_wait(outcomes)
        won = [start for start, outcome in zip(wanted, outcomes, strict=True) if outcome.result == WON]
        assert all(later - earlier >= hour for earlier, later in zip(won, won[1:], strict=False))
        assert all(any(abs(start - winner) < hour for winner in won) for start in wanted)
    assert compound.report().sound


def test_refusals_do_not_queue(racers, compound):
    """Eight people who ask for a taken room are refused at least as often, in total, as one alone.

    One and eight take turns in many short windows, so that whatever else the machine does meets both alike. Sums done in between
    tell how much more eight processes can do on this machine now: twice as much on two idle cores, but when it is busy with other
    things perhaps nothing more. Eight clients must get half of that out of it: on idle cores as much as one.
    """
    assert racers.race([("book", (compound.clerks[0], compound.room, slot(0)))])[0].result == WON
    jobs = {"be_refused": (compound.clerks[1], compound.room, slot(0), WINDOW), "compute": (WINDOW,)}
    done = Counter()
    for _turn in range(WINDOWS):
        for job, arguments in jobs.items():
            for clients in (1, 8):
                outcomes = racers.race([(job, arguments)] * clients)
                assert not any(outcome.error for outcome in outcomes)
                done[job, clients] += sum(outcome.result for outcome in outcomes)
    refusals, sums = (done[job, 8] / done[job, 1] for job in jobs)
    rate = done["be_refused", 8] / WINDOW / WINDOWS
    print(f"eight clients to one: refusals {refusals:.2f}, sums {sums:.2f}; {rate:.0f} refusals a second")
    assert refusals >= min(1, sums / 2)
