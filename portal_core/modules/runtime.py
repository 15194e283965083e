"""What this process knows of switched modules, parameters and changed dictionaries, and how it notices changes.

Every process keeps them in memory. A number in the database grows with each change; requests of logged-in people read it along
with their session (no statement more), everything else looks at most every few seconds. So a change is in force at once for
whoever works, on every host, without a restart.
"""

import threading
import time

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from portal_core.modules.models import Generation, ModuleOff, Parameter

# For requests without a login and for workers.
GLANCE_SECONDS = 5.0
log = structlog.get_logger("portal.modules")

# As part of another statement.
CURRENT = sa.select(sa.func.coalesce(sa.func.max(Generation.number), 0)).scalar_subquery()


class Runtime:
    """See the module. One per portal; ``off`` names the plugins that are switched off."""

    def __init__(self, portal):
        self._portal = portal
        self._lock = threading.Lock()
        self._looked = 0.0
        self.generation = 0
        self.off: frozenset[str] = frozenset()
        self.dictionary_items: tuple = ()

    def notice(self, session: Session, generation: int) -> None:
        """Read again when ``generation``, just read from the database, is not what this process knows."""
        if generation != self.generation:
            with self._lock:
                self._read(session, generation)

    def glance(self, max_age: float = GLANCE_SECONDS) -> None:
        """Look whether anything changed, unless that was done less than ``max_age`` seconds ago."""
        if time.monotonic() - self._looked < max_age:
            return
        self._looked = time.monotonic()
        try:
            with self._portal.database.reading() as session:
                self.notice(session, session.scalar(sa.select(CURRENT)))
        except sa.exc.SQLAlchemyError:
            # No table yet, or the database is away: whoever asked will meet that by themselves.
            log.info("modules and parameters not read")

    def _read(self, session, generation):
        off = frozenset(session.scalars(sa.select(ModuleOff.name)))
        values = dict(session.execute(sa.select(Parameter.name, Parameter.value)).all())
        self._portal.apply(off, parsed(self._portal, values))
        self.off, self.dictionary_items, self.generation = off, self._dictionary_items(session), generation

    @staticmethod
    def _dictionary_items(session):
        # The dictionaries' rules need services, which need the portal.
        from portal_core.places.dictionaries import stored_items

        return stored_items(session)


def parsed(portal, values):
    """Values of parameters by name. One that does not fit any more (a newer version is stricter) is left out and logged."""
    found = {}
    for name, text in values.items():
        spec = portal.specs.get(name)
        if spec is None or not spec.editable:
            continue
        try:
            found[name] = spec.parse(text)
        except (TypeError, ValueError) as error:
            log.warning("parameter not usable", name=name, error=str(error))
    return found
