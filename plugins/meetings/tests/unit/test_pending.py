"""会议审核: what waits, with what is around it, and acting on many at once (A20)."""

import datetime as dt

import pytest

from portal_core.api import CaseService, Invalid
from portal_core.testing.fixtures import count_statements
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.pending import BATCH_MAX, PendingService


@pytest.fixture
def pending(services):
    return services.get(PendingService)


@pytest.fixture
def versions(services):
    """``(case id, version)`` of bookings, as the queue's form sends them."""
    return lambda *bookings: [(b.case_id, services.get(CaseService).get(b.case_id).version) for b in bookings]


def test_order_and_age(portal, pending, bookings, clerk, reviewer, form, at):
    later = bookings.book(clerk.identity, form(start=at(16)))
    portal.clock.advance(hours=2)
    sooner = bookings.book(clerk.identity, form(start=at(9)))
    portal.clock.advance(minutes=30)
    assert [w.case_id for w in pending.queue(reviewer.identity)] == [sooner.case_id, later.case_id]
    oldest = pending.queue(reviewer.identity, "oldest")
    assert [(w.case_id, w.waits) for w in oldest] == [
        (later.case_id, dt.timedelta(hours=2, minutes=30)),
        (sooner.case_id, dt.timedelta(minutes=30)),
    ]


def test_a_change_shows_what_is_proposed(pending, bookings, approved, clerk, reviewer, floor, form, at):
    booking = approved(form())
    bookings.change(booking, clerk.identity, form(floor.tidy, start=at(14)), booking.case.version)
    (waiting,) = pending.queue(reviewer.identity)
    assert (waiting.is_change, waiting.room_id, waiting.starts_at, waiting.ends_at) == (True, floor.tidy.id, at(14), at(15))


def test_neighbours_and_conflicts(services, pending, bookings, clerk, reviewer, floor, form, at):
    for room, hour in ((floor.left, 9), (floor.right, 11), (floor.hall, 15), (floor.room, 10)):
        bookings.book(clerk.identity, form(room, start=at(hour), title=f"{room.name} {hour}"))
    services.get(ClosureService).close(floor.hall.id, at(15), at(16), "彩排", reviewer.identity)
    rows = {w.room_name: w for w in pending.queue(reviewer.identity)}
    # The other half is no neighbour of the left one, the hall would be, but is hours away.
    assert rows["left"].neighbours == ()
    assert rows["room"].neighbours == ()
    assert [(n.title, n.closed) for n in rows["hall"].conflicts] == [("彩排", True)]
    bookings.book(clerk.identity, form(floor.hall, start=at(13), title="hall 13"))
    rows = {w.title: w for w in pending.queue(reviewer.identity)}
    assert [n.title for n in rows["right 11"].neighbours] == ["hall 13"]
    assert [n.title for n in rows["hall 13"].neighbours] == ["right 11", "hall 15"]


def test_four_statements_whatever_the_number(portal, pending, bookings, clerk, reviewer, form, at):
    for hour in (8, 10, 12, 14):
        bookings.book(clerk.identity, form(start=at(hour)))
    with count_statements(portal.database.engine) as statements:
        assert len(pending.queue(reviewer.identity)) == 4
    assert statements.count <= 4


class TestBatch:
    def test_each_by_itself(self, pending, bookings, act, clerk, reviewer, form, at, versions):
        good, stale, late = (bookings.book(clerk.identity, form(start=at(hour))) for hour in (9, 11, 14))
        chosen = [*versions(good, stale, late), (999_999, 1)]
        act(stale, "withdraw", clerk)
        act(late, "approve", reviewer)
        outcomes = {o.case_id: str(o.message) for o in pending.act(reviewer.identity, chosen, "approve")}
        assert outcomes[good.case_id] == ""
        assert all(outcomes[case] for case in (stale.case_id, late.case_id, 999_999))
        assert (good.state, stale.state, late.state) == ("approved", "withdrawn", "approved")

    def test_changes_too(self, pending, bookings, approved, clerk, reviewer, form, at, versions):
        booking = approved(form())
        bookings.change(booking, clerk.identity, form(start=at(14)), booking.case.version)
        assert pending.act(reviewer.identity, versions(booking), "reject", "不行")[0].message == ""
        assert (booking.state, booking.starts_at) == ("approved", at(9))

    def test_others_rooms_look_unknown(self, pending, bookings, clerk, floor, form, make_user, versions):
        booking = bookings.book(clerk.identity, form())
        stranger = make_user(permissions=[("meetings:booking:approve", floor.tidy.scope)])
        (outcome,) = pending.act(stranger.identity, versions(booking), "approve")
        assert (outcome.number, bool(outcome.message), booking.state) == ("", True, "pending")

    @pytest.mark.parametrize(
        ("chosen", "action", "opinion"),
        [
            ([], "approve", ""),
            ([(1, 1)], "explode", ""),
            ([(1, 1)], "reject", " "),
            ([(n, 1) for n in range(BATCH_MAX + 1)], "approve", ""),
        ],
    )
    def test_what_is_refused_as_a_whole(self, pending, reviewer, chosen, action, opinion):
        with pytest.raises(Invalid):
            pending.act(reviewer.identity, chosen, action, opinion)
