"""Writing the audit log."""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from portal_core.accounts.identity import Identity
from portal_core.audit.models import AuditEntry
from portal_core.services import Services

Detail = Mapping[str, Any]

# Fields whose values are never written down, only that they changed.
_SECRET = re.compile(r"password|secret|token|hash|_key\b|^key$", re.IGNORECASE)
MASK = "******"
VALUE_LENGTH = 500


class AuditService:
    """Records acts that somebody may have to account for.

    ``action`` is ``<plugin>.<word>``; ``object_type`` is what ``object_id`` counts, e.g. ``meetings.room``; ``detail`` is plain
    JSON without secrets; ``ip`` is the client's address, by default that of the request being answered; ``success`` is False for
    a try that was refused. A line that cannot be written undoes the act: there is no way to go on without it.
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
        success: bool = True,
    ) -> None:
        """Write one line in the caller's transaction, so that it stands exactly when the act itself does."""
        self.services.session.add(self._entry(actor, action, object_type, object_id, detail, ip, success))

    def record_now(
        self,
        actor: Identity,
        action: str,
        object_type: str = "",
        object_id: object = "",
        *,
        detail: Detail | None = None,
        ip: str = "",
        success: bool = True,
    ) -> None:
        """As ``record``, but in a transaction of its own that is committed at once.

        For looking at confidential data by GET, which has no writing transaction, and for refusals, whose transaction is undone.
        Never call it while the caller's transaction holds SQLite's write lock: it would wait for itself.
        """
        with self.services.portal.database.writing() as session:
            session.add(self._entry(actor, action, object_type, object_id, detail, ip, success))

    def record_change(
        self,
        actor: Identity,
        object_type: str,
        object_id: object,
        before: Detail,
        after: Detail,
        ip: str = "",
        *,
        action: str = "",
        detail: Detail | None = None,
    ) -> bool:
        """Write which fields of an object changed (字段变更), old and new value each; nothing when none did.

        ``before`` and ``after`` map names of fields to values; values of secret fields are masked. ``action`` is by default
        ``<object_type>_changed``; ``detail`` adds what is no field. Returns whether a line was written.
        """
        changed = changes(before, after)
        if changed:
            more = {"changes": changed, **(detail or {})}
            self.record(actor, action or f"{object_type}_changed", object_type, object_id, detail=more, ip=ip)
        return bool(changed)

    def _entry(
        self, actor: Identity, action: str, object_type: str, object_id: object, detail: Detail | None, ip: str, success: bool
    ) -> AuditEntry:
        # Bound by the tween in ``portal_core.logs``; jobs and the command line have no request.
        request = structlog.contextvars.get_contextvars()
        return AuditEntry(
            at=self.services.clock.now(),
            actor_id=actor.user_id or None,
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            detail=dict(detail or {}),
            ip=ip or request.get("ip", ""),
            success=success,
            request_id=request.get("request_id", ""),
        )


def changes(before: Detail, after: Detail) -> list[list[str]]:
    """``[field, old, new]`` for each field whose value differs, in the order of ``after``; a missing field counts as empty."""
    names = [*after, *(name for name in before if name not in after)]
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return [[name, *_shown(name, old, new)] for name, old, new in pairs if _text(old) != _text(new)]


def _shown(name: str, old: Any, new: Any) -> tuple[str, str]:
    if _SECRET.search(name):
        return (MASK if old else ""), (MASK if new else "")
    return _text(old)[:VALUE_LENGTH], _text(new)[:VALUE_LENGTH]


def _text(value: Any) -> str:
    """A value as people read it: lists joined, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = sorted(map(_text, value)) if isinstance(value, (set, frozenset)) else map(_text, value)
        return "、".join(parts)
    return str(value)
