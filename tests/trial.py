"""A small plugin for tests of the inbox: one flow with every kind of act and task, and all that a page shows.

A test module that names ``_loaded_portal`` and ``_application`` of this one as its own gives the fixtures of
``portal_core.testing.fixtures`` a portal with this plugin alone, so that its tests say nothing about a real one.
"""

import datetime as dt
import types
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from portal_core import portal as portals
from portal_core.accounts.models import User
from portal_core.accounts.rights import sync_permissions
from portal_core.clock import FixedClock
from portal_core.declarations import DashboardCard, NotificationType, Permission, PluginInfo, ServiceTile
from portal_core.hookspecs import hookimpl
from portal_core.inbox.flow import CaseHandler, Flow, State, TaskSpec, Transition
from portal_core.inbox.services import CaseService
from portal_core.testing.fixtures import NOW, raw_settings
from portal_core.testing.webapp import wsgi_application

APPROVE, MANAGE = "trial:thing:approve", "trial:thing:manage"
SCOPE = "trial.place:7"
REVIEW = TaskSpec("review", "审核", APPROVE, why="物品管理员审核申领", due=dt.timedelta(hours=4), configurable=True)
CORRECT = TaskSpec("correct", "修改", to_applicant=True, why="申领被退回")
RATE = TaskSpec("rate", "评价", to_applicant=True, why="物品已发放", due=dt.timedelta(days=7))
YES = {"tone": "ok", "completes": "review", "batchable": True}
NO = {"negative": True}
HEED = TaskSpec("heed", "阅读", to_applicant=True, why="申领已通过", kind="read")


class Handler(CaseHandler):
    """Refuses, changes and shows what ``data`` and the case's title ask for, so that each test says what it needs."""

    def scope(self, ctx):
        return SCOPE

    def case_scope(self, services, case):
        return SCOPE

    def offered(self, services, case, identity, transition):
        return not (transition.action == "cancel" and "不可取消" in case.title)

    def task_url(self, case, task):
        return f"/trial/rate/{case.number}" if task.step == "rate" else ""

    def draft_url(self, case):
        return f"/trial/draft/{case.number}"

    def apply(self, ctx):
        if "raise" in ctx.data:
            raise ctx.data["raise"]
        ctx.changes += ctx.data.get("changes", [])

    def approver_fields(self, services, case):
        keeper = services.session.scalar(sa.select(User.id).where(User.login == "keeper")) if case else None
        return {"keeper": ("保管人", [keeper] if keeper else [])}

    def panel(self, request, case):
        if "坏面板" in case.title:
            raise RuntimeError("panel")
        return "portal_core:templates/tiles.pt", Panel((ServiceTile("领用须知", "/trial/rules", "file-text"),))

    def actions(self, request, case, identity):
        return [("变更", f"/trial/change/{case.number}", "")]


@dataclass(frozen=True)
class Panel:
    """Context of a template of the core that shows tiles."""

    tiles: tuple = ()


FLOW = Flow(
    kind="trial.thing",
    title="物品申领",
    prefix="WP",
    icon="package",
    tone="mute",
    initial="draft",
    path=("pending", "approved", "rated"),
    handler=Handler(),
    states=(
        State("draft", "草稿"),
        State("pending", "待审核", "warn"),
        State("returned", "已退回", "bad"),
        State("approved", "已通过", "ok"),
        State("rated", "已评价", "ok", final=True),
        State("rejected", "已驳回", "bad", final=True),
        State("cancelled", "已取消", "mute", final=True),
    ),
    transitions=(
        Transition("submit", "提交", ("draft", "returned"), "pending", ("applicant",), "none", (REVIEW,), offered=False),
        Transition("discard", "删除草稿", ("draft",), "cancelled", ("applicant",), "none"),
        Transition("approve", "同意", ("pending",), "approved", ("task",), opens=(RATE, HEED), notify="trial.passed", **YES),
        Transition("return", "退回", ("pending",), "returned", ("task",), "required", (CORRECT,), notify="trial.returned", **NO),
        Transition("reject", "驳回", ("pending",), "rejected", ("task",), "required", tone="bad", **NO),
        Transition("note", "批注", ("pending",), "pending", ("task",), keeps_tasks=True),
        Transition("withdraw", "撤回", ("pending",), "cancelled", ("applicant",)),
        Transition("cancel", "取消", ("pending", "approved"), "cancelled", ("applicant", MANAGE), "required", tone="bad"),
        Transition("lapse", "逾期", ("pending",), "rejected", ("system",), notify="trial.lapsed"),
        Transition("rate", "评价", ("approved",), "rated", ("applicant",), offered=False),
    ),
)


