"""Telephone numbers of others are shown as 138****1234 until somebody who may asks for one, which is recorded (敏感信息脱敏).

In force while ``portal.mask_sensitive`` is true. Who has to do with the thing a number belongs to sees it as before: that is the
caller's rule, because only the caller knows the thing.
"""

import re

from portal_core.accounts.identity import Identity
from portal_core.audit.services import AuditService
from portal_core.services import Services

VIEW_SENSITIVE = "core:sensitive:view"
STARS = "****"
_DIGIT = re.compile(r"[0-9]")


def mask_number(text: str) -> str:
    """``text`` with its middle digits as stars: the first three and the last four stay of eleven, fewer of a shorter one."""
    digits = len(_DIGIT.findall(text))
    if digits < 5:
        return STARS if text else ""
    head, tail = (3, 4) if digits >= 11 else (digits // 4, digits // 4)
    positions = [found.start() for found in _DIGIT.finditer(text)]
    return text[: positions[head - 1] + 1] + STARS + text[positions[-tail] :]


class SensitiveService:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @property
    def masks(self) -> bool:
        """Are numbers masked at all?"""
        return self.services.portal.settings["portal.mask_sensitive"]

    def number(self, text: str, related: bool) -> str:
        """``text`` as a person sees it who is ``related`` to what it belongs to, or not."""
        return text if related or not self.masks else mask_number(text)

    def may_reveal(self, identity: Identity) -> bool:
        """May the person ask for a masked number?"""
        return self.masks and identity.may(VIEW_SENSITIVE)

    def reveal(self, identity: Identity, object_type: str, object_id: object, field: str) -> bool:
        """Record that ``identity`` looks at the masked ``field`` of an object; False, and no line, when they may not.

        For GET, whose session only reads: the line is committed at once.
        """
        if not self.may_reveal(identity):
            return False
        self.services.get(AuditService).record_now(
            identity, "core.sensitive_viewed", object_type, object_id, detail={"field": field}
        )
        return True
