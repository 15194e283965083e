"""The administrators' pages for people: accounts, roles, imports, sessions and the login log."""

import io
import zipfile

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from webtest import Upload

from portal_core.accounts import sheets
from portal_core.accounts.models import LoginAttempt, SessionRow, User, UserImport, UserRole
from portal_core.accounts.services import DepartmentService, RightsService
from portal_core.audit.models import AuditEntry
from portal_core.security.models import RecoveryCode, SecondFactor
from portal_core.services import Services
from portal_core.testing.fixtures import PASSWORD, count_statements
from portal_core.testing.sheets import xlsx

# The names of the fields are understood as heads in every language.
FIELDS = ["login", "name", "department", "further", "phone", "email", "roles"]


@pytest.fixture
def admin(make_user):
    return make_user("boss", name="王磊", roles=["admin"])


@pytest.fixture
def pages(app, admin):
    app.login(admin)
    return app


def look(app, query):
    """What ``query`` finds now: a session of its own, because one that is open sees an older state."""
    with app.portal.database.reading() as session:
        return session.scalars(query).all()


def count(app, what, *conditions):
    with app.portal.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(what).where(*conditions))


def upload(pages, data, name="users.xlsx", status="*"):
    page = pages.get("/admin/users/import")
    form = next(form for form in page.forms.values() if form.action == "/admin/users/import")
    form["file"] = Upload(name, data)
    return form.submit(status=status)


def send(page, action, button=None, value=None, status="*"):
    """Send the form that goes to ``action``, with one of its buttons."""
    form = next(form for form in page.forms.values() if form.action == action)
    return form.submit(button, value=value, status=status)


def five_hundred():
    """500 rows of which 20 are faulty, in as many ways as there are."""
    rows = [[f"user-{n:03}", f"人员{n:03}", "机关事务中心", "", f"138{n:08}", "", "clerk"] for n in range(500)]
    faults = {
        4: (0, ""),
        9: (1, ""),
        14: (2, ""),
        19: (2, "财政厅"),
        24: (0, "boss"),
        29: (0, "user-000"),
        34: (4, "电话"),
        39: (5, "nobody"),
        44: (6, "魔法师"),
        49: (1, "=A1"),
        54: (0, "大写"),
        59: (1, "字" * 60),
        64: (3, "没有的局"),
        69: (4, "=HYPERLINK(1)"),
        74: (0, "a b"),
        79: (0, "x"),
        84: (2, "字" * 400),
        89: (5, "a@"),
        94: (6, "clerk,=x"),
        99: (3, "="),
    }
    for number, (column, value) in faults.items():
        rows[number][column] = value
    return rows, sorted(number + 2 for number in faults)


def test_500_users_with_20_faulty_rows(pages, app):
    """A clear report, nothing imported until it is confirmed, and no minutes of waiting."""
    rows, faulty = five_hundred()
    answer = upload(pages, xlsx([FIELDS, *rows]), "新入职人员.xlsx", 303)
    page = answer.follow()
    told = [row.td.text for row in page.html.select("#h-problems")[0].find_parent("section").select("tbody tr")]
    assert sorted({int(number) for number in told}) == faulty
    assert [node.text for node in page.html.select(".kpi b")] == ["500", "480", "20"]
    assert count(app, User) == 1, "nothing is imported yet"
    assert count(app, UserRole) == 1

    with count_statements(app.portal.database.engine) as statements:
        done = send(page, answer.headers["Location"].replace("http://localhost", ""), "act", "confirm", 303)
    assert count(app, User) == 481
    assert count(app, UserRole) == 481
    assert count(app, User, User.login == "user-000") == 1
    assert count(app, AuditEntry, AuditEntry.action == "core.user_created") == 480
    assert statements.count < 4 * 480, "the account, its words for the search, its line in the audit log"

    page = done.follow()
    file = send(page, page.request.path + "/passwords", status=200)
    assert file.content_type == sheets.XLSX
    assert file.cache_control.no_store
    table = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(file.body)).active.iter_rows()]
    assert len(table) == 481
    login, name, unit, password = table[1]
    assert (login, name, unit) == ("user-000", "人员000", "机关事务中心")
    again = send(page, page.request.path + "/passwords", status=303)
    assert again.follow().html.select_one(".flash-bad")

    app.reset()
    form = app.get("/login").form
    form["username"], form["password"] = login, password
    form.submit(status=303)
    assert app.get("/").headers["Location"].endswith("/account/password"), "the initial password must be changed first"


