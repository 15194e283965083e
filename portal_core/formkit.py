"""What the form macros (``templates/forms.pt``) need to know about WTForms fields, and the two buttons of repeating rows."""

from dataclasses import dataclass, replace

from wtforms import FieldList, FormField, RadioField, SelectMultipleField

# Stands for the row number in the blank row that the browser copies (assets_src/js/elements/rows.js).
BLANK_INDEX = "__i__"


@dataclass(frozen=True)
class ErrorLink:
    """One line of the error summary: a link to the element ``target``. ``rows`` and ``number``: which row of which list."""

    target: str
    label: str
    message: str
    rows: str | None = None
    number: int | None = None


def error_links(form) -> list[ErrorLink]:
    """All errors of a form in the order of its fields, those of repeating rows and sub-forms included."""
    links = []
    for field in form:
        links += _links_of(field)
    return links


def _links_of(field):
    if isinstance(field, FieldList):
        links = [
            replace(link, rows=field.label.text, number=number)
            for number, row in enumerate(field.entries, 1)
            for link in _links_of(row)
        ]
        # A list's own errors (too many rows) are strings; those of its rows are lists and already linked.
        own = [error for error in field.errors if isinstance(error, str)]
        return links + [ErrorLink(field.id, field.label.text, error) for error in own]
    if isinstance(field, FormField):
        return error_links(field.form)
    if not field.errors:
        return []
    return [ErrorLink(focusable_id(field), field.label.text, field.errors[0])]


def focusable_id(field) -> str:
    """The id of the element that takes the focus: for a group of radios or tick boxes its first one, for rows the list."""
    if is_group(field):
        first = next(iter(field), None)
        return first.id if first is not None else field.id
    return field.id


def is_group(field) -> bool:
    """Whether the field is drawn as several radios or tick boxes."""
    return isinstance(field, RadioField) or (isinstance(field, SelectMultipleField) and not hasattr(field.widget, "multiple"))


def kind_of(field) -> str:
    """How to draw a field: ``group``, ``checkbox``, ``file``, ``hidden``, or ``plain`` for everything with a label above."""
    if is_group(field):
        return "group"
    input_type = getattr(field.widget, "input_type", "")
    return input_type if input_type in ("checkbox", "file", "hidden") else "plain"


def described_by(field, hint=None) -> str | None:
    """Ids for ``aria-describedby``: of the hint and of the error, where there are any."""
    ids = [f"{field.id}-hint"] if hint else []
    if field.errors:
        ids.append(f"{field.id}-err")
    return " ".join(ids) or None


def control(field, hint=None, extra=None, css="in"):
    """The field's own HTML with class, ``aria-invalid`` and ``aria-describedby``.

    Args:
        field: a bound WTForms field.
        hint: whether (truthy) a hint with the id ``<field>-hint`` stands beside it.
        extra: more attributes, e.g. ``{'placeholder': …}``; None values are left out.
        css: class of the control.
    """
    attributes = {
        "class": css or None,
        "aria-invalid": "true" if field.errors else None,
        "aria-describedby": described_by(field, hint),
        **(extra or {}),
    }
    return field(**{name: value for name, value in attributes.items() if value is not None})


def blank_row(rows: FieldList):
    """An empty row of a field list whose names and ids hold ``BLANK_INDEX`` instead of a number."""
    prefix = rows.name[: len(rows.name) - len(rows.short_name)]
    row = rows.unbound_field.bind(
        form=None, name=f"{rows.short_name}-{BLANK_INDEX}", prefix=prefix, id=f"{rows.id}-{BLANK_INDEX}", _meta=rows.meta
    )
    row.process(None)
    return row


def change_rows(form, post) -> bool:
    """Answer the buttons ``_add`` and ``_remove`` of repeating rows, for browsers without JavaScript.

    Args:
        form: the bound form; changed in place.
        post: the request's POST data.

    Returns:
        Whether one of them was pressed. The view then shows the form again, without validating it.
    """
    lists = {field.name: field for field in form if isinstance(field, FieldList)}
    added, removed = post.get("_add"), post.get("_remove")
    if added in lists:
        rows = lists[added]
        if rows.max_entries is None or len(rows) < rows.max_entries:
            rows.append_entry()
        return True
    for rows in lists.values():
        kept = [row for row in rows.entries if row.name != removed]
        if len(kept) < len(rows.entries):
            rows.entries[:] = kept
            return True
    return False
