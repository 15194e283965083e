"""Sending messages: rows in the sender's transaction, so a message exists exactly when its cause does."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.errors import NotFound
from portal_core.notifications.deliveries import DeliveryService
from portal_core.notifications.models import Notification
from portal_core.services import Services


class NotificationService:
    """Messages: always inside the portal, and through channels as their receivers like."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def send(
        self,
        code: str,
        user_ids: Iterable[int],
        params: dict[str, str],
        url: str = "",
        case_id: int | None = None,
        urgent: bool = False,
        todo: bool = False,
    ) -> None:
        """Send message type ``code`` to ``user_ids`` (each once). ``params`` are plain text; KeyError for an undeclared type.

        ``url`` is a path of this portal. ``urgent`` and ``todo`` are what the type says, or more.
        """
        kind = self.services.portal.notification_types[code]
        todo = todo or kind.todo
        now = self.services.clock.now()
        messages = [
            Notification(user_id=user_id, code=code, params=params, url=url, case_id=case_id, created=now, todo=todo)
            for user_id in sorted({u for u in user_ids if u})
        ]
        self.session.add_all(messages)
        self.services.get(DeliveryService).queue(kind, messages, urgent or kind.urgent)

    def get(self, message_id: int, reader: Identity) -> Notification:
        """The message ``message_id`` to ``reader``. Raises NotFound, also for messages to others."""
        message = self.session.get(Notification, message_id)
        if message is None or message.user_id != reader.user_id:
            raise NotFound()
        return message

    def mark_read(self, message_id: int, reader: Identity) -> None:
        """Note that ``reader`` has opened the message; the first time counts. Foreign messages stay as they are."""
        self._mark(Notification.user_id == reader.user_id, Notification.id == message_id)

    def mark_all_read(self, reader: Identity, upto: int) -> None:
        """Note that ``reader`` has read every message with an id up to ``upto``; what came since stays unread."""
        self._mark(Notification.user_id == reader.user_id, Notification.id <= upto)

    def mark_case_read(self, case_id: int, reader: Identity) -> None:
        """Note that ``reader`` has opened the case: what the messages about it tell, they now see there."""
        self._mark(Notification.user_id == reader.user_id, Notification.case_id == case_id)

    def close_todos(self, case_id: int, user_ids: Collection[int] | None = None) -> None:
        """The tasks of the case that messages told of are done: nobody (of ``user_ids``) needs to read those any more."""
        whose = [] if user_ids is None else [Notification.user_id.in_(user_ids)]
        self._mark(Notification.case_id == case_id, Notification.todo.is_(True), *whose)

    def _mark(self, *which: sa.ColumnElement[bool]) -> None:
        unread = sa.update(Notification).where(*which, Notification.read_at.is_(None))
        statement = unread.values(read_at=self.services.clock.now())
        self.session.execute(statement.execution_options(synchronize_session=False))
