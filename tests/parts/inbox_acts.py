"""Tables of the tests for the acts of the inbox besides the answer; see tests.parts."""

import datetime as dt

import sqlalchemy as sa

from portal_core.inbox.acts import TaskActs
from portal_core.inbox.copies import CopyService
from portal_core.inbox.delegations import DelegationService, NewDelegation
from portal_core.inbox.models import ACT, OPEN, Case, Delegation, Phrase, Task
from portal_core.inbox.phrases import PhraseService
from portal_core.inbox.services import CaseService
from portal_core.inbox.signing import SigningService
from tests.tables import USERS, Form, Page

WRITTEN = (Delegation, Phrase)
HANDLERS = ("meetings-admin", "keeper")
READERS = ("staff", *HANDLERS, "leader", "admin")

PAGES = {
    "GET people": ("/people?q=staff", USERS),
    "GET case.transfer": ("/cases/{cases[pending]}/transfer?task={more[task]}", HANDLERS),
    "POST case.transfer": ("/cases/{cases[pending]}/transfer?task={more[task]}&version=2", READERS),
    "GET case.add_sign": ("/cases/{cases[pending]}/add-sign?task={more[task]}", HANDLERS),
    "POST case.add_sign": ("/cases/{cases[pending]}/add-sign?task={more[task]}&version=2", READERS),
    "GET case.copy": ("/cases/{cases[pending]}/copy", ("staff", *HANDLERS)),
    "POST case.copy": ("/cases/{cases[pending]}/copy?version=2", ("staff", *HANDLERS)),
    "POST case.claim": ("/cases/{cases[pending]}/claim?task={more[task]}", READERS),
    "POST case.release": ("/cases/{cases[pending]}/release?task={more[task]}", READERS),
    "POST case.recall": ("/cases/{cases[pending]}/recall?task={more[task]}", READERS),
    "POST case.urge": ("/cases/{cases[pending]}/urge", READERS),
    "POST case.sign": ("/cases/{cases[pending]}/sign?answer=agree&task={more[task]}", READERS),
    "GET account.phrases": ("/account/phrases", USERS),
    "POST account.phrases": ("/account/phrases", USERS),
    "POST account.phrase": ("/account/phrases/{more[phrase]}?act=change", ("staff",)),
    "GET account.delegations": ("/account/delegations", USERS),
    "POST account.delegations": ("/account/delegations", USERS),
    "POST account.delegations.end": ("/account/delegations/999999/end", ()),
    "GET core.admin.delegations": ("/admin/delegations", ("admin",)),
    "POST core.admin.delegations": ("/admin/delegations", ("admin",)),
    "POST core.admin.delegations.end": ("/admin/delegations/999999/end", ()),
    "GET core.admin.handover": ("/admin/handover?user={people[staff2].id}", ("admin",)),
    "POST core.admin.handover": ("/admin/handover?user={people[staff2].id}", ("admin",)),
}

BROWSER = (
    Page("case-reviewer-more", "meetings-admin", "/cases/{to_review}"),
    Page("case-transfer", "meetings-admin", "/cases/{to_review}/transfer?task={acts_task}&q=李"),
    Page("case-add-sign", "meetings-admin", "/cases/{to_review}/add-sign?task={acts_task}&q=李"),
    Page("case-copy", "meetings-admin", "/cases/{to_review}/copy?q=李"),
    Page("case-acts", "meetings-admin", "/cases/{acts_case}"),
    Page("case-sign", "leader", "/cases/{acts_case}"),
    Page("inbox-stand-in", "staff2", "/inbox"),
    Page("inbox-seen", "staff2", "/inbox?tab=read&seen=1"),
    Page("phrases", "staff", "/account/phrases"),
    Page("phrases-own", "meetings-admin", "/account/phrases"),
    Page("delegations", "meetings-admin", "/account/delegations"),
    Page("admin-delegations", "admin", "/admin/delegations"),
    Page("handover", "admin", "/admin/handover"),
    Page("handover-open", "admin", "/admin/handover?user={acts_user}&people={acts_other}"),
)


def furnish(scene):
    """A task of the pending case, and a phrase of staff."""
    scene.more["task"] = task_of(scene, scene.cases["pending"])
    with scene.services() as services:
        staff = scene.people["staff"].identity
        services.get(PhraseService).add(staff, "按程序办理")
        scene.more["phrase"] = services.session.scalar(sa.select(sa.func.min(Phrase.id)))


def task_of(scene, number):
    """The id of the open to-do of a case."""
    with scene.app.reading() as session:
        query = sa.select(Task.id).join(Case).where(Case.number == number, Task.kind == ACT, Task.status == OPEN)
        return session.scalar(query)


# -- forms ---------------------------------------------------------------------------------------------------------------


def _new_case(scene):
    from tests.forms import new_case

    number, version = new_case(scene)
    return number, {"version": version, "task": str(task_of(scene, number))}


def _named(act, *who, **more):
    def fill(scene):
        number, fields = _new_case(scene)
        people = [("people", str(scene.people[login].id)) for login in who]
        return f"/cases/{number}/{act}", dict([*fields.items(), *people]) | {"opinion": "请办理"} | more

    return fill


