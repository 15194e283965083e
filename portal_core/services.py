"""How services are built: each takes ``(services)`` and finds session, portal, clock and its collaborators there.

The same container serves a request, a job, the command line and a test, so no service ever needs a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.orm import Session

from portal_core.clock import Clock

if TYPE_CHECKING:
    # What the portal collects from the core needs services itself.
    from portal_core.portal import Portal

S = TypeVar("S")


class Services:
    """Services that share one session. ``get(Class)`` makes each service once."""

    def __init__(self, session: Session, portal: Portal, clock: Clock | None = None):
        self.session = session
        self.portal = portal
        self.clock = clock or portal.clock
        self._made: dict[type, object] = {}

    def get(self, service: type[S]) -> S:
        """The one instance of ``service`` for this session."""
        if service not in self._made:
            self._made[service] = service(self)  # type: ignore[call-arg]
        return self._made[service]  # type: ignore[return-value]
