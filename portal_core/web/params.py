"""Parameters of addresses, read so that nonsense is answered with 400 or 404 and never reaches a service or the database."""

import datetime as dt
import re

from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound

from portal_core.web.text import clean_line

# What a 64-bit key can hold, so that no database has to refuse the number.
MAX_ID = 2**63 - 1
# Room for "a week before" and "a year after" without leaving what dates can express.
FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2199, 12, 31)
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def int_param(request, name, default=None, low=0, high=MAX_ID):
    """The parameter ``name`` as a whole number from ``low`` to ``high``; ``default`` when it is missing or empty, else 400."""
    text = _text(request, name)
    if not text:
        return default
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise HTTPBadRequest()
    return int(text)


def date_param(request, name, default=None):
    """The parameter ``name`` as a date ``2026-11-24``; ``default`` when it is missing or empty, else 400."""
    text = _text(request, name)
    if not text:
        return default
    try:
        day = dt.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise HTTPBadRequest()
    return day


def choice_param(request, name, choices, default=None):
    """The parameter ``name`` when it is one of ``choices``; ``default`` when it is missing or empty, else 400."""
    text = _text(request, name)
    if not text:
        return default
    if text not in choices:
        raise HTTPBadRequest()
    return text


def text_param(request, name, limit=100):
    """The parameter ``name`` as one line of clean text, empty when it is missing; 400 above ``limit`` characters."""
    text = clean_line(_text(request, name))
    if len(text) > limit:
        raise HTTPBadRequest()
    return text


def path_id(request, name="id"):
    """The id ``name`` of the matched route; 404 for everything that can be no id, as for an unknown one."""
    text = request.matchdict[name]
    if not _INTEGER.fullmatch(text) or not 0 < int(text) <= MAX_ID:
        raise HTTPNotFound()
    return int(text)


def _text(request, name):
    value = request.params.get(name, "")
    if not isinstance(value, str):
        # An uploaded file under a name that is no file field.
        raise HTTPBadRequest()
    return value.strip()
