"""审批设置 in a browser without JavaScript."""

import pytest
import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.inbox.models import ApprovalPlan
from portal_core.inbox.plans import stages as s
from tests import trial

_loaded_portal, _application, people = trial._loaded_portal, trial._application, trial.people
PAGE = "/admin/approvals/trial.thing/review"


@pytest.fixture
def admin(app, people, make_user):
    """A browser of the administrator."""
    app.login(make_user("admin9", name="王磊二", roles=["admin"]))
    return app


def form_of(page):
    return next(form for form in page.forms.values() if form.action == PAGE)


def press(page, name, value="1", **fields):
    form = form_of(page)
    for key, text in fields.items():
        form[key.replace("__", "-")] = text
    return form.submit(name, value=value, expect_errors=True)


def stages_of(app):
    with app.reading() as session:
        row = session.scalar(sa.select(ApprovalPlan).order_by(ApprovalPlan.version.desc()).limit(1))
        return [s.from_data(data) for data in row.stages] if row else None


def test_the_list_names_every_step(admin):
    page = admin.get("/admin/approvals")
    (row,) = page.html.select("tbody tr")
    assert [cell.get_text(" ", strip=True) for cell in row.select("th, td")][:4] == ["物品申领", "审核", "审核", "模块默认"]


def test_two_stages_are_set(admin, people):
    page = press(
        admin.get(PAGE), "_add", "stages", stages__0__title="李静先看", stages__0__rule="user", stages__0__users="LI，zhou"
    )
    assert len(page.html.select(".stage")) == 2
    done = press(page, "_save", stages__0__mode="all", stages__0__due_hours="2", once=True)
    assert done.status_int == 303
    page = done.follow()
    assert "已保存" in page.html.select_one(".flash-ok").text
    first, second = stages_of(admin)
    assert (first.title, first.users, first.mode, first.due_hours) == ("李静先看", (people.li.id, people.zhou.id), "all", 2)
    assert second == s.Stage()
    assert [row.select_one("th").get_text(" ", strip=True) for row in page.html.select("tbody tr")] == ["1 生效中"]
    with admin.reading() as session:
        (entry,) = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "core.approval_plan_saved"))
        assert entry.object_id == "trial.thing/review"


def test_rows_move_and_go(admin, people):
    page = press(admin.get(PAGE), "_add", "stages", stages__0__title="甲")
    page = press(page, "_up", "stages-1", stages__1__title="乙", stages__1__due_hours="x")
    form = form_of(page)
    assert (form["stages-0-title"].value, form["stages-1-title"].value, form["stages-0-due_hours"].value) == ("乙", "甲", "x")
    form = form_of(press(page, "_remove", "stages-0"))
    assert form["stages-0-title"].value == "甲"
    assert "stages-1-title" not in form.fields


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rule": "user", "users": ""}, "请至少填写一个账号"),
        ({"rule": "user", "users": "li nobody"}, "没有这个可用账号：nobody"),
        ({"rule": "role"}, "请选择角色"),
        ({"rule": "field"}, "请选择表单字段"),
        ({"due_hours": "soon"}, "请填写 0.5 至 400 之间的小时数"),
        ({"due_hours": "nan"}, "请填写 0.5 至 400 之间的小时数"),
        ({"due_hours": "-1"}, "请填写 0.5 至 400 之间的小时数"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin, people, fields, message):
    page = press(admin.get(PAGE), "_save", **{f"stages__0__{name}": value for name, value in fields.items()})
    assert (page.status_int, message in page.html.select_one(".stage .err").text) == (422, True)
    assert stages_of(admin) is None


def test_a_role_without_holders_is_saved_with_a_warning(admin, people):
    page = press(admin.get(PAGE), "_save", stages__0__rule="role", stages__0__role="leader")
    assert "没有人担任“领导”" in page.follow().html.select_one(".flash-warn").text
    assert stages_of(admin)[0].role == "leader"


def test_the_path_of_an_applicant_is_shown_without_saving(admin, people):
    page = press(admin.get(PAGE), "_add", "stages", stages__0__rule="leader", applicant="yang")
    page = press(page, "_preview")
    first, second = page.html.select(".path li")
    assert "没有审批人，由管理员处理" in first.text
    assert ("李静" in second.text, stages_of(admin)) == (True, None)
    assert press(admin.get(PAGE), "_preview", applicant="nobody").status_int == 422


def test_who_saves_second_is_told(admin, people):
    page = admin.get(PAGE)
    press(admin.get(PAGE), "_save")
    late = press(page, "_save", stages__0__title="晚了")
    assert (late.status_int, "王磊二 刚刚保存了新版本" in late.html.select_one(".flash-bad").text) == (409, True)
    assert form_of(late)["stages-0-title"].value == "晚了"


def test_only_administrators_and_only_what_can_be_set(app, people, make_user):
    app.login(people.li)
    for address in (PAGE, "/admin/approvals"):
        app.get(address, status=403)
    other = app.another()
    other.login(make_user("admin8", roles=["admin"]))
    for address in ("/admin/approvals/trial.thing/rate", "/admin/approvals/no.thing/review"):
        other.get(address, status=404)
