"""What the search declares, in the form in which plugins do."""

import datetime as dt

from portal_core.declarations import Job
from portal_core.i18n import _


def index_older(session, portal, _clock):
    """Put a portion of what was there before its provider into the index; nothing to do is one short look."""
    from portal_core.search.index import index_older

    index_older(session, portal.search_providers.values())


JOBS = (Job("core.search", _("Put older things into the search"), dt.timedelta(minutes=1), index_older),)
