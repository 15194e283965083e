"""An administrator in a process of their own, who approves cases of the trial plugin."""

from portal_core.db import Database
from portal_core.errors import Stale
from portal_core.inbox.services import CaseService
from portal_core.services import Services
from tests.trial import load_portal


class Approver:
    """What a racer is made of: ``identities`` are those who may act, ``url`` is the database."""

    def __init__(self, url, data_dir, identities):
        self.portal = load_portal(Database(url), portal__data_dir=data_dir)
        self.identities = identities

    def approve(self, number, who):
        """Read the case and approve it, as a request does; returns ``("won", name)`` or ``("stale", name of the winner)``."""
        identity = self.identities[who]
        try:
            with self.portal.database.writing() as session:
                cases = Services(session, self.portal).get(CaseService)
                cases.perform(cases.visible(number, identity), "approve", identity, opinion="同意", version=2)
        except Stale as error:
            return "stale", error.by
        return "won", identity.name
