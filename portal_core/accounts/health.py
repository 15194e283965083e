"""What ``doctor`` and the overview of 系统管理 say about accounts."""

import sqlalchemy as sa

from portal_core.accounts.models import User
from portal_core.accounts.rights import RightsService
from portal_core.services import Services


def administrators_separated(session, portal):
    """Health check: with the three administrators separated nobody holds rights of two areas, which would count for nothing."""
    joining = Services(session, portal).get(RightsService).joining_areas()
    if not joining:
        return None
    logins = session.scalars(sa.select(User.login).where(User.id.in_(joining)).order_by(User.login).limit(10))
    return f"portal.three_officers: {', '.join(logins)} hold more than one of system, security and audit administration"
