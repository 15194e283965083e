"""The words and classes with which the grid, the timeline and the lists show what occupies a room."""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import escape

from portal_meetings.i18n import _
from portal_meetings.services import states
from portal_meetings.services.grid import CLOSED, PROPOSED, Item

# State -> class of its look, word for screen readers and lists, short word inside a cell (empty when the look says enough), and
# the tone of its label in a list.
LOOKS = {
    states.PENDING: ("wait", _("Pending review"), _("pending"), "warn"),
    states.APPROVED: ("", _("Booked"), "", "info"),
    states.CHANGE_PENDING: ("chg", _("Change pending"), _("changing"), "warn"),
    PROPOSED: ("chg", _("Kept for a change"), _("changing"), "warn"),
    states.ENDED: ("", _("Ended"), "", "mute"),
    states.RATED: ("", _("Ended"), "", "mute"),
    CLOSED: ("lock", _("Closed"), _("out of use"), "mute"),
}
LEGEND = (
    ("", _("Free")),
    ("lg-ev", _("Booked")),
    ("lg-wait", _("Pending review")),
    ("lg-chg", _("Change pending")),
    ("lg-mine", _("Mine")),
    ("lg-lock", _("Closed")),
)


@dataclass(frozen=True)
class Look:
    """How an item of one state is shown: its class, its state in words, the short word inside a cell, the tone of its label."""

    css: str
    state: str
    short: str
    tone: str


class Words:
    """The translated words of one page, made once and used for every cell."""

    def __init__(self, translate):
        self.looks = {
            state: Look(css, translate(word), translate(short) if short else "", tone)
            for state, (css, word, short, tone) in LOOKS.items()
        }
        self.free = translate(_("free, book"))
        self.free_short = translate(_("Free"))
        self.past = translate(_("Past"))
        self.mine = translate(_("my booking"))
        self.taken = translate(_("Taken"))
        self.show = translate(_("Show"))
        self.people = translate(_("people"))
        self.restricted = translate(_("by permission"))
        self.whole = translate(_("in ${room}", mapping={"room": "{}"}))
        self.separator = translate(_(", "))
        self.colon = translate(_(": "))

    def css(self, item: Item) -> str:
        """The classes of ``item``."""
        return f"ev {self.looks[item.state].css}{' mine' if item.mine else ''}"

    def title(self, item: Item) -> str:
        """The title, or 已占用 for somebody else's confidential meeting."""
        return self.taken if item.hidden else item.title

    def state(self, item: Item) -> str:
        """The state in words, with 我的 for one's own."""
        return f"{self.mark(item)}{self.looks[item.state].state}"

    def mark(self, item: Item) -> str:
        """我的 and a comma for one's own, else nothing."""
        return f"{self.mine}{self.separator}" if item.mine else ""


def words_of(request) -> Words:
    """The words in the request's language, made once for each: what is drawn with them is kept under them."""
    known = request.registry.setdefault("meetings.words", {})
    if request.locale_name not in known:
        known[request.locale_name] = Words(request.translator("portal_meetings"))
    return known[request.locale_name]


@lru_cache(maxsize=8192)
def escaped(value: str) -> str:
    """``value`` escaped for HTML. The same names stand in hundreds of cells, so they are kept."""
    return str(escape(value))


def times(item: Item) -> str:
    """``14:30–16:00``; with the days when it ends on another day. Written without strftime, which is slow."""
    start, end = item.start, item.end
    if start.date() == end.date():
        return f"{start.hour:02}:{start.minute:02}–{end.hour:02}:{end.minute:02}"
    return f"{start:%m-%d %H:%M}–{end:%m-%d %H:%M}"
