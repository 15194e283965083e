"""An approver in a process of their own, who answers cases of the trial plugin whose stages ask several people."""

from portal_core.db import Database
from portal_core.errors import Conflict, Forbidden
from portal_core.inbox.services import CaseService
from portal_core.services import Services
from tests.trial import load_portal


class Signer:
    """What a racer is made of: ``identities`` are those who may act, ``url`` is the database."""

    def __init__(self, url, data_dir, identities):
        self.portal = load_portal(Database(url), portal__data_dir=data_dir)
        self.identities = identities

    def answer(self, number, who, action):
        """Read the case and answer it, as a request does; returns ``won``, or ``late`` for somebody who must look again."""
        identity = self.identities[who]
        try:
            with self.portal.database.writing() as session:
                cases = Services(session, self.portal).get(CaseService)
                case = cases.visible(number, identity)
                cases.perform(case, action, identity, opinion="意见", version=case.version)
        except (Conflict, Forbidden):
            return "late"
        return "won"
