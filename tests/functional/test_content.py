"""Announcements: who sees which, who has read them; help pages and questions."""

import datetime as dt

import pytest
import sqlalchemy as sa
from webtest import Upload

from portal_core.accounts.models import Department
from portal_core.content.announcements import AnnouncementData, AnnouncementService
from portal_core.content.help import HelpService
from portal_core.content.models import Announcement, AnnouncementRead
from portal_core.errors import Invalid, NotFound, Stale
from tests import scene as scenes
from tests.parts.content_modules import ANNOUNCEMENT, HELP

scene = scenes.scene
PDF = b"%PDF-1.4\n%%EOF\n"


def announce(scene, title, units=(), hours=-1, **more):
    """The id of a new announcement for the units with these names."""
    with scene.services() as services:
        ids = services.session.scalars(sa.select(Department.id).where(Department.name.in_(units)))
        now = services.clock.now()
        data = AnnouncementData(title, "正文", now + dt.timedelta(hours=hours), department_ids=tuple(ids), **more)
        return services.get(AnnouncementService).save(data, scene.people["admin"].identity).id


def readers(scene, announcement_id):
    with scene.app.reading() as session:
        rows = sa.select(AnnouncementRead.user_id).where(AnnouncementRead.announcement_id == announcement_id)
        return set(session.scalars(rows))


def test_only_the_people_of_the_units_see_it(scene):
    number = announce(scene, "工委学习", ["机关工委"])
    assert "工委学习" in scene.browsers["staff2"].get("/announcements").text
    assert "工委学习" in scene.browsers["staff2"].get("/").text
    for who in ("staff", "leader"):
        assert "工委学习" not in scene.browsers[who].get("/announcements").text
        assert scene.browsers[who].get(f"/announcements/{number}", status=404)
        answer = scene.browsers[who].post(f"/announcements/{number}/confirm", {"csrf_token": scene.token(who)}, status="*")
        assert answer.status_int == 404
    assert not readers(scene, number)


@pytest.mark.parametrize(
    "hours, more",
    [(1, {}), (-5, {"ends": -1})],
    ids=["not yet", "over"],
)
def test_outside_its_time_nobody_sees_it(scene, hours, more):
    ends = {"ends_at": scene.app.portal.clock.now() + dt.timedelta(hours=more["ends"])} if more else {}
    number = announce(scene, "不在时间内", hours=hours, **ends)
    assert "不在时间内" not in scene.browsers["staff"].get("/announcements").text
    assert scene.browsers["staff"].get(f"/announcements/{number}", status=404)
    assert scene.browsers["admin"].get(f"/announcements/{number}", status=200)


def test_opening_it_is_reading_it_and_one_that_must_be_read_asks_for_more(scene):
    plain, must = announce(scene, "看看就行"), announce(scene, "必须看", must_read=True)
    browser, me = scene.browsers["staff"], scene.people["staff"].id
    assert f"must-read-{must}" in browser.get("/").text
    browser.get(f"/announcements/{plain}")
    page = browser.get(f"/announcements/{must}")
    assert readers(scene, plain) == {me} and not readers(scene, must)
    page.forms[max(key for key in page.forms if isinstance(key, int))].submit().follow()
    assert readers(scene, must) == {me}
    assert f"must-read-{must}" not in browser.get("/").text and "我已阅读" not in browser.get(f"/announcements/{must}").text


def test_the_author_sees_who_has_read_it(scene):
    number = announce(scene, "工委会议", ["机关工委"], must_read=True)
    scene.browsers["staff2"].post(f"/announcements/{number}/confirm", {"csrf_token": scene.token("staff2")}, status=303)
    page = scene.browsers["admin"].get(f"/admin/announcements/{number}")
    assert "阅读情况：1 / 2 人" in page.text
    with scene.services() as services:
        service = services.get(AnnouncementService)
        receipts = service.receipts(service.get(number, scene.people["admin"].identity))
    assert [name for name, _unit, _at in receipts.readers] == ["李静"] and receipts.missing == (("何平", "机关工委"),)


def test_withdrawing_takes_it_away_at_once(scene):
    number = announce(scene, "撤回我", pinned=True)
    assert "撤回我" in scene.browsers["staff"].get("/").text
    url = f"/admin/announcements/{number}/withdraw"
    scene.browsers["admin"].post(url, {"csrf_token": scene.token("admin")}, status=303)
    assert "撤回我" not in scene.browsers["staff"].get("/").text
    assert scene.browsers["staff"].get(f"/announcements/{number}", status=404)


