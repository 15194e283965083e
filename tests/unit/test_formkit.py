"""The helpers of the form macros: error links, kinds of fields, repeating rows."""

import re

import pytest
from webob.multidict import MultiDict
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal_core.formkit import blank_row, change_rows, control, error_links, kind_of


class Leader(Form):
    name = StringField("Name", [DataRequired("Name?")])
    post = StringField("Post")


class Booking(Form):
    title = StringField("Title", [DataRequired("Title?")], description="short")
    people = IntegerField("People")
    urgency = RadioField("Urgency", [InputRequired("Urgency?")], choices=[SelectChoice("n", "low"), SelectChoice("u", "high")])
    days = SelectMultipleField("Days", choices=[SelectChoice("1", "Mon")], widget=ListWidget(), option_widget=CheckboxInput())
    public = BooleanField("Public")
    files = FileField("Files")
    token = HiddenField()
    leaders = FieldList(FormField(Leader), label="Leaders", max_entries=2)


def submitted(**fields):
    form = Booking(MultiDict(fields))
    form.validate()
    return form


def test_a_group_of_radios_is_linked_at_its_first_radio():
    links = {link.label: link.target for link in error_links(submitted())}
    assert links == {"Title": "title", "Urgency": "urgency-0"}


def test_an_error_in_a_row_is_linked_at_its_own_field_with_the_row_named():
    form = submitted(**{"title": "x", "urgency": "n", "leaders-0-name": "A", "leaders-3-post": "B"})
    (link,) = error_links(form)
    assert (link.rows, link.number, link.label) == ("Leaders", 2, "Name")
    assert f'id="{link.target}"' in form.leaders.entries[1].form.name()


def test_errors_of_the_list_itself_are_linked_at_the_list():
    form = submitted(title="x", urgency="n")
    form.leaders.errors = ["Too many"]
    assert [(link.target, link.message) for link in error_links(form)] == [("leaders", "Too many")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("title", "plain"),
        ("people", "plain"),
        ("urgency", "group"),
        ("days", "group"),
        ("public", "checkbox"),
        ("files", "file"),
        ("token", "hidden"),
    ],
)
def test_how_a_field_is_drawn(name, kind):
    assert kind_of(Booking()[name]) == kind


def test_the_control_says_that_it_is_wrong_and_where_the_message_stands():
    html = control(submitted().title, hint="short", extra={"placeholder": "x", "lang": None})
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="title-hint title-err"' in html
    assert 'placeholder="x"' in html
    assert "lang" not in html


def test_a_control_without_hint_and_error_describes_nothing():
    html = control(submitted(title="x").title)
    assert "aria-" not in html


def test_the_blank_row_differs_from_a_real_one_only_in_its_number():
    form = Booking()
    blank = "".join(field() for field in blank_row(form.leaders).form)
    real = "".join(field() for field in form.leaders.append_entry().form)
    assert re.sub("__i__", "0", blank) == real
    assert len(form.leaders) == 1


def test_add_appends_a_row_up_to_the_limit():
    form = Booking(MultiDict({"leaders-0-name": "A", "_add": "leaders"}))
    assert change_rows(form, MultiDict({"_add": "leaders"}))
    assert change_rows(form, MultiDict({"_add": "leaders"}))
    assert len(form.leaders) == 2


def test_remove_takes_the_named_row_and_keeps_the_others():
    form = Booking(MultiDict({"leaders-0-name": "A", "leaders-1-name": "B"}))
    assert change_rows(form, MultiDict({"_remove": "leaders-0"}))
    assert [row["name"] for row in form.leaders.data] == ["B"]


@pytest.mark.parametrize("post", [{}, {"_add": "title"}, {"_remove": "leaders-9"}, {"_add": "nonsense", "_remove": ""}])
def test_other_buttons_are_left_to_the_view(post):
    form = Booking(MultiDict({"leaders-0-name": "A"}))
    assert not change_rows(form, MultiDict(post))
    assert len(form.leaders) == 1
