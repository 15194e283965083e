"""The base of all forms: WTForms with our translations, cleaned text, limits, and errors of services at their fields.

A form is bound to a request because labels and messages are translated when it is made. CSRF is Pyramid's business.
"""

import functools
from dataclasses import replace

from pyramid.httpexceptions import HTTPRequestEntityTooLarge
from pyramid.i18n import TranslationString
from wtforms import (
    FieldList,
    Form,
    FormField,
    HiddenField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.i18n import DummyTranslations, get_builtin_gnu_translations
from wtforms.meta import DefaultMeta
from wtforms.utils import WebobInputWrapper
from wtforms.validators import Length, StopValidation

from portal_core.i18n import CORE_DOMAIN, _, translate
from portal_core.web.text import clean_line, clean_text

# All text of one form together, in characters. Nobody types more; who sends more gets 413.
MAX_FORM_TEXT = 1_000_000
# For fields that name no limit, so that no text is too long for its column.
DEFAULT_LINE, DEFAULT_TEXT = 200, 4000


# WTForms' messages for which our catalogue has words of its own, because WTForms' Chinese is stiff or wrong (it says "greater
# than" for "at least"). They are named here so that the extraction of messages finds them.
REWORDED = (
    _("This field is required."),
    _("Field cannot be longer than %(max)d characters."),
    _("Field must be between %(min)d and %(max)d characters long."),
    _("Number must be at least %(min)s."),
    _("Number must be at most %(max)s."),
    _("Number must be between %(min)s and %(max)s."),
    _("Invalid Choice: could not coerce."),
    _("Invalid choice(s): one or more data inputs could not be coerced."),
    _("Not a valid choice."),
    _("Not a valid integer value."),
    _("Not a valid date value."),
    _("Not a valid time value."),
)


@functools.cache
def _wtforms_catalogue(language):
    """WTForms' own messages in ``language`` (``zh_CN``), or None when it has none (English is its source)."""
    try:
        return get_builtin_gnu_translations([language])
    except OSError:
        return None


class FormTranslations:
    """What WTForms asks for its default messages: our wording first, where we have one, then WTForms' own."""

    def __init__(self, localizer):
        self._localizer = localizer
        self._catalogue = _wtforms_catalogue(localizer.locale_name)

    def gettext(self, string):
        """``string`` in the reader's language."""
        ours = translate(self._localizer, string)
        if ours != string or self._catalogue is None:
            return ours
        return self._catalogue.gettext(string)

    def ngettext(self, singular, plural, n):
        """``singular`` or ``plural``, whichever fits ``n``, in the reader's language. Ours has one form for both."""
        ours = translate(self._localizer, plural)
        if ours != plural:
            return ours
        if self._catalogue is None:
            return singular if n == 1 else plural
        return self._catalogue.ngettext(singular, plural, n)


class PortalMeta(DefaultMeta):
    """How forms find their request, translate and clean."""

    request = None
    _parent_form = None

    def get_request(self):
        """The request of this form, or of the form around it; None when the form stands alone (a blank row)."""
        parent = self._parent_form
        return self.request or (parent.meta.get_request() if parent is not None else None)

    def get_translations(self, form):
        """WTForms' hook for its default messages."""
        request = self.get_request()
        return FormTranslations(request.localizer) if request is not None else DummyTranslations()

    def wrap_formdata(self, form, formdata):
        """WTForms' hook for input: refuses more text than a form can hold."""
        if formdata is None:
            return None
        if hasattr(formdata, "items") and sum(len(v) for v in formdata.values() if isinstance(v, str)) > MAX_FORM_TEXT:
            raise HTTPRequestEntityTooLarge()
        return WebobInputWrapper(formdata) if hasattr(formdata, "getall") else super().wrap_formdata(form, formdata)

    def bind_field(self, form, unbound_field, options):
        """WTForms' hook for making a field: translated texts, cleaned input, a limit where none is given."""
        field = super().bind_field(form, unbound_field, options)
        field.label.text = self.translate(field.label.text)
        field.description = self.translate(field.description)
        if isinstance(choices := unbound_field.kwargs.get("choices"), (list, tuple)):
            field.choices = [replace(choice, label=self.translate(choice.label)) for choice in choices]
        if isinstance(field, StringField) and not isinstance(field, PasswordField):
            _restrain(field)
        return field

    def translate(self, text):
        """``text`` in the reader's language when it is a translation string; anything else as it is."""
        request = self.get_request()
        if request is None or not isinstance(text, TranslationString):
            return text
        return translate(request.localizer, text, text.domain or CORE_DOMAIN)


def _restrain(field):
    """Clean what is typed into ``field``, nothing being empty text, and give it a limit if it has none."""
    many_lines = isinstance(field, TextAreaField)
    clean = clean_text if many_lines else clean_line
    field.filters = (lambda value: clean(value) if isinstance(value, str) else "", *field.filters)
    if not any(isinstance(validator, Length) for validator in field.validators):
        limit = Length(max=DEFAULT_TEXT if many_lines else DEFAULT_LINE)
        field.validators = [*field.validators, limit]
        field.flags.maxlength = limit.max


class Filled:
    """A validator: the field must hold something.

    The message names the field: 请填写会议名称; with ``choose=True``: 请选择会议类型.
    """

    def __init__(self, choose=False):
        self._message = _("Please choose: ${label}") if choose else _("Please fill in: ${label}")
        self.field_flags = {"required": True}

    def __call__(self, form, field):
        # Cleaning may have left nothing of what was typed.
        if any(_is_given(value) for value in field.raw_data or ()) and field.data != "":
            return
        # Nothing was sent: that it is no number or no choice either need not be said.
        field.errors[:] = []
        raise StopValidation(self._message % {"label": field.label.text})


def _is_given(value):
    # A file field that was left empty arrives as b"", an upload as an object that is no truth value.
    return bool(value.strip()) if isinstance(value, (str, bytes)) else value is not None


class TickBoxes(SelectMultipleField):
    """Several choices as tick boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class VersionField(HiddenField):
    """The version of what the person saw when the form was made; a service compares it with the present one."""

    @property
    def seen(self) -> int:
        """The number; 0, which never is a version, when it was tampered with."""
        text = self.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0


class PortalForm(Form):
    """The base class of forms.

    ``PortalForm(request)`` is empty, ``PortalForm(request, request.POST)`` holds what was sent, ``obj`` or ``data`` (a dict)
    prefill it. A form inside another (``FormField``) is made by WTForms and finds the request of the outer one.
    """

    Meta = PortalMeta

    def __init__(self, request=None, formdata=None, obj=None, prefix="", data=None, meta=None, **kwargs):
        super().__init__(formdata, obj, prefix=prefix, data=data, meta={"request": request, **(meta or {})}, **kwargs)

    def validate(self, extra_validators=None):
        """Check all fields; True when all are right. Messages are in the reader's language afterwards."""
        valid = super().validate(extra_validators)
        for field in self:
            self._translate_errors(field)
        return valid

    def add_errors(self, error):
        """Put the messages of a refused service call (``portal_core.errors.ServiceError``) where the person finds them."""
        for name, message in getattr(error, "fields", {}).items():
            if name in self:
                self[name].errors = [*self[name].errors, self.meta.translate(message)]
            else:
                self.form_errors.append(self.meta.translate(message))
        if error.message:
            self.form_errors.append(self.meta.translate(error.message))

    def _translate_errors(self, field):
        if isinstance(field, FormField):
            return  # The inner form is a PortalForm and has translated its own.
        if isinstance(field, FieldList):
            for entry in field.entries:
                self._translate_errors(entry)
        field.errors = [self.meta.translate(error) for error in field.errors]
