"""Every error has a clear page with the right status; nothing that a client sends is answered by a 500."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from pyramid.httpexceptions import HTTPServiceUnavailable
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from portal_core.audit.models import AuditEntry
from portal_core.declarations import PluginInfo
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from portal_core.hookspecs import hookimpl
from portal_core.inbox.models import Case
from portal_core.testing.fixtures import build_application, running


class Deadlock(Exception):
    sqlstate = "40P01"


def deadlock():
    return sa.exc.OperationalError("UPDATE", {}, Deadlock("deadlock detected"))


FORM = "application/x-www-form-urlencoded"
ERRORS = {
    "not-found": (lambda: NotFound(), 404, "页面不存在"),
    "forbidden": (lambda: Forbidden("这不是您的事项。"), 403, "这不是您的事项。"),
    "invalid": (lambda: Invalid("请检查", {"title": "请填写会议名称"}), 422, "请填写会议名称"),
    "conflict": (lambda: Conflict("该时段已被占用"), 409, "该时段已被占用"),
    "stale": (lambda: Stale("已由周敏办理", "周敏"), 409, "已由周敏办理"),
    "too-large-number": (lambda: OverflowError("Python int too large to convert to SQLite INTEGER"), 404, "页面不存在"),
    "unavailable": (lambda: HTTPServiceUnavailable(), 503, "服务暂时不可用"),
    "fault": (lambda: LookupError("secret detail"), 500, "服务器出错了"),
    "deadlock": (deadlock, 503, "服务暂时不可用"),
}


class Faulty:
    """A plugin whose pages fail in every way."""

    def __init__(self):
        self.attempts = 0

    def module(self):
        @hookimpl
        def portal_plugin_info():
            return PluginInfo("faulty", "Faulty", "1.0")

        @hookimpl
        def portal_includeme(config):
            pages = {"raise/{name}": self.fail, "transient/{times}": self.transient, "case": self.case, "echo": self.echo}
            pages["commit"] = self.commit
            for path, view in pages.items():
                route = "faulty." + path.split("/")[0]
                config.add_route(route, "/faulty/" + path)
                config.add_view(view, route_name=route, permission=NO_PERMISSION_REQUIRED, require_csrf=False)

        # The package is the core's, because a fake one has no folder of translations.
        return SimpleNamespace(__name__="portal_core", portal_plugin_info=portal_plugin_info, portal_includeme=portal_includeme)

    def fail(self, request):
        raise ERRORS[request.matchdict["name"]][0]()

    def transient(self, request):
        """Writes a line and fails, as often as the address says."""
        self.attempts += 1
        request.db.add(AuditEntry(at=request.registry.portal.clock.now(), action="faulty.attempt"))
        request.db.flush()
        if self.attempts <= int(request.matchdict["times"]):
            raise deadlock()
        return Response("done")

    def case(self, request):
        found = request.db.get(Case, int(request.GET["id"]))
        return Response(str(found))

    def commit(self, request):
        """Succeeds, but its transaction does not."""

        def fail():
            raise LookupError("secret detail")

        request.db.add(AuditEntry(at=request.registry.portal.clock.now(), action="faulty.commit"))
        request.tm.get().addBeforeCommitHook(fail)
        return Response("done")

    def echo(self, request):
        return Response(request.POST.get("text", ""))


@pytest.fixture(scope="module")
def _faulty_application(tmp_path_factory):
    plugin = Faulty()
    built = build_application(tmp_path_factory.mktemp("faulty"), [("faulty", plugin.module())], portal__max_body_mb=1)
    return plugin, *built


@pytest.fixture
def faulty(_faulty_application):
    plugin = _faulty_application[0]
    plugin.attempts = 0
    return plugin


@pytest.fixture
def app(_faulty_application, fresh_db_url, tmp_path):
    with running(*_faulty_application[1:], fresh_db_url, tmp_path) as made:
        yield made


def test_every_error_has_its_page(app):
    for name, (_make, status, text) in ERRORS.items():
        page = app.get(f"/faulty/raise/{name}", status=status)
        assert text in page.text, name
        assert "Content-Security-Policy" in page.headers, name
        assert "secret" not in page.text


def test_htmx_gets_a_fragment(app):
    page = app.get("/faulty/raise/conflict", headers={"HX-Request": "true"}, status=409)
    assert "<html" not in page.text
    assert "该时段已被占用" in page.text


def test_a_fault_shows_the_id_that_is_in_the_log(app):
    page = app.get("/faulty/raise/fault", headers={"X-Request-ID": "abcdef-123456"}, status=500)
    assert "abcdef-123456" in page.text
    assert page.headers["X-Request-ID"] == "abcdef-123456"


def test_an_id_from_outside_must_look_like_one(app):
    page = app.get("/faulty/raise/fault", headers={"X-Request-ID": "<b>x</b> or so"}, status=500)
    assert "<b>x" not in page.text


def test_a_transient_error_is_tried_again_and_written_once(app, faulty):
    assert app.post("/faulty/transient/2").text == "done"
    assert faulty.attempts == 3
    with app.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1


def test_trying_again_has_an_end(app, faulty):
    page = app.post("/faulty/transient/99", status=503)
    assert page.headers["Retry-After"] == "2"
    assert faulty.attempts == 4
    with app.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


def test_a_failing_commit_is_a_page_too(app):
    page = app.post("/faulty/commit", status=500)
    assert "服务器出错了" in page.text
    assert "secret" not in page.text
    assert "Content-Security-Policy" in page.headers
    with app.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


@pytest.mark.parametrize("number", [2**63, 10**40, -(2**70)])
def test_absurd_ids_name_nothing(app, number):
    app.get(f"/faulty/case?id={number}", status=404)


@pytest.mark.parametrize("address", ["/login?a=%00", "/login?a=%ff%fe", "/login?%ff=1", "/%ff%fe", "/a%00b"])
def test_addresses_that_are_no_text(app, address):
    page = app.get(address, status=400)
    assert "无法识别的请求" in page.text


@pytest.mark.parametrize(("body", "content_type"), [(b"text=a%00b", FORM), (b"no boundary here", "multipart/form-data")])
def test_broken_forms(app, body, content_type):
    # Not app.post: it would parse the body itself.
    app.request("/faulty/echo", method="POST", body=body, content_type=content_type, status=400)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"text=%ff%fe", FORM),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    ],
)
def test_bytes_in_forms_that_are_no_text_are_replaced(app, body, content_type):
    assert app.request("/faulty/echo", method="POST", body=body, content_type=content_type).text == "\ufffd\ufffd"


def test_ten_megabytes_of_text(app):
    page = app.request("/faulty/echo", method="POST", body=b"text=" + b"x" * 10_000_000, content_type=FORM, status=413)
    assert "提交的内容过大" in page.text


def test_a_form_without_its_token(app):
    page = app.post("/login", {"username": "staff", "password": "x"}, status=400)
    assert "页面已失效" in page.text


def test_unknown_page_and_unknown_method(app):
    app.get("/no/such/page", status=404)
    app.request("/login", method="PUT", status="4*")


def test_the_page_for_when_not_even_the_database_answers(app, monkeypatch):
    def gone():
        raise sa.exc.OperationalError("SELECT", {}, OSError("gone"))

    monkeypatch.setattr(app.portal.database, "reader", gone)
    page = app.get("/login", headers={"Cookie": f"portal_session={'a' * 43}"}, status="5*")
    assert "gone" not in page.text