def plugin():
    """The plugin's module."""
    # Catalogues are looked for in the package of this name; the core's are as good as any.
    module = types.ModuleType("portal_core")

    @hookimpl
    def portal_plugin_info():
        return PluginInfo("trial", "Trial", "1")

    @hookimpl
    def portal_permissions():
        return [Permission(APPROVE, "审核申领"), Permission(MANAGE, "管理物品")]

    @hookimpl
    def portal_flows():
        return [FLOW]

    @hookimpl
    def portal_notification_types():
        return [
            NotificationType("trial.passed", "已通过：${title}", "${actor}：${opinion}"),
            NotificationType("trial.returned", "已退回：${title}", "${actor}：${opinion}"),
            NotificationType("trial.lapsed", "逾期未审：${title}"),
        ]

    @hookimpl
    def portal_service_tiles(request):
        return [
            ServiceTile("物品申领", "/trial/", "package", "办公用品"),
            ServiceTile("报修", "/trial/fix", "tool", tone="fix", order=1),
        ]

    @hookimpl
    def portal_dashboard_cards(request):
        cards = [DashboardCard("今日领取", "portal_core:templates/tiles.pt", Panel(), more_url="/trial/", more_title="全部")]
        if "broken" in request.GET:
            cards.append(DashboardCard("坏卡片", "portal_core:templates/nowhere.pt", Panel()))
        return cards

    @hookimpl
    def portal_greeting(request, day):
        return "2 件领取"

    for hook in (
        portal_plugin_info,
        portal_permissions,
        portal_flows,
        portal_notification_types,
        portal_service_tiles,
        portal_dashboard_cards,
        portal_greeting,
    ):
        setattr(module, hook.__name__, hook)
    return module


def load_portal(database=None, **changes):
    """A portal with the trial plugin alone."""
    raw = raw_settings(**changes) | {"portal.plugins": "trial"}
    return portals.load({}, raw, clock=FixedClock(NOW), extra_plugins=[("trial", plugin())], database=database)


@pytest.fixture(scope="module")
def _loaded_portal(tmp_path_factory):
    return load_portal(portal__data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def _application(_loaded_portal):
    portal = replace(_loaded_portal)
    return wsgi_application(portal, raw_settings() | {"portal.plugins": "trial"}), portal


@pytest.fixture
def people(portal, make_user):
    """杨晓 applies; 李静 and 周敏 review, one of them in the scope only; 王磊 has no part in it."""
    with portal.database.writing() as session:
        sync_permissions(session, portal)
    return types.SimpleNamespace(
        clerk=make_user("yang", name="杨晓", department="财政局"),
        li=make_user("li", name="李静", permissions=[APPROVE]),
        zhou=make_user("zhou", name="周敏", permissions=[(APPROVE, SCOPE)]),
        stranger=make_user("wang", name="王磊", permissions=[(APPROVE, "trial.place:8")]),
    )


def apply_for(services, person, title="打印纸 20 箱", **fields):
    """A submitted application of ``person`` (a ``Person`` of ``make_user``)."""
    case = draft(services, person, title, **fields)
    services.get(CaseService).perform(case, "submit", person.identity, version=1)
    return case


def draft(services, person, title="打印纸 20 箱", **fields):
    """An application that was not submitted."""
    fields.setdefault("summary", [("物品", "打印纸"), ("数量", "20 箱"), ("用途", "年终总结")])
    return services.get(CaseService).open("trial.thing", title=title, applicant=person.identity, **fields)
