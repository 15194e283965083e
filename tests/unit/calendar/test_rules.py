"""Working time: what holds for every start and every length, and the days that are special."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_core.calendar.rules import SEASONS, Calendar, Override, Season
from portal_core.clock import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOCK = Clock()


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def day(text):
    return dt.date.fromisoformat(text)


def spans(*texts):
    times = [dt.time.fromisoformat(text) for text in texts]
    return tuple(zip(times[::2], times[1::2], strict=True))


OWN_DAYS = {
    day("2026-11-25"): Override(False, note="停电"),
    day("2026-11-28"): Override(True, spans("09:00", "11:00"), note="值班"),
    day("2026-12-30"): Override(True),
    day("2027-01-01"): Override(False),
}
PLAIN, OWN = Calendar(CLOCK), Calendar(CLOCK, SEASONS, OWN_DAYS)

calendars = st.sampled_from([PLAIN, OWN])
# Years that are known, the turn to one that is not, and the edges of the seasons.
starts = st.integers(0, 437 * 24 * 60).map(lambda minutes: at("2025-12-20 00:00") + dt.timedelta(minutes=minutes))
# Minutes, so that sums of parts of hours are exact.
hours = st.integers(0, 200 * 60).map(lambda minutes: minutes / 60)


@given(calendars, starts, starts, hours)
def test_who_starts_later_is_due_no_earlier(calendar, one, other, length):
    early, late = sorted((one, other))
    assert calendar.due_after(early, length) <= calendar.due_after(late, length)


@given(calendars, starts, hours, hours)
def test_lengths_add_up(calendar, start, first, second):
    once = calendar.due_after(start, round((first + second) * 60) / 60)
    assert calendar.due_after(calendar.due_after(start, first), second) == once


@given(calendars, starts, hours)
def test_between_start_and_due_lies_exactly_the_length(calendar, start, length):
    assert calendar.working_time(start, calendar.due_after(start, length)) == dt.timedelta(hours=length)


@given(calendars, starts, hours)
def test_due_lies_within_office_hours_of_a_working_day(calendar, start, length):
    due = calendar.due_after(start, length)
    assert due >= start
    due_day = due.astimezone(SHANGHAI).date()
    assert calendar.is_working_day(due_day)
    assert any(opening <= due <= closing for opening, closing in calendar.hours(due_day))


@given(calendars, starts, st.integers(1, 60))
def test_due_in_days_is_the_end_of_the_nth_working_day(calendar, start, days):
    due = calendar.due_in_days(start, days)
    first, last = start.date(), due.astimezone(SHANGHAI).date()
    between = [first + dt.timedelta(days=n + 1) for n in range((last - first).days)]
    assert sum(map(calendar.is_working_day, between)) == days
    assert due == calendar.hours(last)[-1][1]


@given(calendars, starts, starts, starts)
def test_working_time_of_neighbouring_times_adds_up(calendar, one, two, three):
    first, middle, last = sorted((one, two, three))
    whole = calendar.working_time(first, last)
    assert calendar.working_time(first, middle) + calendar.working_time(middle, last) == whole
    assert calendar.working_time(last, first) == (dt.timedelta() if first < last else whole)


@given(calendars, st.dates(dt.date(1990, 1, 1), dt.date(2199, 12, 31)))
def test_days_off_have_no_hours_and_working_days_have(calendar, any_day):
    assert bool(calendar.hours(any_day)) == calendar.is_working_day(any_day)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-11-24 09:30", 4, "2026-11-24 15:30"),
        ("2026-11-24 09:30", 2.5, "2026-11-24 12:00"),
        ("2026-11-24 12:30", 0, "2026-11-24 14:00"),
        ("2026-11-24 16:30", 1, "2026-11-25 09:00"),
        ("2026-11-27 16:30", 4, "2026-11-30 12:00"),  # over a weekend
        ("2026-06-30 16:30", 1, "2026-07-01 09:00"),  # the last day that ends at 17:00 …
        ("2026-07-01 16:30", 1, "2026-07-01 17:30"),  # … and the first that ends at 17:30
        ("2026-09-15 17:00", 1, "2026-09-16 09:00"),
        ("2026-09-16 16:30", 1, "2026-09-17 09:00"),
        ("2026-09-30 16:30", 1, "2026-10-08 09:00"),  # national day, 1 to 7 October
        ("2026-02-13 16:30", 1, "2026-02-14 09:00"),  # a Saturday that makes up for the Spring Festival
        ("2026-12-31 16:30", 1, "2027-01-01 09:00"),  # a year that nobody knows has weekends only
    ],
)
def test_examples(start, length, due):
    assert PLAIN.due_after(at(start), length) == at(due)


def test_make_up_days_work_and_holidays_do_not():
    assert PLAIN.is_working_day(day("2026-02-14")) and day("2026-02-14").weekday() == 5
    assert not PLAIN.is_working_day(day("2026-02-17"))
    assert PLAIN.is_working_day(day("2026-10-10")) and not PLAIN.is_working_day(day("2026-10-11"))


def test_an_administrator_s_word_is_stronger():
    assert not OWN.is_working_day(day("2026-11-25"))
    assert OWN.due_after(at("2026-11-24 16:30"), 1) == at("2026-11-26 09:00")
    assert OWN.spans(day("2026-11-28")) == spans("09:00", "11:00"), "its own hours"
    assert OWN.spans(day("2026-12-30")) == SEASONS[1].spans, "else those of the season"


def test_before_the_year_s_first_season_the_last_one_goes_on():
    winter, summer = Season(11, 1, spans("09:00", "12:00")), Season(4, 1, spans("08:00", "12:00"))
    calendar = Calendar(CLOCK, (winter, summer))
    found = [calendar.season(day(text)) for text in ("2026-01-01", "2026-03-31", "2026-04-01", "2026-10-31", "2026-11-01")]
    assert found == [winter, winter, summer, summer, winter]


def test_lengths_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="past"):
        PLAIN.due_after(at("2026-11-24 09:30"), -1)
    with pytest.raises(ValueError, match="future"):
        PLAIN.due_in_days(at("2026-11-24 09:30"), 0)
