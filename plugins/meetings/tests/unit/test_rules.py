"""What a booking form must keep, rule by rule."""

import datetime as dt

import pytest

from portal_core.api import Invalid
from portal_meetings.models import ServiceItem
from portal_meetings.services.rules import BookingRules


@pytest.fixture
def check(services, clerk):
    return lambda data, person=clerk: services.get(BookingRules).check(person.identity, data)


def wrong(check, data, **arguments):
    """The names of the fields that are marked."""
    with pytest.raises(Invalid) as caught:
        check(data, **arguments)
    assert all(caught.value.fields.values())
    return set(caught.value.fields)


def test_a_good_form_passes(check, form, floor):
    checked = check(form(services={floor.signs.id: "10 个", floor.tea.id: ""}))
    assert checked.room is floor.room
    assert set(checked.items) == {floor.signs.id, floor.tea.id}


@pytest.mark.parametrize(
    ("fields", "marked"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 61}, "title"),
        ({"kind": "party-time"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"people": None}, "people"),
        ({"people": 0}, "people"),
        ({"people": 31}, "people"),
        ({"contact": ""}, "contact"),
        ({"phone": ""}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"note": "字" * 1001}, "note"),
        ({"leaders": (("", "局长"),)}, "leaders"),
        ({"leaders": (("王磊", "局长"),) * 21}, "leaders"),
        ({"room_id": None}, "room"),
        ({"room_id": 999_999}, "room"),
        ({"starts_at": None}, "start"),
        ({"ends_at": None}, "end"),
        ({"services": {999_999: ""}}, "svc_999999"),
    ],
)
def test_each_field_is_marked(check, form, fields, marked):
    assert wrong(check, form(**fields)) == {marked}


def test_everything_wrong_is_told_at_once(check, form):
    assert wrong(check, form(title="", people=None, phone="", starts_at=None)) == {"title", "people", "phone", "start"}


def test_the_message_names_the_capacity(check, form):
    with pytest.raises(Invalid) as caught:
        check(form(people=31))
    assert "30" in caught.value.fields["people"].interpolate()


def test_end_after_start(check, form, at):
    assert wrong(check, form(ends_at=at(9))) == {"end"}
    assert wrong(check, form(ends_at=at(8))) == {"end"}


def test_steps_of_a_quarter(check, form, at):
    assert wrong(check, form(start=at(9, 10))) == {"start", "end"}


def test_not_in_the_past(check, form, at):
    assert wrong(check, form(start=at(9, day=0))) == {"start"}
    check(form(start=at(9, 30, day=0)))


def test_notice(services, check, form, at):
    services.portal.settings["meetings.min_notice_minutes"] = 120
    assert wrong(check, form(start=at(11, day=0))) == {"start"}
    check(form(start=at(11, 30, day=0)))


def test_not_too_far_ahead(check, form, at):
    assert wrong(check, form(start=at(9, day=366))) == {"date"}
    check(form(start=at(9, day=365)))


def test_not_too_long(check, form, at):
    check(form(start=at(9), ends_at=at(9, day=8)))
    assert wrong(check, form(start=at(9), ends_at=at(9, 15, day=8))) == {"end"}


def test_opening_hours(check, form, at):
    assert wrong(check, form(start=at(6, 45))) == {"start"}
    assert wrong(check, form(start=at(21, 15))) == {"end"}
    check(form(start=at(21)))
    # The nights between the days of a long meeting do not matter.
    check(form(start=at(20), ends_at=at(8, day=3)))


def test_open_until_midnight(check, form, floor, at):
    floor.room.open_to = dt.time()
    check(form(start=at(23)))
    assert wrong(check, form(start=at(23, 15))) == {"end"}


def test_restricted_room(check, form, floor, make_user):
    assert wrong(check, form(floor.reserved)) == {"room"}
    check(form(floor.reserved), person=make_user(permissions=[("meetings:room:book", floor.reserved.scope)]))


def test_room_out_of_use(check, form, floor):
    floor.room.active = False
    assert wrong(check, form()) == {"room"}


def test_a_ticked_service_with_a_question_needs_an_answer(check, form, floor):
    assert wrong(check, form(services={floor.signs.id: "  "})) == {f"svc_{floor.signs.id}_text"}
    assert wrong(check, form(services={floor.signs.id: "字" * 201})) == {f"svc_{floor.signs.id}_text"}


def test_a_service_that_is_no_longer_offered(session, check, form):
    item = ServiceItem(label="横幅", active=False)
    session.add(item)
    session.flush()
    assert wrong(check, form(services={item.id: ""})) == {f"svc_{item.id}"}
