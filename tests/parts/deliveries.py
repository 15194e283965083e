"""Tables of the tests for messages and deliveries; see ``tests.parts``."""

import datetime as dt
import itertools
import secrets

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.notifications import mail
from portal_core.notifications.models import ChannelState, Delivery, Notification, NotificationPreference
from portal_core.notifications.services import NotificationService
from tests.tables import USERS, Form, Page

ADMIN = ("admin",)
WRITTEN = (Delivery, ChannelState, NotificationPreference)

PAGES = {
    "GET account.notifications": ("/account/notifications", USERS),
    "POST account.notifications": ("/account/notifications", USERS),
    "GET core.deliveries": ("/admin/deliveries", ADMIN),
    "POST core.deliveries.batch": ("/admin/deliveries/batch", ADMIN),
    "POST core.deliveries.channel": ("/admin/deliveries/channel", ADMIN),
    "POST core.delivery": ("/admin/deliveries/{more[delivery]}/act", ADMIN),
}


def delivery(services, person, state="dead", code="meetings.approved", **fields):
    """A message to ``person`` (an id) and its delivery by e-mail, as it stands in the ledger."""
    now = services.clock.now()
    services.get(NotificationService).send(code, [person], {"title": "工作例会", "actor": "周敏", "opinion": "同意"})
    services.session.flush()
    message = services.session.scalar(sa.select(sa.func.max(Notification.id)))
    final = state not in ("queued", "sending", "accepted")
    values = {
        "notification_id": message,
        "user_id": person,
        "channel": mail.EMAIL,
        "address": "yang@example.org",
        "key": secrets.token_hex(10),
        "state": state,
        "attempts": 1,
        "next_at": now,
        "expires_at": now + dt.timedelta(hours=24),
        "created": now,
        "finished": now if final else None,
    }
    made = Delivery(**values | fields)
    services.session.add(made)
    services.session.flush()
    return made


def furnish(scene):
    """A dead letter to staff."""
    with scene.services() as services:
        scene.more["delivery"] = delivery(services, scene.people["staff"].id, cause=mail.RECIPIENT).id


def _dead_letter(scene):
    with scene.services() as services:
        made = delivery(services, scene.people["staff"].id, cause=mail.TEXT, error="554 5.7.1 looks like spam")
        return f"/admin/deliveries/{made.id}/act", {"act": "resend", "state": "dead", "channel": "", "cause": ""}


def _batch(scene):
    with scene.services() as services:
        delivery(services, scene.people["staff"].id, cause=mail.TEXT)
    return "/admin/deliveries/batch", {"act": "ignore", "channel": mail.EMAIL, "cause": mail.TEXT}


_turns = itertools.cycle(("hold", "resume"))
FORMS = {
    "message settings": Form(
        "staff", lambda scene: ("/account/notifications", {"quiet": "y", "quiet_from": "21:30", "quiet_to": "07:00"})
    ),
    "dead letter": Form("admin", _dead_letter),
    "dead letters of a cause": Form("admin", _batch),
    "channel": Form("admin", lambda scene: ("/admin/deliveries/channel", {"channel": mail.EMAIL, "act": next(_turns)})),
}

BROWSER = (
    Page("message-settings", "staff", "/account/notifications"),
    Page("deliveries", "admin", "/admin/deliveries"),
    Page("deliveries-waiting", "admin", "/admin/deliveries?state=queued"),
    Page("notifications-unread", "staff", "/notifications?show=unread"),
)


def places(services, found):
    """E-mail is set up, with dead letters of some causes, some that wait and some that were sent."""
    services.portal.settings |= {
        "portal.smtp_host": "mail.example.org",
        "portal.smtp_from": mail.parse_sender("portal@example.org"),
    }
    people = dict(services.session.execute(sa.select(User.login, User.id)).all())
    for login, cause, error in (
        ("staff", mail.TEXT, "554 5.7.1 looks like spam"),
        ("staff2", mail.BUSY, "451 4.7.1 greylisted, come again"),
        ("leader", mail.BUSY, "451 4.7.1 greylisted, come again"),
    ):
        delivery(services, people[login], cause=cause, error=error, attempts=8)
    for state in ("queued", "queued", "sent"):
        delivery(services, people["staff"], state, "meetings.cancelled", urgent=True)
    services.session.add(
        ChannelState(
            channel=mail.EMAIL,
            paused_until=services.clock.now() + dt.timedelta(minutes=15),
            cause=mail.LOGIN,
            error="535 5.7.8 authentication failed",
        )
    )
