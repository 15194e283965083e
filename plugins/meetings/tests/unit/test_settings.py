"""The plugin's settings, and the forms' JSON."""

import datetime as dt

import pytest

from portal_meetings.cli import lines
from portal_meetings.services.data import from_json, to_json
from portal_meetings.services.verify import Report
from portal_meetings.settings import parse_amount, parse_days, parse_hours, part, parts


def test_parts_of_the_day(portal):
    assert [p.code for p in parts(portal.settings)] == ["am", "pm", "ev"]
    evening = part(portal.settings, "ev")
    assert (evening.begin, evening.end, evening.start, evening.stop) == (dt.time(18), dt.time(0), dt.time(18, 30), dt.time(21))
    with pytest.raises(KeyError):
        part(portal.settings, "night")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "morning",
        "09:00-12:00",
        "12:00-09:00 09:00-11:00",
        "00:00-12:00 11:00-09:00",
        "00:00-12:00 09:00-13:00",
        "00:00-25:00 09:00-11:00",
        "00:00-12:60 09:00-11:00",
        "18:00-24:00 18:30-24:00",
    ],
)
def test_hours_that_cannot_be(text):
    with pytest.raises(ValueError):
        parse_hours(text)


def test_numbers():
    assert (parse_days("30"), parse_amount("0")) == (30, 0)
    for parse, text in ((parse_days, "0"), (parse_days, "31"), (parse_amount, "-1"), (parse_days, "x")):
        with pytest.raises(ValueError):
            parse(text)


def test_a_form_survives_as_json(form):
    for data in (
        form(leaders=(("王磊", "局长"),), services={3: "10 个"}),
        form(room_id=None, starts_at=None, ends_at=None, people=None),
    ):
        assert from_json(to_json(data)) == data
    assert form().with_contact("李静", "1234567").contact == "李静"


def test_the_report_in_words():
    assert lines(Report(0, 0, 0, [], [], [])) == ["0 overlaps", "0 bookings without a hold", "0 holds without a claim"]
    text = lines(Report(1, 1, 1, [(4, 5)], [6], [7]))
    assert text[3:] == ["overlap: cases 4 and 5", "no hold: case 6", "should not hold: case 7"]