def test_attachments_are_for_the_readers_only(scene):
    fields = ANNOUNCEMENT | {"title": "附件测试", "audience": "units", "csrf_token": scene.token("admin")}
    with scene.app.reading() as session:
        fields["departments"] = str(session.scalar(sa.select(Department.id).where(Department.name == "机关工委")))
    fields["files"] = Upload("通知.pdf", PDF, "application/pdf")
    scene.browsers["admin"].post("/admin/announcements/new", fields, status=303)
    with scene.app.reading() as session:
        number = session.scalar(sa.select(Announcement.id).where(Announcement.title == "附件测试"))
    link = scene.browsers["staff2"].get(f"/announcements/{number}").html.select_one("article a[href^='/files/']")
    got = scene.browsers["staff2"].get(link["href"])
    assert got.body == PDF and got.headers["Content-Disposition"].startswith("attachment")
    assert scene.browsers["staff"].get(link["href"], status=404)


def test_a_refused_form_keeps_what_was_typed_and_writes_nothing(scene):
    before = scene.counts()
    fields = ANNOUNCEMENT | {"title": "", "end_date": "2026-11-01", "csrf_token": scene.token("admin")}
    answer = scene.browsers["admin"].post("/admin/announcements/new", fields, status=422)
    assert "请填写" in answer.text and ANNOUNCEMENT["body"] in answer.text
    fields = ANNOUNCEMENT | {"end_date": "2026-11-01", "csrf_token": scene.token("admin")}
    answer = scene.browsers["admin"].post("/admin/announcements/new", fields, status=422)
    assert "截止日期须晚于发布时间" in answer.text
    fields = ANNOUNCEMENT | {"audience": "units", "departments": "999999", "csrf_token": scene.token("admin")}
    assert scene.browsers["admin"].post("/admin/announcements/new", fields, status=422)
    fields = ANNOUNCEMENT | {"files": Upload("x.pdf", b"MZ", "application/pdf"), "csrf_token": scene.token("admin")}
    assert scene.browsers["admin"].post("/admin/announcements/new", fields, status=422)
    assert scene.counts() == before


def test_two_authors_do_not_overwrite_each_other(scene):
    number = announce(scene, "两人改")
    with scene.services() as services:
        service, admin = services.get(AnnouncementService), scene.people["admin"].identity
        found = service.get(number, admin)
        data = AnnouncementData("改过", "正文", found.starts_at)
        service.save(data, admin, found, found.version)
        with pytest.raises(Stale):
            service.save(data, admin, found, 1)


def test_too_many_files_are_refused(scene):
    with scene.services() as services:
        service, admin = services.get(AnnouncementService), scene.people["admin"].identity
        data = AnnouncementData("十一个附件", "正文", services.clock.now())
        with pytest.raises(Invalid):
            service.save(data, admin, files=[None] * 11)


def test_help_shows_topics_and_hides_what_is_not_published(scene):
    fields = HELP | {"csrf_token": scene.token("admin")}
    scene.browsers["admin"].post("/admin/help/new", fields, status=303)
    del fields["published"]
    scene.browsers["admin"].post("/admin/help/new", fields | {"title": "还没写完"}, status=303)
    page = scene.browsers["staff"].get("/help")
    assert HELP["title"] in page.text and "还没写完" not in page.text
    with scene.services() as services:
        hidden = next(page for page in services.get(HelpService).all() if not page.published)
        with pytest.raises(NotFound):
            services.get(HelpService).get(hidden.id, scene.people["staff"].identity)
        number = hidden.id
    assert scene.browsers["staff"].get(f"/help/{number}", status=404)
    assert scene.browsers["admin"].get(f"/help/{number}", status=200)


def test_a_changed_help_page_asks_for_the_version_it_was_made_for(scene):
    number = scene.more["help"]
    fields = HELP | {"version": "1", "csrf_token": scene.token("admin")}
    scene.browsers["admin"].post(f"/admin/help/{number}", fields, status=303)
    answer = scene.browsers["admin"].post(f"/admin/help/{number}", fields, status=409)
    assert "已变化" in answer.text or "重新" in answer.text
