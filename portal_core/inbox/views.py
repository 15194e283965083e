"""Pages of the inbox (待办) and of a case."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther

from portal_core.errors import Conflict, Invalid
from portal_core.i18n import _
from portal_core.inbox import casepage
from portal_core.inbox.batch import BATCH_MAX
from portal_core.inbox.phrases import opinion_in
from portal_core.inbox.queries import DRAFT_STATE, PAGE, SEEN, TABS, tab_counts, tab_page
from portal_core.inbox.refusals import CASE, refused
from portal_core.inbox.rows import Row, Rows, case_url
from portal_core.inbox.services import CaseService
from portal_core.services import Services
from portal_core.web.params import choice_param, int_param

COUNT_CAP = 100
# How many rows a page of 待办 shows for those who want to agree to more at once (``BATCH_MAX`` is what one batch takes).
SIZES = (PAGE, 50, BATCH_MAX)
TITLES = {"todo": _("To do"), "done": _("Handled"), "mine": _("Started by me"), "read": _("To read"), "draft": _("Drafts")}
EMPTY = {
    "todo": (_("Nothing to do, well done"), _("New reviews and ratings will appear here.")),
    "done": (_("Nothing done yet"), _("What you have handled will appear here.")),
    "mine": (_("Nothing started yet"), _("What you apply for will appear here.")),
    "read": (_("Nothing to read"), _("What others want you to know will appear here.")),
    SEEN: (_("Nothing read yet"), _("What you have read will appear here.")),
    "draft": (_("No drafts"), _("Forms that you save without submitting will appear here.")),
}
HALVES = ((_("Unread"), "/inbox?tab=read", False), (_("Already read"), "/inbox?tab=read&seen=1", True))
log = structlog.get_logger("portal.inbox")


@dataclass(frozen=True)
class Tab:
    """One tab; ``count`` is capped at ``COUNT_CAP``."""

    key: str
    title: Any
    url: str
    count: int
    current: bool


@dataclass(frozen=True)
class InboxPage:
    """Context of ``inbox.pt``. ``first_url`` and ``next_url`` are None where there is no such page.

    ``halves`` are ``(title, url, current)`` of what is to be read and of what was read.
    ``sizes`` are ``(rows, url, current)`` where there are more to-dos than a page shows.
    """

    title: Any
    tabs: tuple[Tab, ...]
    rows: tuple[Row, ...]
    first_url: str | None
    next_url: str | None
    empty: tuple[Any, Any]
    halves: tuple[tuple[Any, str, bool], ...]
    sizes: tuple[tuple[int, str, bool], ...]


def inbox(request) -> InboxPage:
    """``/inbox?tab=&seen=&size=&before=``: one tab, newest first, page by page; ``seen=1`` is what was read (已阅).

    ``size`` is one of ``SIZES``, for 待办 only.
    """
    portal, session = request.registry.portal, request.db
    tab = choice_param(request, "tab", TABS, "todo")
    before = int_param(request, "before", low=1)
    awaited = portal.task_permissions
    counts = tab_counts(session, request.identity, awaited, COUNT_CAP)
    seen = tab == "read" and choice_param(request, "seen", ("1",)) == "1"
    size = int(choice_param(request, "size", [str(size) for size in SIZES], PAGE)) if tab == "todo" else PAGE
    found, following = tab_page(session, SEEN if seen else tab, request.identity, awaited, size, before=before)
    start = f"/inbox?tab={tab}"
    here = f"{start}&seen=1" if seen else f"{start}&size={size}" if size != PAGE else start
    return InboxPage(
        title=TITLES[tab],
        tabs=tuple(Tab(key, TITLES[key], f"/inbox?tab={key}", counts[key], key == tab) for key in TABS),
        rows=Rows(request.services, request.translator(), request.identity).of(tab, found),
        first_url=here if before else None,
        next_url=f"{here}&before={following}" if following else None,
        empty=EMPTY[SEEN if seen else tab],
        halves=tuple((title, url, flag == seen) for title, url, flag in HALVES) if tab == "read" else (),
        sizes=tuple((n, f"{start}&size={n}", n == size) for n in SIZES) if tab == "todo" and counts[tab] > PAGE else (),
    )


def show_case(request) -> casepage.CasePage:
    """``/cases/<number>``: what it is, how it stands, what one may do, how it came here."""
    cases = request.services.get(CaseService)
    case = cases.visible(request.matchdict["number"], request.identity)
    cases.keep_tasks(case)
    portal, reader = request.registry.portal, request.identity
    if request.method == "GET" and cases.unseen(case, reader):
        # After the response: nobody waits for it, and on SQLite it would wait for this request's own reading.
        request.add_finished_callback(lambda _request: note_seen(portal, case.id, reader))
    return casepage.build(request, case)


def note_seen(portal, case_id, reader):
    """Remember that ``reader`` has seen the case. A busy database may lose this; the next visit tries again."""
    try:
        with portal.database.writing() as session:
            cases = Services(session, portal).get(CaseService)
            cases.mark_seen(cases.get(case_id), reader)
    except sa.exc.OperationalError:
        log.info("first sight of a case not noted", case=case_id)


def act(request):
    """``POST /cases/<number>/act``: one act on the case; answers 303, or the page again with what was typed."""
    cases = request.services.get(CaseService)
    case = cases.visible(request.matchdict["number"], request.identity)
    action, version = request.POST.get("action", ""), int_param(request, "version", low=1)
    opinion, was_draft = opinion_in(request.POST), case.state == DRAFT_STATE
    if version is None:
        raise HTTPBadRequest()
    try:
        if has_form_of_its_own(cases, case, action):
            raise Conflict(_("This is not possible now."))
        done = cases.perform(case, action, request.identity, opinion=opinion, version=version)
    except (Invalid, Conflict) as error:
        return refused(request, error, opinion)
    request.flash("ok", _("Done: ${act}", mapping={"act": done.transition.label}))
    return HTTPSeeOther("/inbox?tab=draft" if was_draft else case_url(case))


def has_form_of_its_own(cases, case, action):
    """Is ``action`` one that the case page does not offer? Its plugin asks for more than an opinion and would miss it here."""
    flow = cases.flow(case)
    transition = flow.transition(case.state, action) if flow else None
    return transition is not None and not transition.offered


def includeme(config):
    """Routes and views, those of the further acts and of one's own phrases and delegations included."""
    config.include("portal_core.inbox.act_views")
    config.include("portal_core.inbox.phrase_views")
    config.include("portal_core.inbox.delegation_views")
    config.include("portal_core.inbox.handover_views")
    config.add_route("inbox", "/inbox")
    config.add_route("case", "/cases/{number:[A-Za-z]{1,16}[0-9]{8}-[0-9]{1,8}}")
    config.add_route("case.act", "/cases/{number:[A-Za-z]{1,16}[0-9]{8}-[0-9]{1,8}}/act")
    config.add_view(inbox, route_name="inbox", renderer="portal_core:templates/inbox/inbox.pt", request_method="GET")
    config.add_view(show_case, route_name="case", renderer=CASE, request_method="GET")
    config.add_view(act, route_name="case.act", request_method="POST")
