"""Who keeps whom out of a room: buffers, divisible halls, closures, and the database's own rule."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_meetings.models import Hold
from portal_meetings.services.bookings import SlotTaken
from portal_meetings.services.closures import ClosureService
from portal_meetings.services.holds import violates_exclusion
from portal_meetings.services.verify import rule_is_in_place, verify


@pytest.fixture
def refused(bookings, other):
    """Is this form refused because the room is taken?"""

    def ask(data):
        try:
            bookings.book(other.identity, data)
        except SlotTaken:
            return True
        return False

    return ask


def test_meetings_may_touch(bookings, refused, clerk, form, at):
    bookings.book(clerk.identity, form(start=at(9)))
    assert not refused(form(start=at(10)))
    assert not refused(form(start=at(8)))


@pytest.mark.parametrize(("before", "after"), [(0, 15), (15, 0), (15, 15)])
def test_buffers_of_both_meetings_count(session, bookings, refused, floor, clerk, form, at, before, after):
    floor.tidy.buffer_before, floor.tidy.buffer_after = before, after
    session.flush()
    bookings.book(clerk.identity, form(floor.tidy, start=at(12)))
    gap = dt.timedelta(minutes=before + after)
    for start in (at(13) + gap - dt.timedelta(minutes=15), at(11) - gap + dt.timedelta(minutes=15)):
        assert refused(form(floor.tidy, start=start))
    assert not refused(form(floor.tidy, start=at(13) + gap))
    assert not refused(form(floor.tidy, start=at(11) - gap))


def test_a_hall_blocks_its_halves(bookings, refused, floor, clerk, form, at):
    bookings.book(clerk.identity, form(floor.hall))
    assert refused(form(floor.left)) and refused(form(floor.right))
    assert not refused(form(floor.left, start=at(10)))


def test_a_half_blocks_the_hall_but_not_the_other_half(bookings, refused, floor, clerk, form):
    bookings.book(clerk.identity, form(floor.left))
    assert refused(form(floor.hall))
    assert not refused(form(floor.right))


def test_a_closed_half_closes_the_hall_but_not_the_other_half(services, refused, floor, reviewer, form, at):
    services.get(ClosureService).close(floor.left.id, at(8), at(12), "换灯", reviewer.identity)
    assert refused(form(floor.left)) and refused(form(floor.hall))
    assert not refused(form(floor.right))
    assert not refused(form(floor.left, start=at(12)))


def test_the_message_of_a_closure_is_its_reason(services, bookings, clerk, floor, reviewer, form, at):
    services.get(ClosureService).close(floor.room.id, at(8), at(12), "墙面粉刷", reviewer.identity)
    with pytest.raises(SlotTaken) as caught:
        bookings.book(clerk.identity, form())
    assert [(t.title, t.state) for t in caught.value.taken] == [("墙面粉刷", "closed")]


class TestTheDatabase:
    """What the database refuses by itself, whoever writes."""

    @pytest.fixture
    def two(self, session, bookings, clerk, form, at):
        """Two bookings in a row, and a function that tells whether a statement is refused as an overlap."""
        ids = [bookings.book(clerk.identity, form(start=at(hour))).case_id for hour in (9, 10)]

        def refused(statement):
            try:
                with session.begin_nested():
                    session.execute(statement)
            except sa.exc.IntegrityError as error:
                return violates_exclusion(error)
            return False

        return ids, refused

    def hold(self, session, booking_id):
        return session.scalars(sa.select(Hold).where(Hold.booking_id == booking_id)).one()

    def values(self, hold, **changes):
        columns = ("booking_id", "space_id", "starts_at", "ends_at")
        return {column: getattr(hold, column) for column in columns} | changes

    def test_a_second_hold(self, session, two):
        (first, second), refused = two
        hold = self.hold(session, first)
        assert refused(sa.insert(Hold).values(self.values(hold, booking_id=second)))

    def test_a_moved_hold(self, session, two, at):
        (_first, second), refused = two
        assert refused(sa.update(Hold).where(Hold.booking_id == second).values(starts_at=at(9, 45)))

    def test_but_not_a_booking_beside_itself(self, session, two, at):
        (first, _second), refused = two
        hold = self.hold(session, first)
        assert not refused(sa.insert(Hold).values(self.values(hold, starts_at=at(8, 30), ends_at=at(9, 30))))
        assert not refused(sa.update(Hold).where(Hold.id == hold.id).values(starts_at=at(8)))

    def test_a_hold_around_another(self, session, two, at):
        (first, second), refused = two
        hold = self.hold(session, first)
        assert refused(sa.insert(Hold).values(self.values(hold, booking_id=second, starts_at=at(7), ends_at=at(7, day=20))))

    def test_any_other_error_is_not_taken_for_an_overlap(self, session, two):
        (first, _second), _refused = two
        hold = self.hold(session, first)
        with pytest.raises(sa.exc.IntegrityError) as caught, session.begin_nested():
            session.execute(sa.insert(Hold).values(self.values(hold, booking_id=None)))
        assert not violates_exclusion(caught.value)

    def test_the_rule_is_in_place(self, session):
        assert rule_is_in_place(session) is None


def test_verify_finds_what_is_wrong(session, bookings, clerk, form, at):
    one = bookings.book(clerk.identity, form(start=at(9)))
    two = bookings.book(clerk.identity, form(start=at(10)))
    three = bookings.book(clerk.identity, form(start=at(11)))
    assert verify(session).sound
    session.execute(sa.delete(Hold).where(Hold.booking_id == one.case_id))
    two.state = "cancelled"
    session.flush()
    report = verify(session)
    assert (report.missing, report.stray, report.overlaps) == ([one.case_id], [two.case_id], [])
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("ALTER TABLE meetings_hold DROP CONSTRAINT ex_meetings_hold_overlap"))
    else:
        session.execute(sa.text("DROP TRIGGER meetings_hold_overlap_update"))
    session.execute(sa.update(Hold).where(Hold.booking_id == three.case_id).values(starts_at=at(10, 45)))
    report = verify(session)
    assert (report.overlap_count, report.sound) == (1, False)
    assert {*report.overlaps[0]} == {two.case_id, three.case_id}
    assert rule_is_in_place(session)
