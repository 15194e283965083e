"""Sending messages: rows in the sender's transaction, so a message exists exactly when its cause does."""

from portal_core.notifications.models import Notification
from portal_core.services import Services


class NotificationService:
    """Writes in-site messages."""

    def __init__(self, services: Services):
        self.services = services

    def send(self, code: str, user_ids, params: dict, url: str = "", case_id: int | None = None) -> None:
        """Send message type ``code`` to ``user_ids`` (each once). ``params`` are plain text; KeyError for an undeclared type."""
        self.services.portal.notification_types[code]
        now = self.services.clock.now()
        for user_id in sorted({u for u in user_ids if u}):
            self.services.session.add(Notification(user_id=user_id, code=code, params=params, url=url, case_id=case_id, created=now))
