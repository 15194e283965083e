"""Translation: English msgids, one gettext domain per package, zh_CN complete and default.

Pyramid's localizer does the work. What is added here is the fallback from a package's own domain to the core's, so that a
plugin need not translate "Submit" again, and formatting of dates and times in the users' zone.
"""

import datetime as dt
from pathlib import Path

from pyramid.i18n import TranslationString, TranslationStringFactory, make_localizer
from pyramid.path import AssetResolver

CORE_DOMAIN = "portal_core"
_ = TranslationStringFactory(CORE_DOMAIN)

_WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def translate(localizer, message, domain=CORE_DOMAIN, mapping=None):
    """Translate ``message`` (str or TranslationString), looking in ``domain`` first and then in the core's.

    Text without a translation is returned as it is; ``None`` becomes the empty string.
    """
    if not message:
        # Gettext keeps the catalogue's header under the empty text.
        return ""
    if isinstance(message, TranslationString):
        domain = message.domain or domain
        mapping = {**(message.mapping or {}), **(mapping or {})} or None
        msgid = str(message)
        if mapping:
            # A value can be a translation string itself (the name of a state inside a sentence).
            mapping = {k: translate(localizer, v, domain) if isinstance(v, TranslationString) else v for k, v in mapping.items()}
    else:
        msgid = str(message)
    done = _found(localizer, msgid, domain)
    return TranslationString(done, mapping=mapping).interpolate() if mapping else done


def _found(localizer, msgid, domain):
    """The catalogues' text for ``msgid``, or itself. What was found is kept: pages ask for the same hundred texts every time."""
    kept = localizer.__dict__.setdefault("portal_kept", {})
    if (domain, msgid) not in kept:
        ways = (localizer.translate(TranslationString(msgid, domain=d)) for d in (domain, CORE_DOMAIN))
        done = next((text for text in ways if text != msgid), None)
        if done is None:
            return msgid
        kept[domain, msgid] = done
    return kept[domain, msgid]


def make_default_localizer(locale, packages):
    """A localizer for ``locale`` over the catalogues of ``packages``, for texts written without a request."""
    return make_localizer(locale, list(filter(None, map(catalogue_folder, packages))))


def catalogue_folder(package) -> str | None:
    """Where the catalogues of ``package`` lie, or None: a plugin may have none."""
    folder = AssetResolver().resolve(f"{package}:locale").abspath()
    return folder if Path(folder).is_dir() else None


class Formats:
    """Dates and times as people here write them. ``translator`` is a function from text to translated text."""

    def __init__(self, clock, translator):
        self.clock = clock
        self._translate = translator

    def local(self, moment):
        """``moment`` in the users' zone."""
        return self.clock.local(moment)

    def date(self, value):
        """``2026-11-24`` of a date or an aware moment."""
        return self._day(value).isoformat() if value else ""

    def day(self, value):
        """``11 月 24 日`` of a date or an aware moment."""
        day = self._day(value)
        return self._translate(_("${month}/${day}", mapping={"month": day.month, "day": day.day}))

    def short_day(self, value):
        """``11-24`` of a date or an aware moment, for narrow lists of what is recent."""
        return f"{self._day(value):%m-%d}"

    def weekday(self, value):
        """``周二`` of a date or an aware moment."""
        return self._translate(_WEEKDAYS[self._day(value).weekday()])

    def time(self, moment):
        """``14:30`` of an aware moment or a time."""
        if not moment:
            return ""
        if isinstance(moment, dt.datetime):
            moment = self.clock.local(moment)
        return f"{moment:%H:%M}"

    def moment(self, moment):
        """``2026-11-24 14:30`` of an aware moment."""
        return f"{self.clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""

    def size(self, octets):
        """``12 KB`` or ``3.4 MB`` of a number of bytes."""
        for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20)):
            if octets >= factor:
                return f"{octets / factor:.1f} {unit}"
        return f"{max(1, round(octets / 1024))} KB" if octets else "0 KB"

    def listed(self, texts):
        """``甲、乙、丙`` of texts or translation strings."""
        return self._translate(_(", ")).join(
            self._translate(text) if isinstance(text, TranslationString) else text for text in texts
        )

    def span(self, start, end):
        """``11 月 24 日 周二 14:30–16:00``; the second day is named when it is another one."""
        first, last = self.clock.local(start), self.clock.local(end)
        text = f"{self.day(first.date())} {self.weekday(first.date())} {first:%H:%M}–"
        if last.date() != first.date():
            text += f"{self.day(last.date())} "
        return text + f"{last:%H:%M}"

    def _day(self, value):
        return self.clock.local(value).date() if isinstance(value, dt.datetime) else value
