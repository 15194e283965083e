"""Writing the audit log."""

from collections.abc import Mapping
from typing import Any

from portal_core.accounts.identity import Identity
from portal_core.audit.models import AuditEntry
from portal_core.services import Services

Detail = Mapping[str, Any]


class AuditService:
    """Records acts that somebody may have to account for.

    ``action`` is ``<plugin>.<word>``; ``object_type`` is what ``object_id`` counts, e.g. ``meetings.room``; ``detail`` is plain
    JSON without secrets; ``ip`` is the client's address, if there is one.
    """

    def __init__(self, services: Services):
        self.services = services

    def record(
        self,
        actor: Identity,
        action: str,
        object_type: str = "",
        object_id: object = "",
        *,
        detail: Detail | None = None,
        ip: str = "",
    ) -> None:
        """Write one line in the caller's transaction, so that it stands exactly when the act itself does."""
        self.services.session.add(self._entry(actor, action, object_type, object_id, detail, ip))

    def record_now(
        self,
        actor: Identity,
        action: str,
        object_type: str = "",
        object_id: object = "",
        *,
        detail: Detail | None = None,
        ip: str = "",
    ) -> None:
        """As ``record``, but in a transaction of its own that is committed at once.

        For looking at confidential data by GET, which has no writing transaction, and for refusals, whose transaction is undone.
        Never call it while the caller's transaction holds SQLite's write lock: it would wait for itself.
        """
        with self.services.portal.database.writing() as session:
            session.add(self._entry(actor, action, object_type, object_id, detail, ip))

    def _entry(
        self, actor: Identity, action: str, object_type: str, object_id: object, detail: Detail | None, ip: str
    ) -> AuditEntry:
        return AuditEntry(
            at=self.services.clock.now(),
            actor_id=actor.user_id or None,
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            detail=dict(detail or {}),
            ip=ip,
        )