def _at_once(act):
    def fill(scene):
        number, fields = _new_case(scene)
        return f"/cases/{number}/{act}", fields

    return fill


def _release(scene):
    number, fields = _new_case(scene)
    with scene.services() as services:
        case = services.session.scalars(sa.select(Case).where(Case.number == number)).one()
        reviewer = scene.people["meetings-admin"].identity
        services.get(TaskActs).claim(case, int(fields["task"]), reviewer, case.version)
        fields["version"] = str(case.version)
    return f"/cases/{number}/release", fields


def _asked(scene):
    """A case with a signature that is asked of guest: its number, the task that waits, the one that asks."""
    number, fields = _new_case(scene)
    with scene.services() as services:
        case = services.session.scalars(sa.select(Case).where(Case.number == number)).one()
        reviewer, signer = scene.people["meetings-admin"].identity, scene.people["guest"].id
        (child,) = services.get(SigningService).ask(case, int(fields["task"]), reviewer, [signer], "before", case.version)
        return number, fields | {"version": str(case.version)}, str(child.id)


def _recall(scene):
    number, fields, _child = _asked(scene)
    return f"/cases/{number}/recall", fields


def _sign(scene):
    number, fields, child = _asked(scene)
    return f"/cases/{number}/sign", fields | {"task": child, "answer": "disagree", "opinion": "人数偏多"}


def _delegation(scene, **more):
    with scene.services() as services:
        services.session.execute(sa.update(Delegation).values(ended=services.clock.now()))
        day = services.clock.today()
    period = {"starts": day.isoformat(), "ends": (day + dt.timedelta(days=3)).isoformat()}
    times = {"starts_time": "08:30", "ends_time": "17:00"}
    return {**period, **times, "people": str(scene.people["guest"].id), "modules": "meetings", "reason": "出差"} | more


def _phrase(scene):
    with scene.services() as services:
        ids = sa.select(Phrase.id).where(Phrase.user_id == scene.people["guest"].id)
        service, owner = services.get(PhraseService), scene.people["guest"].identity
        for number in services.session.scalars(ids).all():
            service.delete(owner, number)
        service.add(owner, "情况属实")
        return service.own(owner.user_id)[-1].id


FORMS = {
    "transfer": Form("meetings-admin", _named("transfer", "guest")),
    "add signature": Form("meetings-admin", _named("add-sign", "guest", sign="before")),
    "copy": Form("staff", _named("copy", "guest")),
    "claim": Form("meetings-admin", _at_once("claim")),
    "release": Form("meetings-admin", _release),
    "recall": Form("meetings-admin", _recall),
    "sign": Form("guest", _sign),
    "urge": Form("staff", _at_once("urge")),
    "new phrase": Form("guest", lambda scene: (_phrase(scene), ("/account/phrases", {"text": "请补充材料"}))[1]),
    "phrase": Form("guest", lambda scene: (f"/account/phrases/{_phrase(scene)}", {"act": "change", "text": "按规定办理"})),
    "delegation": Form("keeper", lambda scene: ("/account/delegations", _delegation(scene))),
    "delegation for others": Form(
        "admin", lambda scene: ("/admin/delegations", _delegation(scene, absent=str(scene.people["leader"].id)))
    ),
    "hand-over": Form(
        "admin",
        lambda scene: (
            "/admin/handover",
            {"user": str(scene.people["staff2"].id), "people": str(scene.people["guest"].id)},
        ),
    ),
}


# -- pictures ------------------------------------------------------------------------------------------------------------


def places(services, found):
    """A case with every kind of line, a delegation in force, a copy that was read, and phrases, in the demo."""
    session, cases = services.session, services.get(CaseService)
    from portal_core.accounts.rights import RightsService
    from portal_core.accounts.services import AccountService

    accounts, rights = services.get(AccountService), services.get(RightsService)
    reviewer, staff2, leader = (rights.identity_of(accounts.get(login).id) for login in ("meetings-admin", "staff2", "leader"))
    found["acts_task"] = _open_task(session, found["to_review"]).id
    other = session.scalars(
        sa.select(Case).join(Task).where(Task.permission != "", Task.status == OPEN, Case.number != found["to_review"])
    ).first()
    found |= {"acts_case": other.number, "acts_user": reviewer.user_id, "acts_other": staff2.user_id}
    services.get(CopyService).send(other, rights.identity_of(other.applicant_id), [staff2.user_id], "请提前准备会务材料")
    cases.mark_seen(other, staff2)
    task = _open_task(session, other.number)
    services.get(SigningService).ask(other, task.id, reviewer, [leader.user_id], "before", other.version, "请看规格是否合适")
    now = services.clock.now()
    new = NewDelegation(staff2.user_id, now, now + dt.timedelta(days=3), (), "出差")
    services.get(DelegationService).create(reviewer.user_id, new, reviewer)
    services.get(PhraseService).add(reviewer, "请按会议保障规范准备，并于会前一小时完成设备调试")


def _open_task(session, number):
    query = sa.select(Task).join(Case).where(Case.number == number, Task.kind == ACT, Task.status == OPEN)
    return session.scalars(query.order_by(Task.id)).first()
