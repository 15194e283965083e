"""The form base, cleaning of text, and parameters of addresses."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPRequestEntityTooLarge
from pyramid.i18n import make_localizer
from pyramid.path import AssetResolver
from webob import Request
from webob.multidict import MultiDict
from wtforms import (
    DateField,
    FieldList,
    FileField,
    FormField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange

from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.web.forms import DEFAULT_LINE, Filled, PortalForm
from portal_core.web.params import choice_param, date_param, int_param, path_id, text_param
from portal_core.web.text import clean_line, clean_text


class Chinese:
    """As much of a request as a form needs."""

    localizer = make_localizer("zh_CN", [AssetResolver().resolve("portal_core:locale").abspath()])


class English:
    """The same for an English reader."""

    localizer = make_localizer("en", [])


class Row(PortalForm):
    """One row."""

    name = StringField(_("Name"), [Filled()])


class Photo(PortalForm):
    """A form that needs a file."""

    upload = FileField("照片", [Filled(choose=True)])


class Sample(PortalForm):
    """A form with one field of every sort."""

    title = StringField(_("Name"), [Filled(), Length(max=10)])
    note = TextAreaField(_("Phone"))
    count = IntegerField(_("Unit"), [Filled(), NumberRange(1, 9)])
    day = DateField(_("Address"), [Filled(choose=True)])
    kind = SelectField(_("Browser"), coerce=int, choices=[SelectChoice(1, _("Save"))], validators=[Filled(choose=True)])
    rows = FieldList(FormField(Row), max_entries=3)


def sent(request=Chinese, **fields):
    """A form with what was sent: sensible values but for ``fields``."""
    values = {"title": "例会", "count": "3", "day": "2026-11-24", "kind": "1"} | fields
    return Sample(request, MultiDict(values))


def test_a_sensible_form_is_valid():
    form = sent()
    assert form.validate(), form.errors
    assert form.data["day"] == dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", "请填写姓名"),
        ("title", " \u3000\t", "请填写姓名"),
        ("title", "\u200b\u202e", "请填写姓名"),
        ("title", "x" * 11, "最多 10 个字符"),
        ("count", "", "请填写单位"),
        ("count", "zwei", "请填写整数"),
        ("count", "9" * 5000, "请填写整数"),
        ("count", "10", "应在 1 到 9 之间"),
        ("count", "-1\x00", "请填写整数"),
        ("day", "", "请选择地址"),
        ("day", "2026-02-30", "请填写有效的日期"),
        ("kind", "", "请选择浏览器"),
        ("kind", "7", "请从列表中选择"),
        ("kind", "seven", "请从列表中选择"),
        ("note", "x" * 4001, "最多 4000 个字符"),
    ],
)
def test_every_wrong_value_has_a_message(field, value, message):
    form = sent(**{field: value})
    assert not form.validate()
    assert set(form.errors) == {field}
    assert form[field].errors[0] == message


def test_everything_is_missing():
    form = Sample(Chinese, MultiDict())
    assert not form.validate()
    assert form.errors == {
        "title": ["请填写姓名"],
        "count": ["请填写单位"],
        "day": ["请选择地址"],
        "kind": ["请选择浏览器"],
    }


def test_labels_choices_and_messages_speak_the_readers_language():
    form = sent(English, title="", kind="7")
    form.validate()
    assert form.title.label.text == "Name" and form.title.errors == ["Please fill in: Name"]
    assert [choice.label for choice in sent().kind.choices] == ["保存"]
    assert form.kind.errors[0] == "Not a valid choice."


def test_inner_forms_find_the_request():
    form = sent(**{"rows-0-name": "", "rows-1-name": "x"})
    assert not form.validate()
    assert form.rows[0].form.name.errors == ["请填写姓名"]
    assert form.rows[0].form.name.label.text == "姓名"


def test_text_is_cleaned():
    form = sent(title=" 例 \x07\t会\u202e ", note=" a\r\nb\rc\x00 ")
    assert form.title.data == "例 会"
    assert form.note.data == "a\nb\nc"


def test_a_field_without_a_limit_gets_one():
    assert sent().note.flags.maxlength == 4000
    assert Row(Chinese).name.flags.maxlength == DEFAULT_LINE


def test_too_much_text_is_refused_as_a_whole():
    with pytest.raises(HTTPRequestEntityTooLarge):
        sent(unknown="x" * 1_000_001)


class Upload:
    """An uploaded file, which like WebOb's is no truth value."""

    filename = "x.jpg"

    def __bool__(self):
        raise TypeError


def test_a_file_that_must_be_chosen():
    assert Photo(Chinese, MultiDict(upload=Upload())).validate()
    for nothing in (MultiDict(), MultiDict(upload=b"")):
        form = Photo(Chinese, nothing)
        assert not form.validate() and form.upload.errors == ["请选择照片"]


def test_a_text_field_that_was_not_sent_is_empty_text():
    assert sent().note.data == ""
    assert Sample(Chinese, data={"note": None}).note.data == ""


def test_messages_of_services_reach_their_fields():
    form = sent()
    form.validate()
    form.add_errors(Invalid(_("Save"), {"title": _("Cancel"), "elsewhere": _("Unit")}))
    assert form.title.errors == ["取消"]
    assert form.form_errors == ["单位", "保存"]


@given(st.text())
def test_cleaning_is_idempotent_and_leaves_no_control_characters(text):
    for clean in (clean_line, clean_text):
        once = clean(text)
        assert clean(once) == once
        assert all(c in "\n\t" or ord(c) >= 32 for c in once)
    assert "\n" not in clean_line(text)


def asked(query):
    """A request for ``/?query``."""
    return Request.blank("/?" + query)


def test_parameters_have_defaults():
    request = asked("n=&d=+&c=&t=")
    assert int_param(request, "n", 7) == 7 and int_param(request, "missing") is None
    assert date_param(request, "d", dt.date(2026, 1, 1)) == dt.date(2026, 1, 1)
    assert choice_param(request, "c", ("a",), "a") == "a"
    assert text_param(request, "t") == ""


def test_parameters_are_read():
    request = asked("n=12&d=2026-11-24&c=pm&t=+%E4%BC%9A++%E8%AE%AE%07+")
    assert int_param(request, "n") == 12
    assert date_param(request, "d") == dt.date(2026, 11, 24)
    assert choice_param(request, "c", ("am", "pm")) == "pm"
    assert text_param(request, "t") == "会 议"


@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "-1", "%D9%A3", "9999999999999999999", "9" * 5000, "0x10", "1_0", "%00"])
def test_nonsense_for_a_number(value):
    with pytest.raises(HTTPBadRequest):
        int_param(asked(f"n={value}"), "n")


@pytest.mark.parametrize("value", ["x", "2026-02-30", "20261124", "2026-W48-2", "0001-01-01", "9999-12-31", "2026-11-24T00:00"])
def test_nonsense_for_a_date(value):
    with pytest.raises(HTTPBadRequest):
        date_param(asked(f"d={value}"), "d")


def test_nonsense_for_a_choice_or_a_text():
    with pytest.raises(HTTPBadRequest):
        choice_param(asked("c=zz"), "c", ("am",))
    with pytest.raises(HTTPBadRequest):
        text_param(asked("t=" + "x" * 101), "t")


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "9223372036854775808", "9" * 50, "١"])
def test_what_can_be_no_id_is_not_found(value):
    request = asked("")
    request.matchdict = {"id": value}
    with pytest.raises(HTTPNotFound):
        path_id(request)


def test_an_id():
    request = asked("")
    request.matchdict = {"id": "9223372036854775807"}
    assert path_id(request) == 2**63 - 1