def test_nothing_is_imported_when_the_file_is_discarded(pages, app):
    page = upload(pages, xlsx([FIELDS, ["li", "李静", "机关事务中心"]]), status=303).follow()
    send(page, page.request.path, "act", "discard", 303)
    assert count(app, User) == 1
    assert count(app, UserImport) == 0


def test_confirmed_is_what_was_shown_and_once(pages, app):
    page = upload(pages, xlsx([FIELDS, ["li", "李静", "机关事务中心"]]), status=303).follow()
    send(page, page.request.path, "act", "confirm", 303)
    again = send(page, page.request.path, "act", "confirm", 303)
    assert again.follow().html.select_one(".flash-bad")
    assert count(app, User) == 2


def test_a_login_taken_meanwhile_stops_all_of_it(pages, app, make_user):
    page = upload(pages, xlsx([FIELDS, ["li", "李静", "机关事务中心"], ["wu", "吴敏", "机关事务中心"]]), status=303).follow()
    make_user("wu")
    send(page, page.request.path, "act", "confirm", 303)
    assert count(app, User) == 2


def test_another_administrator_does_not_see_the_file(pages, app, make_user):
    page = upload(pages, xlsx([FIELDS, ["li", "李静", "机关事务中心"]]), status=303).follow()
    app.reset()
    app.login(make_user("boss2", roles=["admin"]))
    app.get(page.request.path, status=404)


def test_roles_in_the_file_need_the_right_to_give_them(app, make_user):
    app.login(make_user("keeper", permissions=["core:user:manage"]))
    page = upload(app, xlsx([FIELDS, ["li", "李静", "机关事务中心", "", "", "", "admin"]]), status=303).follow()
    assert [node.text for node in page.html.select(".kpi b")] == ["1", "0", "1"]


