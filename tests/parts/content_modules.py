"""Tables of the tests for announcements, help, modules and parameters; see ``tests.parts``."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.models import Department
from portal_core.content.announcements import AnnouncementData, AnnouncementService
from portal_core.content.help import HelpData, HelpService
from portal_core.content.models import Announcement, AnnouncementAudience, AnnouncementRead, HelpPage
from portal_core.modules.models import Generation, ModuleOff, Parameter
from tests.tables import USERS, Form, Page

ADMIN = ("admin",)
WRITTEN = (Generation, ModuleOff, Parameter, Announcement, AnnouncementAudience, AnnouncementRead, HelpPage)

PAGES = {
    "GET core.modules": ("/admin/modules", ADMIN),
    "GET core.module": ("/admin/modules/meetings", ADMIN),
    "POST core.module": ("/admin/modules/meetings", ADMIN),
    "GET core.parameters": ("/admin/parameters", ADMIN),
    "POST core.parameters": ("/admin/parameters", ADMIN),
    "GET core.announcements": ("/announcements", USERS),
    # For one unit only: the people of others are told that there is no such thing.
    "GET core.announcement": ("/announcements/{more[announcement]}", ("staff2", "guest", "admin")),
    "POST core.announcement.confirm": ("/announcements/{more[announcement]}/confirm", ("staff2", "guest", "admin")),
    "GET core.help": ("/help", USERS),
    "GET core.help_page": ("/help/{more[help]}", USERS),
    "GET core.admin.announcements": ("/admin/announcements", ADMIN),
    "GET core.admin.new_announcement": ("/admin/announcements/new", ADMIN),
    "POST core.admin.new_announcement": ("/admin/announcements/new", ADMIN),
    "GET core.admin.announcement": ("/admin/announcements/{more[announcement]}", ADMIN),
    "POST core.admin.announcement": ("/admin/announcements/{more[announcement]}", ADMIN),
    "POST core.admin.announcement.withdraw": ("/admin/announcements/{more[other_announcement]}/withdraw", ADMIN),
    "GET core.admin.help": ("/admin/help", ADMIN),
    "GET core.admin.new_help_page": ("/admin/help/new", ADMIN),
    "POST core.admin.new_help_page": ("/admin/help/new", ADMIN),
    "GET core.admin.help_page": ("/admin/help/{more[help]}", ADMIN),
    "POST core.admin.help_page": ("/admin/help/{more[help]}", ADMIN),
}


def furnish(scene):
    """An announcement for one unit, which must be read; another for all; a help page."""
    with scene.services() as services:
        admin, now = scene.people["admin"].identity, services.clock.now()
        unit = services.session.scalar(sa.select(Department.id).where(Department.name == "机关工委"))
        service = services.get(AnnouncementService)
        data = AnnouncementData("工委停电通知", "周六停电。", now - dt.timedelta(hours=1), must_read=True, department_ids=(unit,))
        scene.more["announcement"] = service.save(data, admin).id
        data = AnnouncementData("食堂调整", "见附件。", now - dt.timedelta(hours=1))
        scene.more["other_announcement"] = service.save(data, admin).id
        page = HelpData("怎样预约会议室", "会议", "# 步骤\n\n1. 打开会议\n2. 点空格")
        scene.more["help"] = services.get(HelpService).save(page, admin).id


def _parameters(scene):
    forms = scene.browsers["admin"].get("/admin/parameters").forms.values()
    form = next(form for form in forms if form.action == "/admin/parameters")
    return "/admin/parameters", {name: value for name, value in form.submit_fields() if name and name != "csrf_token"}


ANNOUNCEMENT = {
    "version": "",
    "title": "关于冬季供暖的通知",
    "body": "自 **11 月 15 日** 起供暖。",
    "start_date": "2026-11-24",
    "start_time": "08:00",
    "end_date": "2026-12-24",
    "audience": "everybody",
    "pinned": "y",
    "must_read": "y",
}
HELP = {
    "version": "",
    "title": "忘记密码怎么办？",
    "topic": "登录",
    "body": "请联系管理员。",
    "is_question": "y",
    "published": "y",
    "position": "10",
}

FORMS = {
    # Switching on what is on changes nothing, so that the other tests find the module.
    "module": Form("admin", lambda scene: ("/admin/modules/meetings", {"act": "on", "reason": "检修"})),
    "parameters": Form("admin", _parameters),
    "announcement": Form("admin", lambda scene: ("/admin/announcements/new", ANNOUNCEMENT)),
    "help page": Form("admin", lambda scene: ("/admin/help/new", HELP)),
}
BROWSER = (
    Page("admin-modules", "admin", "/admin/modules"),
    Page("admin-module", "admin", "/admin/modules/meetings"),
    Page("admin-parameters", "admin", "/admin/parameters"),
    Page("announcements", "staff", "/announcements"),
    Page("announcement", "staff", "/announcements/{announcement}"),
    Page("help", "staff", "/help"),
    Page("help-page", "staff", "/help/{help_page}"),
    Page("admin-announcements", "admin", "/admin/announcements"),
    Page("admin-announcement-new", "admin", "/admin/announcements/new"),
    Page("admin-announcement", "admin", "/admin/announcements/{announcement}"),
    Page("admin-help", "admin", "/admin/help"),
    Page("admin-help-page", "admin", "/admin/help/{help_page}"),
)


def places(services, found):
    """The demo's newest announcement and first help page."""
    found["announcement"] = services.session.scalar(sa.select(sa.func.min(Announcement.id)))
    found["help_page"] = services.session.scalar(sa.select(sa.func.min(HelpPage.id)))
