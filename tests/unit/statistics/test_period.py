"""Periods: what a month is on its third day, and that steps leave no day out."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_core.errors import Invalid
from portal_core.statistics.period import PRESETS, between, preset

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2199, 12, 31))


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("code", "first", "previous"),
    [
        ("week", "2026-11-23", ("2026-11-16", "2026-11-18")),
        ("month", "2026-11-01", ("2026-10-01", "2026-10-25")),
        ("quarter", "2026-10-01", ("2026-07-01", "2026-08-25")),
        ("year", "2026-01-01", ("2025-01-01", "2025-11-25")),
    ],
)
def test_a_running_period_is_compared_with_as_many_days(code, first, previous):
    period = preset(code, day("2026-11-24"))
    assert (period.first, period.last) == (day(first), day("2026-11-24"))
    assert period.previous == tuple(map(day, previous))


def test_a_long_month_after_a_short_one_is_compared_with_all_of_it():
    assert preset("month", day("2026-03-31")).previous == (day("2026-02-01"), day("2026-03-01"))


@given(DAYS, st.integers(0, 5 * 366 - 1), st.sampled_from((*PRESETS, "range")))
def test_steps_are_the_period_cut_into_pieces(first, length, code):
    period = between(first, first + dt.timedelta(days=length)) if code == "range" else preset(code, first)
    steps = period.steps()
    assert (steps[0][0], steps[-1][1]) == period.span
    assert all(start < after for start, after in steps)
    assert all(one[1] == other[0] for one, other in zip(steps, steps[1:], strict=False))
    assert len(steps) <= 62
    assert period.previous[1] <= period.first
    assert period.previous[1] - period.previous[0] <= period.after - period.first


@pytest.mark.parametrize(("first", "last"), [("2026-11-24", "2026-11-23"), ("2020-01-01", "2026-01-01")])
def test_dates_that_make_no_period(first, last):
    with pytest.raises(Invalid) as refused:
        between(day(first), day(last))
    assert set(refused.value.fields) == {"to"}
