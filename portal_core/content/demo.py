"""Invented announcements and a short handbook for demonstrations; found again by their titles."""

import datetime as dt

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.content.announcements import AnnouncementData, AnnouncementService
from portal_core.content.help import HelpData, HelpService
from portal_core.content.models import Announcement, HelpPage
from portal_core.services import Services

# Title, text, days ago, pinned, must be read.
ANNOUNCEMENTS = (
    ("会议室智能门锁使用说明", "会议开始前 15 分钟凭工作证刷卡开门。\n\n打不开时请拨打服务电话。", 12, False, False),
    ("机关食堂十二月菜单征求意见", "请于 **11 月 28 日** 前把建议告诉食堂。", 6, False, False),
    ("2 号楼电梯 11 月 28 日检修停用", "检修时间 8:30 至 17:00，请走 1 号楼连廊。", 4, False, False),
    ("关于冬季供暖时间调整的通知", "自 11 月 25 日起：\n\n- 工作日 7:30 至 18:00\n- 周末值班区域 8:30 至 17:00", 1, True, True),
)

# Topic, title, text, whether it is a question.
HELP = (
    ("登录与账号", "第一次登录", "用管理员发给您的登录名和初始密码登录，系统会要求您先修改密码。", False),
    ("登录与账号", "忘记密码怎么办？", "请联系本单位管理员重置，重置后凭新的初始密码登录并修改。", True),
    ("登录与账号", "为什么提示账号已锁定？", "连续输错密码会锁定 30 分钟；急用请联系管理员解锁。", True),
    (
        "会议预约",
        "预约会议室",
        "1. 打开 **会议**，在“会议室预约情况”里点空闲的格子\n2. 填写会议名称、人数和服务保障内容\n3. 点 **提交**，等待审核",
        False,
    ),
    ("会议预约", "会议改期或取消", "在 **我的预约** 里找到会议，点 **变更** 或 **取消**，并写明原因。", False),
    ("会议预约", "审核要多久？", "一般在 4 个工作小时内；可以在单据上看到现在由谁审核，也可以 **催办**。", True),
    ("待办与评价", "办理待办", "首页“待办事项”列出等您处理的事，点右边的按钮即可办理；全部待办点 **更多**。", False),
    ("待办与评价", "休假时谁来办我的待办？", "在 **我的** 里设置 **委托**，写明委托给谁、从哪天到哪天。", True),
    ("待办与评价", "满意度评价", "会议结束后，待办里会出现“评价”。请在 7 天内完成。", False),
)


def load(services: Services, author: Identity) -> None:
    """Write what is missing."""
    now = services.clock.now()
    announcements, pages = services.get(AnnouncementService), services.get(HelpService)
    known = set(services.session.scalars(sa.select(Announcement.title)))
    for title, body, days, pinned, must_read in ANNOUNCEMENTS:
        if title not in known:
            data = AnnouncementData(title, body, now - dt.timedelta(days=days), pinned=pinned, must_read=must_read)
            announcements.save(data, author)
    known = set(services.session.scalars(sa.select(HelpPage.title)))
    for number, (topic, title, body, is_question) in enumerate(HELP):
        if title not in known:
            pages.save(HelpData(title, topic, body, is_question, number * 10), author)
