"""Health, metrics, downloads, the upgrade page and system management."""

import pytest

from portal_core.declarations import HealthCheck

OLD = {"User-Agent": "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"}


def test_health(app):
    answer = app.get("/-/health").json
    assert answer["status"] == "ok"
    assert answer["checks"]["core.database"] == "ok"


def test_a_failing_check_is_503_without_its_secrets(app, monkeypatch):
    def leak(session):
        raise RuntimeError("password=hunter2")

    checks = [HealthCheck("core.bad", leak), HealthCheck("core.worse", lambda session: "the disk is full")]
    monkeypatch.setattr(app.portal, "health_checks", {check.name: check for check in checks})
    page = app.get("/-/health", status=503)
    assert page.json == {"status": "failing", "checks": {"core.bad": "failed", "core.worse": "the disk is full"}}


def test_plugins(app):
    names = [item["name"] for item in app.get("/-/plugins.json").json["plugins"]]
    assert names == [item.name for item in app.portal.plugins.loaded]


def test_metrics_count_by_route_and_never_by_address(app):
    app.get("/invented/by/somebody", status=404)
    app.get("/-/health")
    text = app.get("/-/metrics").text
    assert 'portal_request_seconds_count{method="GET",route="/-/health",status="2xx"}' in text
    assert "invented" not in text


@pytest.fixture
def installer(app, tmp_path):
    app.portal.settings["portal.download_dir"] = str(tmp_path / "downloads")
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "chrome109-win64.exe").write_bytes(b"MZ installer")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "notes.txt").write_text("not for everybody")


def test_old_browsers_are_offered_what_is_there(app, installer):
    page = app.get("/", headers=OLD)
    assert "您的浏览器版本过低" in page.text
    assert "/download/chrome109-win64.exe" in page.text
    assert "firefox115" not in page.text
    file = app.get("/download/chrome109-win64.exe", headers=OLD)
    assert file.body == b"MZ installer"
    assert "attachment" in file.headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["../secret.txt", "..%2Fsecret.txt", "notes.txt", "firefox115-win32.exe", ".."])
def test_nothing_else_can_be_downloaded(app, installer, name):
    app.get(f"/download/{name}", status=404)


def test_an_old_browser_without_installers_gets_the_telephone_number(app, tmp_path):
    app.portal.settings["portal.download_dir"] = str(tmp_path / "missing")
    page = app.get("/login", headers=OLD)
    assert app.portal.settings["portal.service_phone"] in page.text


def test_system_management_needs_its_permission(app, make_user):
    app.get("/admin/", status=303)
    app.login(make_user("clerk1", roles=["clerk"]))
    app.get("/admin/", status=403)


def test_system_management_shows_what_one_may_manage_and_troubles(app, make_user, monkeypatch):
    monkeypatch.setattr(app.portal, "health_checks", {"core.x": HealthCheck("core.x", lambda session: "the disk is full")})
    app.login(make_user("boss", permissions=["core:admin:view", "core:module:manage"]))
    page = app.get("/admin/")
    assert "系统管理" in page.text and "the disk is full" in page.text
    assert 'href="/admin/modules"' in page.text and 'href="/admin/users"' not in page.text