def bomb():
    """A small file that promises to unpack to more than is allowed."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MAX_UNPACKED + 1))
    return output.getvalue()


def with_entities():
    """A file whose XML defines entities that grow."""
    source = zipfile.ZipFile(io.BytesIO(xlsx([FIELDS, ["li", "李静", "机关事务中心"]])))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for part in source.infolist():
            text = source.read(part)
            if part.filename == "xl/workbook.xml":
                text = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + text
            archive.writestr(part.filename, text)
    return output.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"login,name\n",
        b"PK\x03\x04" + b"\x00" * 100,
        b"\x00" * (sheets.MAX_BYTES + 1),
        bomb(),
        with_entities(),
        xlsx([["a", "b"], ["li", "李静"]]),
        xlsx([[*FIELDS, "login"], ["li", "李静", "机关事务中心"]]),
        xlsx([FIELDS]),
        xlsx([]),
    ],
    ids=["empty", "text", "broken", "large", "bomb", "entities", "heads", "doubled head", "no rows", "nothing"],
)
def test_unfit_files_are_refused_with_a_reason(pages, app, data):
    answer = upload(pages, data, status=422)
    assert answer.html.select_one(".error-summary")
    assert count(app, UserImport) == 0


def test_too_many_rows_are_refused(pages, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 2)
    upload(pages, xlsx([FIELDS, *[[f"u-{n}", "某人", "机关事务中心"] for n in range(3)]]), status=422)


def test_the_template_can_be_filled_in_and_uploaded(pages, app):
    data = pages.get("/admin/users/import/template.xlsx")
    assert data.content_type == sheets.XLSX
    book = load_workbook(io.BytesIO(data.body))
    assert [cell.value for cell in book.worksheets[1]["A"]] == ["机关事务中心"]
    book.worksheets[0].append(["li", "李静", "机关事务中心", None, 13800000000, None, "clerk"])
    output = io.BytesIO()
    book.save(output)
    page = upload(pages, output.getvalue(), status=303).follow()
    assert "13800000000" in page.html.select_one("#h-rows").find_parent("section").text


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_the_initial_password_is_shown_once_and_nowhere_else(pages, app):
    page = pages.get("/admin/users/new")
    form = next(form for form in page.forms.values() if form.action == "/admin/users/new")
    form["login"], form["name"], form["department"] = "li-na", "李娜", str(look(app, sa.select(User.department_id))[0])
    answer = form.submit(status=200)
    password = answer.html.select_one("code.secret").text
    assert answer.cache_control.no_store
    assert password not in answer.request.url
    (user,) = look(app, sa.select(User).where(User.login == "li-na"))
    assert password not in pages.get(f"/admin/users/{user.id}")
    assert password not in str([row.detail for row in look(app, sa.select(AuditEntry))])
    app.reset()
    login = app.get("/login").form
    login["username"], login["password"] = "li-na", password
    assert login.submit().headers["Location"].endswith("/")


def test_an_act_that_is_refused_is_told_and_changes_nothing(pages, make_user, app):
    li = make_user("li", roles=["clerk"])
    page = pages.get(f"/admin/users/{li.id}")
    send(page, f"/admin/users/{li.id}/act", "act", "deactivate", 303)
    assert count(app, User, User.active) == 1
    boss = count(app, User, User.login == "boss", User.active)
    token = page.html.select_one("[name=csrf_token]")["value"]
    me = pages.get("/admin/users?q=boss").html.select_one("tbody a")["href"]
    answer = pages.post(f"{me}/act", {"csrf_token": token, "act": "deactivate"}, status=303)
    assert answer.follow().html.select_one(".flash-bad")
    assert boss == count(app, User, User.login == "boss", User.active) == 1


def test_the_second_who_saves_is_told_and_nothing_is_lost(pages, make_user):
    li = make_user("li")
    first, second = pages.get(f"/admin/users/{li.id}"), pages.get(f"/admin/users/{li.id}")
    for page, name, status in ((first, "李一", 303), (second, "李二", 409)):
        form = next(form for form in page.forms.values() if form.action == f"/admin/users/{li.id}")
        form["name"] = name
        answer = form.submit(status=status)
    assert answer.html.select_one("[name=name]")["value"] == "李二"
    assert answer.html.select_one("main .flash-bad")


def test_a_right_within_one_scope_opens_no_page(app, make_user):
    app.login(make_user("scoped", roles=[("admin", "meetings.room:7")]))
    for address in ("/admin/users", "/admin/departments", "/admin/roles", "/admin/sessions", "/admin/logins"):
        app.get(address, status=403)


# -- sessions and the login log ----------------------------------------------------------------------------------------


def test_a_session_is_ended_by_the_administrator(pages, app, make_user):
    li = make_user("li")
    other = type(app)(app.app, app.portal)
    other.login(li)
    page = pages.get("/admin/sessions?q=li")
    (session_id,) = look(app, sa.select(SessionRow.id).where(SessionRow.user_id == li.id))
    send(page, f"/admin/sessions/{session_id}/end", status=303)
    assert "/login" in other.get("/me").headers["Location"]
    assert count(app, AuditEntry, AuditEntry.action == "core.session_ended") == 1


def test_a_lost_second_factor_is_removed_and_never_ones_own(pages, app, admin, make_user):
    li = make_user("li")
    assert "factor" not in [button.attrs.get("value") for button in pages.get(f"/admin/users/{li.id}").html.find_all("button")]
    now = app.portal.clock.now()
    with app.portal.database.writing() as session:
        session.add_all(SecondFactor(user_id=user.id, secret="", created=now, confirmed=now) for user in (li, admin))
        session.add(RecoveryCode(user_id=li.id, code_hash="0" * 64))
    page = pages.get(f"/admin/users/{li.id}")
    send(page, f"/admin/users/{li.id}/act", "act", "factor", status=303)
    assert count(app, RecoveryCode) == 0
    assert look(app, sa.select(SecondFactor.user_id)) == [admin.id]
    # A second time there is nothing to remove; one's own page has no such button, and the act is refused.
    send(page, f"/admin/users/{li.id}/act", "act", "factor", status=303)
    mine = pages.get(f"/admin/users/{admin.id}")
    assert 'value="factor"' not in mine.text
    form = next(form for form in mine.forms.values() if form.action == f"/admin/users/{admin.id}/act")
    pages.post(form.action, [*form.submit_fields(), ("act", "factor")], status=303)
    assert look(app, sa.select(SecondFactor.user_id)) == [admin.id]
    assert count(app, AuditEntry, AuditEntry.action == "core.second_factor_removed") == 1


def test_one_session_at_a_time_when_the_setting_says_so(app, make_user):
    li = make_user("li")
    app.login(li)
    other = type(app)(app.app, app.portal)
    app.portal.settings["portal.single_session"] = True
    try:
        form = other.get("/login").form
        form["username"], form["password"] = "li", PASSWORD
        form.submit(status=303)
    finally:
        app.portal.settings["portal.single_session"] = False
    assert "/login" in app.get("/me").headers["Location"]
    other.get("/me", status=200)


@pytest.mark.parametrize(
    ("login", "password", "reason"),
    [("li", "wrong", "password"), ("nobody", "wrong", "unknown"), ("gone", PASSWORD, "closed")],
)
def test_the_log_says_why_a_login_failed(pages, app, make_user, login, password, reason):
    make_user("li")
    make_user("gone", active=False)
    app.reset()
    form = app.get("/login").form
    form["username"], form["password"] = login, password
    form.submit(status=422)
    assert count(app, LoginAttempt, LoginAttempt.reason == reason, ~LoginAttempt.success) == 1


def test_the_log_is_filtered_and_read_by_those_who_may(pages, app, admin):
    page = pages.get("/admin/logins?login=bo&result=ok")
    assert "boss" in page.html.select_one("tbody").text
    assert not pages.get("/admin/logins?result=failed").html.select("tbody tr")
    assert not pages.get("/admin/logins?to=2001-01-01").html.select("tbody tr")
    pages.get("/admin/logins?from=never", status=400)


# -- what lists cost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/admin/users", 8),
        ("/admin/departments", 6),
        ("/admin/roles", 6),
        ("/admin/grants", 5),
        ("/admin/sessions", 5),
        ("/admin/logins", 5),
    ],
)
def test_lists_cost_the_same_with_many_rows(pages, app, make_user, address, most):
    pages.get(address)
    with count_statements(app.portal.database.engine) as few:
        pages.get(address)
    with app.portal.database.writing() as session:
        services = Services(session, app.portal)
        for number in range(30):
            unit = services.get(DepartmentService).create(f"单位{number}")
            common = {"password_hash": "x", "password_changed": services.clock.now(), "created": services.clock.now()}
            user = User(login=f"many-{number:02}", name="某人", department_id=unit.id, **common)
            session.add(user)
            session.flush()
            services.get(RightsService).assign(user, "clerk")
            services.get(RightsService).grant("core:case:view_all", user_id=user.id)
            session.add(LoginAttempt(login=user.login, ip="10.0.0.1", at=services.clock.now(), success=True))
    with count_statements(app.portal.database.engine) as many:
        pages.get(address)
    assert many.count == few.count <= most
